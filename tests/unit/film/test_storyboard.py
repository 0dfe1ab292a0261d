"""What a JSON schema can't hold is checked against the plan."""

import pytest

from film.canvas import Resolution
from film.plan import segment_plan
from film.profiles import Provider
from film.storyboard import Character, ScriptLimits, Shot, Storyboard, narration_characters_max, storyboard_problems

PLAN = segment_plan(17, Provider.HAPPYHORSE, Resolution.P720)
LIMITS = ScriptLimits(shot=100, style=20, look=30, characters_per_shot=2)


def board(**changes: object) -> Storyboard:
    """Return a storyboard that fits PLAN, with some of its parts replaced."""
    parts: dict = {
        "title": "Morning",
        "style": "calm",
        "music": "piano",
        "characters": (Character(id="cat", look="an orange cat"),),
        "shots": tuple(Shot(index=n, prompt="a street", character_ids=("cat",), narration="Day.") for n in range(3)),
    }
    return Storyboard(**{**parts, **changes})


def test_a_fitting_storyboard_has_no_fault() -> None:
    """The storyboard that the other rows spoil is fine as it is."""
    assert storyboard_problems(board(), PLAN, LIMITS, language="en") == []


def test_a_storyboard_at_every_limit_has_no_fault() -> None:
    """The most that the writer is told it may use, it may use."""
    people = tuple(Character(id=str(n), look="l" * 30) for n in range(6))
    said = ["n" * 70, "n" * 70, "n" * 57]  # 6, 6 and 5 s
    shots = tuple(Shot(index=n, prompt="p" * 100, character_ids=("0", "5"), narration=said[n]) for n in range(3))
    full = board(style="s" * 20, characters=people, shots=shots)
    assert storyboard_problems(full, PLAN, LIMITS, language="en") == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"shots": board().shots[:2]}, "exactly the indexes [0, 1, 2]"),
        ({"shots": (*board().shots, board().shots[0])}, "exactly the indexes"),
        ({"shots": board().shots[::-1]}, "in this order"),
        ({"style": "s" * 21}, "style has 21 characters, at most 20"),
        ({"characters": tuple(Character(id=str(n), look="x") for n in range(7))}, "at most 6 characters"),
        ({"characters": (Character(id="cat", look="x"), Character(id="cat", look="y"))}, "ids must differ"),
        ({"characters": (Character(id="cat", look="x" * 31),)}, "look of cat has 31 characters"),
        ({"characters": ()}, "unknown characters ['cat']"),
        ({"shots": tuple(s.model_copy(update={"prompt": "p" * 101}) for s in board().shots)}, "at most 100"),
        ({"shots": tuple(s.model_copy(update={"narration": "n" * 200}) for s in board().shots)}, "narration of shot 0"),
        ({"shots": tuple(s.model_copy(update={"character_ids": ("cat",) * 3}) for s in board().shots)}, "more than 2"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_fault_is_named(changes: dict, fault: str) -> None:
    """Each break of the plan is a sentence the writer can act on."""
    assert any(fault in found for found in storyboard_problems(board(**changes), PLAN, LIMITS, language="en"))


def test_all_faults_are_told_at_once() -> None:
    """The writer mends everything in one go: whole sentences, each with the number and the limit."""
    wrong = board(
        style="s" * 21,
        characters=(*(Character(id=str(n), look="x") for n in range(6)), Character(id="0", look="x" * 31)),
        shots=(Shot(index=0, prompt="p" * 101, character_ids=("0", "1", "cat"), narration="n" * 71),),
    )
    assert storyboard_problems(wrong, PLAN, LIMITS, language="en") == [
        "shots must have exactly the indexes [0, 1, 2] in this order, not [0]",
        "at most 6 characters, not 7",
        "style has 21 characters, at most 20",
        "character ids must differ",
        "look of 0 has 31 characters, at most 30",
        "prompt of shot 0 has 101 characters, at most 100",
        "shot 0 names unknown characters ['cat']",
        "shot 0 shows more than 2 characters",
        "narration of shot 0 has 71 characters, at most 70",
    ]


@pytest.mark.parametrize(
    ("kept_s", "language", "most"),
    [
        (3, "en", 31),
        (6, "en", 70),
        (8, "en", 96),
        (8, "zh", 31),
        (8, "ZH-Hant", 31),
        (8, "ja", 44),
        (8, "ko", 37),
        (8, "th", 66),
        (1, "zh", 6),  # a word always fits
    ],
)
def test_narration_is_read_calmly(kept_s: int, language: str, most: int) -> None:
    """So many characters fit, and 0.6 s of silence after them."""
    assert narration_characters_max(kept_s, language) == most


@pytest.mark.parametrize(("language", "longer"), [("zh", "en"), ("zh-Hant", "en"), ("ja", "en")])
def test_syllable_scripts_get_fewer_characters(language: str, longer: str) -> None:
    """A Chinese character takes longer to say than a letter."""
    assert narration_characters_max(8, language) < narration_characters_max(8, longer)
