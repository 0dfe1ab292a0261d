"""Writer and judge against the simulated Claude: whole films in two languages, and each way an answer goes wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from film.canvas import Resolution
from film.errors import (
    LongVideoError,
    ModerationRejected,
    ModerationUnavailable,
    ProviderUnavailable,
    ScriptInvalid,
    ScriptRefused,
)
from film.plan import segment_plan
from film.profiles import PROFILES, Provider
from film.prompts import clip_prompt, script_limits
from film.storyboard import Storyboard, storyboard_problems
from providers import registry
from providers.anthropic.client import Claude
from providers.ports import Brief

from .simulated import Simulated

PROMPTS = {"zh": "城市清晨的延时风光", "en": "a fox waits on a cold pier for the last boat of the year"}


def brief(duration_s: int = 30, provider: Provider = Provider.HAPPYHORSE, language: str = "zh", **facts: Any) -> Brief:
    """Return a brief for a film of `duration_s` seconds."""
    wanted: dict[str, Any] = {
        "prompt": PROMPTS[language],
        "language": language,
        "aspect_ratio": "16:9",
        "plan": segment_plan(duration_s, provider, Resolution.P720),
        "limits": script_limits(PROFILES[provider]),
        "narration": True,
    }
    return Brief(**{**wanted, **facts})


@pytest.mark.parametrize("narration", [True, False], ids=["narrated", "silent"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("provider", "duration_s"),
    [(Provider.HAPPYHORSE, 3), (Provider.HAPPYHORSE, 180), (Provider.SEEDANCE_FAST, 60), (Provider.VIBEGEN, 45)],
)
async def test_a_whole_film_is_written_and_allowed(
    simulated: Simulated, provider: Provider, duration_s: int, language: str, narration: bool
) -> None:
    wanted = brief(duration_s, provider, language, narration=narration)
    async with simulated.claude() as claude:
        storyboard = await registry.writer(claude).write(wanted)
        await registry.judge(claude).judge(wanted.prompt, storyboard)
    assert storyboard_problems(storyboard, wanted.plan, wanted.limits, language=language) == []
    assert any(shot.narration for shot in storyboard.shots) is narration
    longest = max(len(clip_prompt(storyboard, shot, image_of={})) for shot in storyboard.shots)
    assert longest <= PROFILES[provider].prompt_characters_max


async def test_a_line_is_shortened(simulated: Simulated) -> None:
    async with simulated.claude() as claude:
        line = await registry.writer(claude).shorten(PROMPTS["en"] * 3, characters_max=40, language="en")
    assert 0 < len(line) <= 40


Act = Callable[[Claude], Any]


async def write(claude: Claude) -> Storyboard:
    """Have a film written."""
    return await registry.writer(claude).write(brief())


async def judge(claude: Claude) -> None:
    """Have a film judged."""
    shot = {"index": 0, "prompt": "a boat", "character_ids": [], "narration": ""}
    storyboard = Storyboard.model_validate({"title": "t", "style": "s", "music": "m", "shots": [shot]})
    await registry.judge(claude).judge("a boat", storyboard)


@pytest.mark.parametrize(
    ("act", "fault", "times", "raised"),
    [
        (write, {"fault": "thinking_first"}, None, None),
        (write, {"fault": "wrong_shot_count"}, 2, None),  # mended
        (write, {"fault": "wrong_shot_count"}, None, ScriptInvalid),
        (write, {"fault": "long_prompts"}, 1, None),
        (write, {"fault": "long_prompts"}, None, ScriptInvalid),
        (write, {"fault": "not_json"}, 1, None),
        (write, {"fault": "not_json"}, None, ScriptInvalid),
        (write, {"fault": "truncated"}, 1, None),  # twice the room
        (write, {"fault": "truncated"}, None, ScriptInvalid),
        (write, {"fault": "refusal"}, 1, ScriptRefused),
        (write, {"fault": "rate_limited", "retry_after_s": 0}, 1, None),
        (write, {"fault": "http_error", "status": 529, "retry_after_s": 0}, 1, None),
        (write, {"fault": "http_error", "status": 529, "retry_after_s": 0}, None, ProviderUnavailable),
        (judge, {"fault": "thinking_first"}, None, None),
        (judge, {"fault": "block"}, 1, ModerationRejected),
        (judge, {"fault": "refusal"}, 1, ModerationRejected),
        (judge, {"fault": "not_json"}, None, ModerationUnavailable),
        (judge, {"fault": "truncated"}, None, ModerationUnavailable),
        (judge, {"fault": "http_error", "status": 500, "retry_after_s": 0}, None, ModerationUnavailable),
    ],
)
async def test_every_way_an_answer_goes_wrong_is_handled(
    simulated: Simulated, act: Act, fault: dict[str, Any], times: int | None, raised: type[LongVideoError] | None
) -> None:
    simulated.script({"vendor": "anthropic", "operation": "message", "times": times, **fault})
    # A fault that passes is outlived by the SDK's retries; one that stays needs none of its waiting.
    async with simulated.claude(retries_max=0 if times is None else 2) as claude:
        if raised is None:
            await act(claude)
        else:
            with pytest.raises(raised):
                await act(claude)
