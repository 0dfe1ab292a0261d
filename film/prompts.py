"""The words sent to the vendors, composed from the storyboard so that they fit each vendor's limit."""

from collections.abc import Mapping
from typing import Final

from film.profiles import Profile
from film.storyboard import Character, ScriptLimits, Shot, Storyboard

#: Vendors draw letters and add songs when nobody forbids it; subtitles and music are ours.
_FORBIDDEN: Final = "No on-screen text, captions, logos or watermarks. No music."
#: What the fixed words of a clip prompt take: shot number, labels, image tags, the sentence above.
_FRAME_CHARACTERS: Final = 130


def script_limits(profile: Profile) -> ScriptLimits:
    """Return how long the writer's texts may be so that `clip_prompt` always fits the model's prompt limit."""
    limit = min(profile.prompt_characters_max, 2000)
    style, look, per_shot = min(limit * 16 // 100, 240), min(limit * 12 // 100, 240), 2
    return ScriptLimits(
        shot=limit - _FRAME_CHARACTERS - style - per_shot * look, style=style, look=look, characters_per_shot=per_shot
    )


def clip_prompt(storyboard: Storyboard, shot: Shot, *, image_of: Mapping[str, int]) -> str:
    """Return the text for one shot: number, action, each character's look word for word, style, what is forbidden.

    Args:
        storyboard: The film the shot belongs to.
        shot: The shot.
        image_of: Character id -> the 1-based number of its reference image among those sent along.
    """
    looks = [
        _introduced(character, image_of.get(character.id))
        for character in storyboard.characters
        if character.id in shot.character_ids
    ]
    parts = [f"Shot {shot.index + 1}/{len(storyboard.shots)}.", shot.prompt, *looks]
    return " ".join([*parts, f"Style: {storyboard.style}.", _FORBIDDEN])


def anchor_prompt(storyboard: Storyboard, character: Character) -> str:
    """Return the text for a character's reference sheet; stylised, because models refuse real faces as input."""
    return (
        f"Character reference sheet, one character, full body and face, plain background: {character.look}. "
        f"Style: {storyboard.style}. Illustrated, not a photograph of a real person. No text."
    )


def music_prompt(storyboard: Storyboard, wish: str | None) -> str:
    """Return the text for the music bed: the customer's words if there are any, else the writer's."""
    return f"Instrumental background music, no voices, no speech. {wish or storyboard.music}"


def _introduced(character: Character, image: int | None) -> str:
    return f"{character.look} (as in [Image {image}])." if image is not None else f"{character.look}."
