"""The simulated Claude through the SDK that the project uses: what it refuses, what it writes, how it misbehaves."""

import json

import anthropic
import jsonschema
import pytest

MESSAGES = "/anthropic/v1/messages"


def closed(**properties):
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
CHARACTERS = {"type": "array", "items": closed(id=STRING, look=STRING)}
SHOT = closed(index=INTEGER, prompt=STRING, character_ids={"type": "array", "items": STRING}, narration=STRING)
SCRIPT = closed(title=STRING, style=STRING, music=STRING, characters=CHARACTERS, shots={"type": "array", "items": SHOT})
VERDICT = closed(
    decision={"type": "string", "enum": ["allow", "block"]},
    categories={"type": "array", "items": STRING},
    reason=STRING,
    shot_indexes={"type": "array", "items": INTEGER},
)


def order(prompt="城市清晨的延时风光", slots=4, narration=24, picture=400, language="zh"):
    limits = {"narration_characters_max": narration, "prompt_characters_max": picture}
    return {
        "prompt": prompt,
        "language": language,
        "slots": [{"index": index, "seconds": 8, **limits} for index in range(1, slots + 1)],
    }


def request(schema=SCRIPT, content=None, **more):
    content = f"Write the film.\n<order>\n{json.dumps(order() if content is None else content)}\n</order>"
    return {
        "model": "claude-sonnet-5-5",
        "max_tokens": 8000,
        "messages": [{"role": "user", "content": content}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        **more,
    }


@pytest.fixture
def claude(world):
    with anthropic.Anthropic(
        base_url=f"{world.url}/anthropic", auth_token="sk-ant-sim-alpha", api_key=None, max_retries=0
    ) as client:
        yield client


def answer(message):
    return json.loads("".join(block.text for block in message.content if block.type == "text"))


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
    wish = {"shorten": {"text": text, "characters_max": limit, "language": "zh"}}
    assert answer(claude.messages.create(**request(closed(narration=STRING), wish))) == {"narration": short}


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


REFUSED = [
    ({"temperature": 0.5}, 400),
    ({"top_p": 0.5}, 400),
    ({"top_k": 5}, 400),
    ({"model": "claude-3-opus"}, 404),
    ({"max_tokens": 0}, 400),
    ({"max_tokens": 200_000}, 400),
    ({"messages": []}, 400),
    ({"messages": [{"role": "assistant", "content": "hello"}]}, 400),
    ({"messages": [{"role": "user", "content": " "}]}, 400),
    ({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "{"}]}, 400),
    ({"colour": "red"}, 400),
    ({"output_config": {"effort": "extreme"}}, 400),
    ({"output_config": {"format": {"type": "json"}}}, 400),
    ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {}}}}}, 400),
    ({"output_config": {"format": {"type": "json_schema", "schema": closed(x=STRING | {"maxLength": 5})}}}, 400),
]


@pytest.mark.parametrize(("change", "status"), REFUSED)
def test_what_the_wire_does_not_take_is_refused_with_the_documented_body(world, change, status):
    headers = {"x-api-key": "sk-ant-sim-alpha", "anthropic-version": "2026-10-21"}
    reply = world.client.post(MESSAGES, json=request() | change, headers=headers)
    assert reply.status_code == status
    assert (reply.json()["type"], set(reply.json()["error"])) == ("error", {"type", "message"})


def test_a_key_is_taken_as_bearer_or_header_and_the_version_is_required(world):
    version = {"anthropic-version": "2026-10-21"}
    assert world.client.post(MESSAGES, json=request(), headers=version).status_code == 401
    assert world.client.post(MESSAGES, json=request(), headers={"x-api-key": "sk-ant-sim-alpha"}).status_code == 400
    assert world.client.post(MESSAGES, json=request(), headers=version | {"x-api-key": "sk-ant-sim-alpha"}).is_success


def test_the_models_are_listed_for_a_known_key(world, claude):
    assert "claude-sonnet-5-5" in [model.id for model in claude.models.list()]
    assert world.client.get("/anthropic/v1/models").status_code == 401


def test_a_budget_too_small_ends_in_max_tokens(claude):
    message = claude.messages.create(**request(max_tokens=50))
    assert message.stop_reason == "max_tokens"
    with pytest.raises(json.JSONDecodeError):
        answer(message)


def test_messages_are_booked_by_their_tokens(world, claude):
    before = len(world.book("anthropic")["jobs"])
    message = claude.messages.create(**request())
    jobs = world.book("anthropic")["jobs"]
    price = message.usage.input_tokens * 2 + message.usage.output_tokens * 10
    assert (len(jobs), jobs[-1]["id"], jobs[-1]["charged"]) == (before + 1, message.id, price)


def rule(fault, **more):
    return {"vendor": "anthropic", "fault": fault, **more}


def test_a_refusal_has_no_text_and_says_so(scripted, claude):
    scripted.script(rule("refusal"))
    message = claude.messages.create(**request())
    assert (message.stop_reason, message.stop_details.type, message.content) == ("refusal", "refusal", [])
    assert claude.messages.create(**request()).stop_reason == "end_turn", "the rule strikes once"


def too_few(script):
    return len(script["shots"]) == 3


def too_long(script):
    return all(len(shot["prompt"]) > 400 for shot in script["shots"])


@pytest.mark.parametrize(("fault", "broken"), [("wrong_shot_count", too_few), ("long_prompts", too_long)])
def test_scripts_can_break_the_limits_that_a_schema_can_not_hold(scripted, claude, fault, broken):
    scripted.script(rule(fault))
    script = answer(claude.messages.create(**request()))
    jsonschema.validate(script, SCRIPT)
    assert broken(script)


def test_truncation_and_prose_are_not_json(scripted, claude):
    scripted.script(rule("truncated"), rule("not_json", nth=2))
    for stop in ("max_tokens", "end_turn"):
        message = claude.messages.create(**request())
        assert message.stop_reason == stop
        with pytest.raises(json.JSONDecodeError):
            answer(message)


def test_thinking_may_come_first(scripted, claude):
    scripted.script(rule("thinking_first"))
    message = claude.messages.create(**request())
    assert [block.type for block in message.content] == ["thinking", "text"]
    jsonschema.validate(answer(message), SCRIPT)


def test_a_scripted_block_is_a_verdict(scripted, claude):
    scripted.script(rule("block"))
    verdict = answer(claude.messages.create(**request(VERDICT, {"storyboard": {"shots": []}})))
    assert verdict["decision"] == "block"


ERRORS = [
    (rule("rate_limited", retry_after_s=3), anthropic.RateLimitError),
    (rule("http_error", status=529), anthropic.APIStatusError),
    (rule("http_error", status=500), anthropic.InternalServerError),
]


@pytest.mark.parametrize(("script", "error"), ERRORS)
def test_http_faults_reach_the_sdk_as_its_errors(scripted, claude, script, error):
    scripted.script(script)
    with pytest.raises(error) as caught:
        claude.messages.create(**request())
    assert caught.value.status_code == script.get("status", 429)
    assert caught.value.response.headers.get("retry-after-ms") == ("3000" if "retry_after_s" in script else None)
