"""What the Claude tests share: a brief, answers as the Messages API gives them, and a Claude at the stub."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from film.canvas import Resolution
from film.plan import segment_plan
from film.profiles import PROFILES, Provider
from film.prompts import script_limits
from providers.anthropic.client import Claude
from providers.http.clients import Connection
from providers.ports import Brief

from .conftest import KEY, TIMEOUTS
from .stub import Answer, Seen, Stub, reply

LIMITS = script_limits(PROFILES[Provider.HAPPYHORSE])


def brief(prompt: str = "a harbour at dawn", *, narration: bool = True, language: str = "en") -> Brief:
    """Return a brief of two slots of 6 s each."""
    return Brief(
        prompt=prompt,
        language=language,
        aspect_ratio="16:9",
        plan=segment_plan(12, Provider.HAPPYHORSE, Resolution.P720),
        limits=LIMITS,
        narration=narration,
    )


def script(**changes: Any) -> dict[str, Any]:
    """Return a storyboard that fits `brief`, changed as told."""
    return {
        "title": "Dawn",
        "style": "35 mm film, muted palette",
        "music": "slow piano",
        "characters": [{"id": "keeper", "look": "old man in a yellow coat"}],
        "shots": [
            {"index": 0, "prompt": "wide shot of a harbour", "character_ids": ["keeper"], "narration": "It is early."},
            {"index": 1, "prompt": "a boat leaves", "character_ids": [], "narration": ""},
        ],
        **changes,
    }


def message(answer: Any, *, stop_reason: str = "end_turn", thinking: bool = False, **fields: Any) -> Answer:
    """Return an answer of the Messages API; `answer` is its text, or a value that is its JSON."""
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    half = len(text) // 2
    content: list[dict[str, Any]] = [{"type": "thinking", "thinking": "hm", "signature": "s"}] if thinking else []
    return reply(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [*content, {"type": "text", "text": text[:half]}, {"type": "text", "text": text[half:]}],
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
            **fields,
        }
    )


def refusal(explanation: str | None = "no", category: str | None = "general_harms") -> Answer:
    """Return a refusal."""
    details = {"type": "refusal", "category": category, "explanation": explanation}
    return message("I can't", stop_reason="refusal", stop_details=details)


def error(status: int, kind: str = "overloaded_error") -> Answer:
    """Return an error of the Messages API that its SDK retries without waiting."""
    said = {"type": "error", "error": {"type": kind, "message": f"said {KEY}"}, "request_id": "r"}
    return reply(said, status, retry_after_ms="1")


def data_of(process: Seen, turn: int = 0) -> Any:
    """Return the JSON object of a user turn."""
    text = process.json["messages"][turn]["content"]
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


@asynccontextmanager
async def asked_at(stub: Stub, *, retries_max: int = 2) -> AsyncIterator[Claude]:
    """Open a Claude at the stub for the length of the block."""
    connection = Connection(base_url=stub.url, key=KEY)
    async with Claude(connection, model="claude-sonnet-5-5", retries_max=retries_max, timeouts=TIMEOUTS) as claude:
        yield claude
