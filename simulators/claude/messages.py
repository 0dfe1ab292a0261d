"""`POST /v1/messages`: a deterministic model that reads the object a request carries and answers in its schema."""

import json
import math
import secrets
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.claude.moderation import REFUSE, judge
from simulators.claude.reading import object_with
from simulators.claude.rules import MODELS, MessageRequest, check_message
from simulators.claude.schema import conform, property_names
from simulators.claude.storyboard import shorten, write_script
from simulators.claude.wire import DIALECT, key_of
from simulators.door import Call, endpoint
from simulators.world.faults import IN_MESSAGE, FaultKind
from simulators.world.jobs import Order
from simulators.world.settings import Service
from simulators.world.world import World

_MODELS_SINCE: Final = "2026-01-01T00:00:00Z"
#: Millionths of a dollar a token, in and out (public model pages); what is not listed costs what Sonnet does.
_PRICES: Final = {"claude-sonnet-5-5": (2.0, 10.0), "claude-haiku-5-5": (0.1, 0.5), "claude-opus-5-5": (4.0, 20.0)}


def routes(world: World) -> list[Route]:
    """Return the service's routes."""
    served = endpoint(world, create, service=Service.ANTHROPIC, operation="message", dialect=DIALECT, key=key_of)
    listed = endpoint(world, models, service=Service.ANTHROPIC, operation="models", dialect=DIALECT, key=key_of)
    return [
        Route("/anthropic/v1/messages", served, methods=["POST"]),
        Route("/anthropic/v1/models", listed, methods=["GET"]),
    ]


async def models(_: Call) -> Response:
    """List the models on one page; a free way to try a key."""
    names = sorted(MODELS)
    data = [{"type": "model", "id": name, "display_name": name, "created_at": _MODELS_SINCE} for name in names]
    return JSONResponse({"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]})


async def create(call: Call) -> Response:
    """Answer a conversation with one message."""
    request = check_message(call.body, call.request.headers)
    everything = "\n".join(request.texts)
    rule = await call.world.faults.take(call.service, "message", everything, IN_MESSAGE)
    fault = None if rule is None else rule.fault
    if fault is FaultKind.REFUSAL or REFUSE in everything:
        return await _send(call, request, "", stop="refusal")
    answer = _answer(request, fault)
    text = json.dumps(answer, ensure_ascii=False) if isinstance(answer, dict) else answer
    if fault is FaultKind.NOT_JSON:
        text = "Here is the storyboard you asked for:\n\n1. Opening shot, wide. 2. A closer look. 3. The end."
    stop = "end_turn"
    if fault is FaultKind.TRUNCATED or _tokens(text) > request.max_tokens:
        text, stop = text[: min(len(text) // 2, request.max_tokens * 3)], "max_tokens"
    thinks = fault is FaultKind.THINKING_FIRST or request.model == "claude-opus-5-5"
    return await _send(call, request, text, stop=stop, thinks=thinks)


def _answer(request: MessageRequest, fault: FaultKind | None) -> dict[str, Any] | str:
    """Return the object the schema asks for, or a plain sentence where no schema is given."""
    schema = request.schema
    if schema is None:
        return "The simulated model answers in JSON when output_config.format asks for it."
    names = property_names(schema)
    script_order = object_with(request.texts, "slots")
    case = object_with(request.texts, "storyboard")
    short = object_with(request.texts, "shorten")
    answer: dict[str, Any] = {}
    if "decision" in names and case is not None:
        answer = judge(case)
        if fault is FaultKind.BLOCK:
            answer |= {"decision": "block", "categories": ["scripted"], "reason": "a fault rule says so"}
    elif "narration" in names and short is not None and isinstance(short["shorten"], dict):
        fields = short["shorten"]
        answer = {"narration": shorten(str(fields.get("text", "")), int(fields.get("characters_max", 1)))}
    elif "shots" in names and script_order is not None:
        answer = write_script(script_order)
        if fault is FaultKind.WRONG_SHOT_COUNT:
            answer["shots"] = answer["shots"][:-1] or [*answer["shots"], *answer["shots"]]
        if fault is FaultKind.LONG_PROMPTS:
            answer["shots"] = [shot | {"prompt": (shot["prompt"] + " ") * 40} for shot in answer["shots"]]
    made: dict[str, Any] = conform(answer, schema, schema)
    return made


async def _send(call: Call, request: MessageRequest, text: str, *, stop: str, thinks: bool = False) -> Response:
    tokens_in, tokens_out = _tokens(request.system + "\n".join(request.texts)), _tokens(text)
    price_in, price_out = _PRICES.get(request.model, _PRICES["claude-sonnet-5-5"])
    job = await call.world.books.record(
        Order(
            id=f"msg_{secrets.token_hex(12)}",
            service=Service.ANTHROPIC,
            user=call.user,
            model=request.model,
            text=request.texts[-1],
            params={"max_tokens": request.max_tokens, "output_config": call.body.get("output_config")},
            price=math.ceil(tokens_in * price_in + tokens_out * price_out),
            generation_s=0.0,
            facts={"stop_reason": stop},
        )
    )
    thinking = [{"type": "thinking", "thinking": "The slots decide the shots.", "signature": secrets.token_hex(16)}]
    return JSONResponse(
        {
            "id": job.id,
            "type": "message",
            "role": "assistant",
            "model": request.model,
            "content": [*(thinking if thinks else []), *([{"type": "text", "text": text}] if text else [])],
            "stop_reason": stop,
            "stop_sequence": None,
            "stop_details": _REFUSED if stop == "refusal" else None,
            "usage": {
                "input_tokens": tokens_in,
                "output_tokens": tokens_out,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "service_tier": "standard",
            },
        },
        headers={"request-id": f"req_{secrets.token_hex(12)}"},
    )


_REFUSED: Final = {"type": "refusal", "category": "general_harms", "explanation": "The request can't be answered."}


def _tokens(text: str) -> int:
    """Return about how many tokens a text has: one a CJK sign, one for four other characters."""
    wide = sum(sign >= "\u2e80" for sign in text)
    return wide + math.ceil((len(text) - wide) / 4)
