"""Claude as writer: what it is asked, how an answer is judged, how often it is asked again."""

import json
from typing import Any

import pytest

from film.errors import (
    LongVideoError,
    ProviderKeyRefused,
    ProviderOutOfCredits,
    ProviderRejected,
    ProviderUnavailable,
    ScriptInvalid,
    ScriptRefused,
)
from film.storyboard import CHARACTERS_MAX, narration_characters_max
from providers.anthropic.prompts import WRITER
from providers.anthropic.writer import ClaudeWriter

from .claude_fixture import LIMITS, asked_at, brief, data_of, error, message, refusal, script
from .conftest import KEY
from .stub import Answer, Fault, Stub, html, reply


async def test_the_writer_is_given_the_slots_and_limits_as_data(stub: Stub) -> None:
    stub.answers = [message(script())]
    async with asked_at(stub) as claude:
        storyboard = await ClaudeWriter(claude).write(brief())
    assert [shot.narration for shot in storyboard.shots] == ["It is early.", ""]
    (process,) = stub.seen
    assert (process.method, process.target) == ("POST", "/v1/messages")
    assert process.headers["authorization"] == f"Bearer {KEY}"
    assert process.json["system"] == WRITER
    assert (process.json["model"], process.json["max_tokens"]) == ("claude-sonnet-5-5", 16_000)
    spoken = narration_characters_max(6, "en")
    assert data_of(process) == {
        "prompt": "a harbour at dawn",
        "language": "en",
        "aspect_ratio": "16:9",
        "narration": True,
        "slots": [{"index": index, "seconds": 6, "narration_characters_max": spoken} for index in (0, 1)],
        "prompt_characters_max": LIMITS.shot,
        "style_characters_max": LIMITS.style,
        "look_characters_max": LIMITS.look,
        "characters_per_shot_max": LIMITS.characters_per_shot,
    }


async def test_the_answers_shape_is_strict_and_has_no_lengths(stub: Stub) -> None:
    stub.answers = [message(script())]
    async with asked_at(stub) as claude:
        await ClaudeWriter(claude).write(brief())
    config = stub.seen[0].json["output_config"]
    schema = config["format"]["schema"]
    assert (config["format"]["type"], config["effort"]) == ("json_schema", "medium")
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"title", "style", "music", "characters", "shots"}
    assert set(schema["$defs"]["ShotShape"]["required"]) == {"index", "prompt", "character_ids", "narration"}
    assert set(schema["$defs"]["ShotShape"]["properties"]) == {"index", "prompt", "character_ids", "narration"}


async def test_without_narration_no_slot_has_room_for_one(stub: Stub) -> None:
    silent = [{**shot, "narration": ""} for shot in script()["shots"]]
    stub.answers = [message(script(shots=silent))]
    async with asked_at(stub) as claude:
        await ClaudeWriter(claude).write(brief(narration=False))
    asked = data_of(stub.seen[0])
    assert asked["narration"] is False
    assert {slot["narration_characters_max"] for slot in asked["slots"]} == {0}


async def test_thinking_before_the_answer_is_passed_over(stub: Stub) -> None:
    stub.answers = [message(script(), thinking=True)]
    async with asked_at(stub) as claude:
        assert (await ClaudeWriter(claude).write(brief())).title == "Dawn"


def shots(**changes: Any) -> list[dict[str, Any]]:
    first, second = script()["shots"]
    return [{**first, **changes}, second]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("{", "the answer"),
        ("", "the answer"),
        ({**script(), "extra": 1}, "extra"),
        (script(title=" "), "title"),
        (script(shots=script()["shots"][:1]), "exactly the indexes"),
        (script(shots=script()["shots"][::-1]), "exactly the indexes"),
        (script(shots=shots(index="0")), "index"),  # a number as text
        (script(shots=shots(prompt="x" * (LIMITS.shot + 1))), "prompt of shot 0"),
        (script(style="x" * (LIMITS.style + 1)), "style"),
        (script(shots=shots(narration="x" * 200)), "narration of shot 0"),
        (script(shots=shots(character_ids=["nobody"])), "unknown characters"),
        (script(characters=[{"id": "a", "look": "x" * (LIMITS.look + 1)}]), "look of a"),
        (script(characters=[{"id": f"c{n}", "look": "x"} for n in range(CHARACTERS_MAX + 1)]), "at most"),
        (script(shots=shots(narration="")), "narration"),  # the film wants one, and nobody speaks
    ],
)
async def test_an_answer_that_does_not_fit_is_mended_with_its_faults(stub: Stub, wrong: Any, complaint: str) -> None:
    stub.answers = [message(wrong), message(script())]
    async with asked_at(stub) as claude:
        assert (await ClaudeWriter(claude).write(brief())).title == "Dawn"
    repair = stub.seen[1].json["messages"]
    text = wrong if isinstance(wrong, str) else json.dumps(wrong, ensure_ascii=False)
    assert [turn["content"] for turn in repair if turn["role"] == "assistant"] == ([text] if text else [])
    assert any(complaint in problem for problem in data_of(stub.seen[1], turn=-1)["problems"])


async def test_a_narration_nobody_asked_for_is_mended(stub: Stub) -> None:
    stub.answers = [message(script()), message(script(shots=[{**shot, "narration": ""} for shot in script()["shots"]]))]
    async with asked_at(stub) as claude:
        storyboard = await ClaudeWriter(claude).write(brief(narration=False))
    assert {shot.narration for shot in storyboard.shots} == {""}


async def test_after_two_repairs_the_script_is_invalid(stub: Stub) -> None:
    stub.answers = [message(script(title=""))]
    async with asked_at(stub) as claude:
        with pytest.raises(ScriptInvalid) as invalid:
            await ClaudeWriter(claude).write(brief())
    assert len(stub.seen) == 3
    assert any("title" in problem for problem in invalid.value.problems)


@pytest.mark.parametrize(
    ("answers", "raised", "asked"),
    [
        ([refusal("not this")], ScriptRefused, 1),
        ([refusal(None, "bio")], ScriptRefused, 1),
        ([message("I can't", stop_reason="refusal")], ScriptRefused, 1),  # without details
        ([message("{", stop_reason="max_tokens")], ScriptInvalid, 2),  # once more with twice the room
        ([message("", stop_reason="model_context_window_exceeded")], ScriptInvalid, 1),
        ([message("", stop_reason="tool_use")], ScriptInvalid, 3),  # no text: mended, in vain
        ([message("", stop_reason="pause_turn")], ScriptInvalid, 3),
    ],
)
async def test_why_the_model_stopped_is_read_before_what_it_said(
    stub: Stub, answers: list[Answer], raised: type[LongVideoError], asked: int
) -> None:
    stub.answers = answers
    async with asked_at(stub) as claude:
        with pytest.raises(raised):
            await ClaudeWriter(claude).write(brief())
    assert len(stub.seen) == asked


async def test_a_cut_off_answer_gets_twice_the_room_once(stub: Stub) -> None:
    stub.answers = [message("{", stop_reason="max_tokens"), message(script())]
    async with asked_at(stub) as claude:
        await ClaudeWriter(claude).write(brief())
    assert [process.json["max_tokens"] for process in stub.seen] == [16_000, 32_000]
    assert stub.seen[0].json["messages"] == stub.seen[1].json["messages"]


@pytest.mark.parametrize(
    ("answer", "raised", "asked"),
    [
        (error(400, "invalid_request_error"), ProviderRejected, 1),
        (error(401, "authentication_error"), ProviderKeyRefused, 1),
        (error(402, "billing_error"), ProviderOutOfCredits, 1),
        (error(403, "permission_error"), ProviderKeyRefused, 1),
        (error(404, "not_found_error"), ProviderRejected, 1),
        (error(413, "request_too_large"), ProviderRejected, 1),
        (error(422), ProviderRejected, 1),
        (error(408), ProviderUnavailable, 3),
        (error(409), ProviderUnavailable, 3),
        (error(429, "rate_limit_error"), ProviderUnavailable, 3),
        (error(500, "api_error"), ProviderUnavailable, 3),
        (error(503), ProviderUnavailable, 3),
        (error(529, "overloaded_error"), ProviderUnavailable, 3),
        (html(200), ProviderUnavailable, 1),
        (reply([]), ProviderUnavailable, 1),
        (reply({"type": "error"}), ProviderUnavailable, 1),
        (Answer(body=b"{oh", headers={"Content-Type": "application/json"}), ProviderUnavailable, 1),
    ],
)
async def test_every_status_is_classified_and_only_the_sdk_retries(
    stub: Stub, answer: Answer, raised: type[LongVideoError], asked: int
) -> None:
    stub.answers = [answer]
    async with asked_at(stub) as claude:
        with pytest.raises(raised) as failed:
            await ClaudeWriter(claude).write(brief())
    assert len(stub.seen) == asked
    assert KEY not in f"{failed.value} {failed.value!r}"


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CLOSED, Fault.TORN], ids=lambda fault: fault.name)
async def test_a_lost_answer_is_unavailable(stub: Stub, fault: Fault) -> None:
    stub.answers = [Answer(body=b"{}", fault=fault)]
    async with asked_at(stub, retries_max=0) as claude:
        with pytest.raises(ProviderUnavailable):
            await ClaudeWriter(claude).write(brief())
    assert len(stub.seen) == 1


async def test_an_overload_that_passes_is_not_noticed(stub: Stub) -> None:
    stub.answers = [error(529), error(429), message(script())]
    async with asked_at(stub) as claude:
        assert (await ClaudeWriter(claude).write(brief())).title == "Dawn"


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ([message({"narration": " Short. "})], "Short."),
        ([message({"narration": "x" * 11}), message({"narration": "x" * 10})], "x" * 10),
        ([message({"narration": ""}), message({"narration": "x"})], "x"),
        ([message({"narration": "x" * 11})], None),
        ([message({"line": "x"})], None),
        ([refusal()], None),
    ],
)
async def test_a_line_is_shortened_or_the_script_is_invalid(
    stub: Stub, answers: list[Answer], line: str | None
) -> None:
    stub.answers = answers
    async with asked_at(stub) as claude:
        search = ClaudeWriter(claude).shorten("a line far too long", characters_max=10, language="en")
        if line is None:
            with pytest.raises(ScriptInvalid):
                await search
        else:
            assert await search == line
    wanted = {"shorten": {"text": "a line far too long", "characters_max": 10, "language": "en"}}
    assert data_of(stub.seen[0]) == wanted
