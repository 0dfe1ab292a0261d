"""Claude as judge: only a clear "allow" lets a film pass; whatever else happens stops it."""

from typing import Any

import pytest

from film.errors import ModerationError, ModerationRejected, ModerationUnavailable
from film.storyboard import Storyboard
from providers.anthropic.judge import Category, ClaudeJudge
from providers.anthropic.prompts import JUDGE

from .claude_fixture import asked_at, data_of, error, message, refusal, script
from .stub import Answer, Fault, Stub, html

STORYBOARD = Storyboard.model_validate(script())


def verdict(decision: str = "allow", categories: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    return {"decision": decision, "categories": list(categories), "reason": "", "shot_indexes": [], **fields}


async def test_an_allowed_film_passes_and_both_texts_were_judged(stub: Stub) -> None:
    stub.answers = [message(verdict(), thinking=True)]
    async with asked_at(stub) as claude:
        await ClaudeJudge(claude).judge("a harbour", STORYBOARD)
    (process,) = stub.seen
    assert process.json["system"] == JUDGE
    assert process.json["output_config"]["effort"] == "low"
    asked = data_of(process)
    assert asked["prompt"] == "a harbour"
    assert asked["storyboard"]["shots"][0]["narration"] == "It is early."


@pytest.mark.parametrize(
    ("answers", "raised", "asked"),
    [
        ([message(verdict("block", ("violence",), reason="gore"))], ModerationRejected, 1),
        ([message(verdict("block"))], ModerationRejected, 1),  # a block without a reason is one
        ([message(verdict("block", ("something else",), more=1))], ModerationRejected, 1),
        ([refusal()], ModerationRejected, 1),
        ([message(verdict("maybe"))], ModerationUnavailable, 3),
        ([message(verdict("ALLOW"))], ModerationUnavailable, 3),
        ([message(verdict("allow", ("violence",)))], ModerationUnavailable, 3),  # contradicts itself
        ([message(verdict("allow", shot_indexes=[1]))], ModerationUnavailable, 3),
        ([message(verdict("allow", ("hate",))), message(verdict("block", ("hate",)))], ModerationRejected, 2),
        ([message("allow")], ModerationUnavailable, 3),
        ([message({"decision": "allow"})], ModerationUnavailable, 3),
        ([message("")], ModerationUnavailable, 3),
        ([message("{", stop_reason="max_tokens")], ModerationUnavailable, 2),
        ([message(verdict(), stop_reason="model_context_window_exceeded")], ModerationUnavailable, 1),
        ([message(verdict(), stop_reason="max_tokens")], ModerationUnavailable, 2),  # cut off, even if it looks whole
        ([error(529)], ModerationUnavailable, 3),
        ([error(429)], ModerationUnavailable, 3),
        ([error(401)], ModerationUnavailable, 1),
        ([error(400)], ModerationUnavailable, 1),
        ([html(200)], ModerationUnavailable, 1),
    ],
)
async def test_whatever_is_no_clear_allow_stops_the_film(
    stub: Stub, answers: list[Answer], raised: type[ModerationError], asked: int
) -> None:
    stub.answers = answers
    async with asked_at(stub) as claude:
        with pytest.raises(raised) as stopped:
            await ClaudeJudge(claude).judge("a harbour", STORYBOARD)
    assert type(stopped.value) is raised
    assert len(stub.seen) == asked


async def test_a_lost_verdict_stops_the_film(stub: Stub) -> None:
    stub.answers = [Answer(fault=Fault.RESET)]
    async with asked_at(stub, retries_max=0) as claude:
        with pytest.raises(ModerationUnavailable):
            await ClaudeJudge(claude).judge("a harbour", STORYBOARD)


async def test_a_rejection_names_its_categories(stub: Stub) -> None:
    stub.answers = [message(verdict("block", ("violence", "hate"), reason="gore in shot 1", shot_indexes=[1]))]
    async with asked_at(stub) as claude:
        with pytest.raises(ModerationRejected) as rejected:
            await ClaudeJudge(claude).judge("a harbour", STORYBOARD)
    assert (rejected.value.reason, tuple(rejected.value.categories)) == ("gore in shot 1", ("violence", "hate"))


@pytest.mark.parametrize("category", list(Category))
def test_the_rubric_explains_every_category(category: Category) -> None:
    assert f"\n- {category}: " in JUDGE
