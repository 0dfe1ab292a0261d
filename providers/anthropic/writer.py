"""Claude as the film's writer: a storyboard for the plan's slots, and lines of narration said in fewer characters."""

from functools import partial
from typing import Any, Final

from film.errors import ScriptInvalid, ScriptRefused
from film.spoken import said, speaks
from film.storyboard import Storyboard, narration_characters_max, storyboard_problems
from film.text import text_fault
from providers.anthropic.client import AnswerRefused, AnswerShape, Claude, Effort, InvalidAnswer, ModelRequest
from providers.anthropic.prompts import SHORTENER, WRITER
from providers.ports import Brief

MODEL: Final = "claude-sonnet-5-5"
#: Room for 23 shots and the thinking before them.
_SCRIPT_TOKENS_MAX: Final = 16_000
_LINE_TOKENS_MAX: Final = 4_000


class CharacterShape(AnswerShape):
    """A character as answered."""

    id: str
    look: str


class ShotShape(AnswerShape):
    """A shot as answered."""

    index: int
    prompt: str
    character_ids: list[str]
    narration: str


class StoryboardShape(AnswerShape):
    """The storyboard as answered; its limits are checked on `film.storyboard.Storyboard`."""

    title: str
    style: str
    music: str
    characters: list[CharacterShape]
    shots: list[ShotShape]


class LineShape(AnswerShape):
    """A shortened line as answered."""

    narration: str


class ClaudeWriter:
    """Writes storyboards; a `Writer`."""

    def __init__(self, claude: Claude, *, effort: Effort = "medium") -> None:
        self._claude = claude
        self._effort: Effort = effort

    async def write(self, brief: Brief) -> Storyboard:
        """Return a storyboard that fits the brief; see `providers.ports` for what it raises."""
        request = ModelRequest(
            system=WRITER,
            data=_order(brief),
            shape=StoryboardShape,
            read=partial(_storyboard, brief=brief),
            tokens_max=_SCRIPT_TOKENS_MAX,
            effort=self._effort,
        )
        try:
            return await self._claude.ask(request)
        except AnswerRefused as error:
            raise ScriptRefused(explanation=error.explanation) from error
        except InvalidAnswer as error:
            raise ScriptInvalid(problems=error.problems) from error

    async def shorten(self, text: str, *, characters_max: int, language: str) -> str:
        """Return the line said in at most `characters_max` characters; see `providers.ports` for what it raises."""
        request = ModelRequest(
            system=SHORTENER,
            data={"shorten": {"text": text, "characters_max": characters_max, "language": language}},
            shape=LineShape,
            read=partial(_line, characters_max=characters_max),
            tokens_max=_LINE_TOKENS_MAX,
            effort="low",
        )
        try:
            return await self._claude.ask(request)
        except AnswerRefused as error:
            raise ScriptInvalid(problems=[f"the line was not shortened: {error.explanation}"]) from error
        except InvalidAnswer as error:
            raise ScriptInvalid(problems=error.problems) from error


def _order(brief: Brief) -> dict[str, Any]:
    limits = brief.limits
    return {
        "prompt": brief.prompt,
        "language": brief.language,
        "aspect_ratio": brief.aspect_ratio,
        "narration": brief.narration,
        "slots": [
            {
                "index": slot.index,
                "seconds": slot.kept_s,
                "narration_characters_max": _spoken_max(slot.kept_s, brief),
            }
            for slot in brief.plan
        ],
        "prompt_characters_max": limits.shot,
        "style_characters_max": limits.style,
        "look_characters_max": limits.look,
        "characters_per_shot_max": limits.characters_per_shot,
    }


def _spoken_max(kept_s: int, brief: Brief) -> int:
    return narration_characters_max(kept_s, brief.language) if brief.narration else 0


def _storyboard(text: str, *, brief: Brief) -> Storyboard:
    storyboard = Storyboard.model_validate_json(text)
    faults = storyboard_problems(storyboard, brief.plan, brief.limits, language=brief.language)
    spoken = [shot.index for shot in storyboard.shots if said(shot.narration, brief.language)]
    if spoken and not brief.narration:
        faults.append(f"nobody speaks in this film: the narration of shots {spoken} must be empty")
    if brief.narration and not spoken:
        faults.append("the film wants a narration: at least one shot must have one")
    if faults:
        raise InvalidAnswer(problems=faults)
    return storyboard


def _line(text: str, *, characters_max: int) -> str:
    line = LineShape.model_validate_json(text, strict=True).narration.strip()
    fault = text_fault(line)
    if fault is not None:
        raise InvalidAnswer(problems=[f"narration {fault}"])
    if not speaks(line):
        raise InvalidAnswer(problems=["narration has no word in it"])
    if len(line) > characters_max:
        raise InvalidAnswer(problems=[f"narration has {len(line)} characters, it may have {characters_max}"])
    return line
