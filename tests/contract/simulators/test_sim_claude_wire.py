"""The simulated Claude through the SDK that the project uses: what it refuses, what it books, how it misbehaves."""

import json

import anthropic
import jsonschema
import pytest

from .claude_material import MESSAGES, SCRIPT, STRING, VERDICT, answer, closed, request

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
