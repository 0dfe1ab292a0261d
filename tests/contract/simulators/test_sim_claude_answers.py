"""The simulated Claude through the SDK that the project uses: what it writes, judges and shortens."""

import jsonschema
import pytest

from .claude_material import INTEGER, SCRIPT, STRING, VERDICT, answer, closed, order, request


@pytest.mark.parametrize("prompt", ["城市清晨的延时风光", "An old lighthouse keeper and a fox watch a storm.", "雨"])
@pytest.mark.parametrize("slots", [1, 2, 23])
def test_a_script_fills_the_slots_within_their_limits(claude, prompt, slots):
    wish = order(prompt, slots)
    message = claude.messages.create(**request(content=wish))
    script = answer(message)
    jsonschema.validate(script, SCRIPT)
    assert message.stop_reason == "end_turn"
    assert [shot["index"] for shot in script["shots"]] == [slot["index"] for slot in wish["slots"]]
    assert all(0 < len(shot["narration"]) <= 24 and 0 < len(shot["prompt"]) <= 400 for shot in script["shots"])
    assert len({shot["prompt"] for shot in script["shots"]}) > 0.6 * slots, "the camera moves on"
    known = {character["id"] for character in script["characters"]}
    assert {one for shot in script["shots"] for one in shot["character_ids"]} <= known


def test_the_same_request_is_answered_with_the_same_words(claude):
    assert answer(claude.messages.create(**request())) == answer(claude.messages.create(**request()))


CASTS = [("城市清晨的延时风光", []), ("A girl and her dog", ["girl", "dog"]), ("小狐狸在雪地里奔跑", ["fox"])]


@pytest.mark.parametrize(("prompt", "cast"), CASTS)
def test_people_and_animals_of_the_prompt_become_characters(claude, prompt, cast):
    script = answer(claude.messages.create(**request(content=order(prompt))))
    assert [character["id"] for character in script["characters"]] == cast


@pytest.mark.parametrize(("language", "chinese"), [("zh", True), ("en", False), ("fr", False), (None, True)])
def test_it_writes_in_the_language_of_the_request(claude, language, chinese):
    wish = order("城市清晨的延时风光", narration=60)
    wish = wish | {"language": language} if language else {k: v for k, v in wish.items() if k != "language"}
    narration = answer(claude.messages.create(**request(content=wish)))["shots"][1]["narration"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in narration) is chinese


@pytest.mark.parametrize("narration", [0, 3, 8])
def test_a_limit_too_small_for_any_sentence_leaves_the_narration_empty_or_within_it(claude, narration):
    script = answer(claude.messages.create(**request(content=order(narration=narration))))
    assert all(len(shot["narration"]) <= narration for shot in script["shots"])


def test_the_orders_other_limits_are_kept_too(claude):
    wish = order("A girl and her dog", picture=120, language="en") | {
        "style_characters_max": 30,
        "look_characters_max": 20,
        "characters_per_shot_max": 1,
        "narration": False,
    }
    script = answer(claude.messages.create(**request(content=wish)))
    assert 0 < len(script["style"]) <= 30
    assert [0 < len(character["look"]) <= 20 for character in script["characters"]] == [True, True]
    assert all((shot["character_ids"], shot["narration"]) == (["girl"], "") for shot in script["shots"])
    assert all(len(shot["prompt"]) <= 120 for shot in script["shots"])


VERDICTS = [
    ("an honest film", "allow", [], []),
    ("a [[violence]] film", "block", ["violence"], [2]),
    ("[[hate]] and [[sexual]]", "block", ["sexual", "hate"], [2]),
]


@pytest.mark.parametrize(("words", "decision", "categories", "indexes"), VERDICTS)
def test_moderation_allows_all_but_the_trigger_words(claude, words, decision, categories, indexes):
    case = {"prompt": "x", "storyboard": {"shots": [{"index": 1, "prompt": "sea"}, {"index": 2, "prompt": words}]}}
    verdict = answer(claude.messages.create(**request(VERDICT, case, model="claude-haiku-5-5")))
    assert (verdict["decision"], verdict["categories"], verdict["shot_indexes"]) == (decision, categories, indexes)


SHORTENED = [
    ("光先到了。世界还很安静,时间走得很慢。", 8, "光先到了。"),
    ("The light lingers. And tomorrow it begins again.", 30, "The light lingers."),
    ("already short", 30, "already short"),
    ("onelongwordwithoutanyspace", 5, "onelo"),
]


@pytest.mark.parametrize(("text", "limit", "short"), SHORTENED)
def test_it_shortens_to_the_limit(claude, text, limit, short):
    fields = {"shorten": {"text": text, "characters_max": limit, "language": "zh"}}
    assert answer(claude.messages.create(**request(closed(narration=STRING), fields))) == {"narration": short}


def test_any_other_schema_is_filled_with_something_that_satisfies_it(claude):
    schema = closed(
        name=STRING,
        kind={"type": "string", "enum": ["a", "b"]},
        count=INTEGER,
        maybe={"anyOf": [closed(x={"type": "boolean"}), {"type": "null"}]},
        tags={"type": "array", "items": STRING, "minItems": 1},
        part={"$ref": "#/$defs/Part"},
    ) | {"$defs": {"Part": closed(ratio={"type": "number"})}}
    jsonschema.validate(answer(claude.messages.create(**request(schema, {"anything": 1}))), schema)
