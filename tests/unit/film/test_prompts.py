"""The words that vendors read: every part in its place, and room for them all."""

from dataclasses import replace

import pytest

from film.profiles import PROFILES, Provider
from film.prompts import anchor_prompt, clip_prompt, music_prompt, script_limits
from film.storyboard import Character, ScriptLimits, Shot, Storyboard

CAT = Character(id="cat", look="an orange cat")
DOG = Character(id="dog", look="a grey dog")
BOARD = Storyboard(
    title="Morning",
    style="calm watercolour",
    music="slow piano",
    characters=(CAT, DOG),
    shots=(
        Shot(index=0, prompt="An empty street"),
        Shot(index=1, prompt="The cat wakes", character_ids=("cat",)),
        Shot(index=2, prompt="They meet", character_ids=("dog", "cat")),
    ),
)
END = "Style: calm watercolour. No on-screen text, captions, logos or watermarks. No music."


@pytest.mark.parametrize(
    ("shot", "image_of", "begin"),
    [
        (0, {}, "Shot 1/3. An empty street"),
        (0, {"cat": 1, "dog": 2}, "Shot 1/3. An empty street"),  # who isn't seen isn't described
        (1, {}, "Shot 2/3. The cat wakes an orange cat."),
        (1, {"cat": 1}, "Shot 2/3. The cat wakes an orange cat (as in [Image 1])."),
        (2, {"cat": 2, "dog": 1}, "Shot 3/3. They meet an orange cat (as in [Image 2]). a grey dog (as in [Image 1])."),
        (2, {"dog": 1}, "Shot 3/3. They meet an orange cat. a grey dog (as in [Image 1])."),  # one has no image
    ],
)
def test_a_clip_prompt_says_number_action_looks_and_style(shot: int, image_of: dict[str, int], begin: str) -> None:
    """Each character in the shot is described word for word, with its own image's number where one is sent."""
    assert clip_prompt(BOARD, BOARD.shots[shot], image_of=image_of) == f"{begin} {END}"


def test_a_reference_sheet_shows_one_character_in_the_films_style() -> None:
    """It says that nobody real is meant: models refuse real faces."""
    assert anchor_prompt(BOARD, DOG) == (
        "Character reference sheet, one character, full body and face, plain background: a grey dog. "
        "Style: calm watercolour. Illustrated, not a photograph of a real person. No text."
    )


@pytest.mark.parametrize(("wish", "words"), [("jazz", "jazz"), (None, "slow piano")])
def test_the_customers_music_goes_before_the_writers(wish: str | None, words: str) -> None:
    """Whoever's words they are, no voice may sing over the narration."""
    assert music_prompt(BOARD, wish) == f"Instrumental background music, no voices, no speech. {words}"


@pytest.mark.parametrize(
    ("prompt_max", "shot", "style", "look"),
    [
        (500, 170, 80, 60),
        (999, 472, 159, 119),  # shares are whole characters
        (1505, 775, 240, 180),  # a style has 240 at most
        (1506, 776, 240, 180),
        (2000, 1150, 240, 240),
        (2001, 1150, 240, 240),  # more room is left to the vendor: nobody needs a longer text
        (2500, 1150, 240, 240),
    ],
)
def test_script_limits_share_a_prompt_out(prompt_max: int, shot: int, style: int, look: int) -> None:
    """Two looks, the style, 130 fixed characters and the shot's own words fill the vendor's limit, up to 2000."""
    limits = script_limits(replace(PROFILES[Provider.VIBEGEN], prompt_characters_max=prompt_max))
    assert limits == ScriptLimits(shot=shot, style=style, look=look, characters_per_shot=2)
