"""The written film: a title, a style, characters, and one shot for each slot of the plan.

The writer fills slots whose seconds are fixed and priced; it never sets a length. What a JSON schema can't hold
(count, limits, known characters) is checked here.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from film.plan import Slot
from film.text import text_fault

CHARACTERS_MAX: Final = 6

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Character(_Written):
    """Somebody who must look the same in every shot; `look` is repeated word for word."""

    id: _Text
    look: _Text


class Shot(_Written):
    """One framed idea, rendered as one segment. `narration` is empty where nobody speaks."""

    index: int
    prompt: _Text
    character_ids: tuple[str, ...] = Field(default=(), strict=False)
    narration: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    #: How often the narration was written anew because it didn't fit.
    take: int = 0


class Storyboard(_Written):
    """The film as written; checked against its plan by `storyboard_problems`."""

    title: _Text
    style: _Text
    music: _Text
    characters: tuple[Character, ...] = Field(default=(), strict=False)
    shots: tuple[Shot, ...] = Field(strict=False)


class ScriptLimits(BaseModel):
    """How long the writer's texts may be, in characters, so that every composed clip prompt fits its vendor."""

    model_config = ConfigDict(frozen=True)

    shot: int
    style: int
    look: int
    characters_per_shot: int


#: Spoken characters a second, read calmly. Han and kana carry a syllable each; alphabets need several letters for one.
_SPOKEN_PER_S: Final = {"zh": 4.2, "ja": 6.0, "ko": 5.0, "th": 9.0}
_SPOKEN_PER_S_ALPHABET: Final = 13.0
#: Silence left at a shot's end so that one line never runs into the next.
_PAUSE_S: Final = 0.6


def narration_characters_max(kept_s: int, language: str) -> int:
    """Return how many characters of narration fit into `kept_s` seconds at a calm pace."""
    rate = _SPOKEN_PER_S.get(language.partition("-")[0].lower(), _SPOKEN_PER_S_ALPHABET)
    return max(6, int((kept_s - _PAUSE_S) * rate))


def storyboard_problems(
    storyboard: Storyboard, plan: Sequence[Slot], limits: ScriptLimits, *, language: str
) -> list[str]:
    """Return what in `storyboard` breaks the plan or the limits, in sentences the writer can act on."""
    faults = _text_faults(storyboard)
    wanted = [slot.index for slot in plan]
    given = [shot.index for shot in storyboard.shots]
    if given != wanted:
        faults.append(f"shots must have exactly the indexes {wanted} in this order, not {given}")
    if len(storyboard.characters) > CHARACTERS_MAX:
        faults.append(f"at most {CHARACTERS_MAX} characters, not {len(storyboard.characters)}")
    if len(storyboard.style) > limits.style:
        faults.append(f"style has {len(storyboard.style)} characters, at most {limits.style}")
    known = {character.id for character in storyboard.characters}
    if len(known) != len(storyboard.characters):
        faults.append("character ids must differ")
    faults += [
        f"look of {character.id} has {len(character.look)} characters, at most {limits.look}"
        for character in storyboard.characters
        if len(character.look) > limits.look
    ]
    kept = {slot.index: slot.kept_s for slot in plan}
    for shot in storyboard.shots:
        faults += _shot_problems(shot, known, limits, kept_s=kept.get(shot.index), language=language)
    return faults


def _text_faults(storyboard: Storyboard) -> list[str]:
    texts = {"title": storyboard.title, "style": storyboard.style, "music": storyboard.music}
    for number, character in enumerate(storyboard.characters):
        texts |= {f"id of character {number}": character.id, f"look of character {number}": character.look}
    for shot in storyboard.shots:
        texts |= {f"prompt of shot {shot.index}": shot.prompt, f"narration of shot {shot.index}": shot.narration}
    faults = ((name, text_fault(text)) for name, text in texts.items())
    return [f"{name} {fault}" for name, fault in faults if fault is not None]


def _shot_problems(
    shot: Shot, known: set[str], limits: ScriptLimits, *, kept_s: int | None, language: str
) -> list[str]:
    faults = []
    if len(shot.prompt) > limits.shot:
        faults.append(f"prompt of shot {shot.index} has {len(shot.prompt)} characters, at most {limits.shot}")
    if unknown := [name for name in shot.character_ids if name not in known]:
        faults.append(f"shot {shot.index} names unknown characters {unknown}")
    if len(shot.character_ids) > limits.characters_per_shot:
        faults.append(f"shot {shot.index} shows more than {limits.characters_per_shot} characters")
    if kept_s is not None and len(shot.narration) > narration_characters_max(kept_s, language):
        most = narration_characters_max(kept_s, language)
        faults.append(f"narration of shot {shot.index} has {len(shot.narration)} characters, at most {most}")
    return faults
