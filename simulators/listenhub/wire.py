"""ListenHub's envelope: `{code, message, data}` on every reply, `code` 0 when all is well."""

import math
import secrets
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulators.door import Call, Dialect
from simulators.world.errors import Refusal, TooMany
from simulators.world.jobs import Job, Stage
from simulators.world.world import World

#: The most items one page of a list may hold (AI video and Voice: `pageSize`, maximum 100).
PAGE_SIZE_MAX = 100

_INTERNAL: Final = 29001
_CODES: Final = {401: 21007, 402: 26004}

STATUS_WORDS: Mapping[Stage, str] = {
    Stage.QUEUED: "pending",
    Stage.WORKING: "generating",
    Stage.STORING: "uploading",
    Stage.SUCCESS: "success",
    Stage.FAILED: "failed",
}


def reply(data: Any, *, status: int = 200) -> JSONResponse:
    """Return a success in the envelope."""
    return JSONResponse({"code": 0, "message": "", "data": data}, status_code=status)


def refusal(status: int, code: int, message: str, *, retry_after_s: float | None = None) -> Refusal:
    """Return an error in the envelope; `retry_after_s` (real seconds) becomes the header, rounded up."""
    headers = {} if retry_after_s is None else {"Retry-After": str(max(1, math.ceil(retry_after_s)))}
    body = {"code": code, "message": message, "data": None, "request_id": secrets.token_hex(8)}
    return Refusal(status, body, headers)


def too_many(error: TooMany, code: int) -> Refusal:
    """Return what a full rate window says."""
    return refusal(429, code, "Rate limit exceeded, please try again later", retry_after_s=error.retry_after_s)


def new_id(created_ms: int) -> str:
    """Return an id as ListenHub makes them: 24 hexadecimal characters, the first 8 the seconds of its birth."""
    return f"{created_ms // 1000:08x}{secrets.token_hex(8)}"


def finish(world: World, response: Response) -> Response:
    """Apply the mode in which every reply is HTTP 200 and only `code` tells (the general page on errors)."""
    if world.faults.modes.listenhub_http_200:
        response.status_code = 200
    return response


def dialect(*, rate_code: int, moderation_code: int, invalid_code: int) -> Dialect:
    """Return ListenHub's dialect with the codes of one of its services."""
    return Dialect(
        unauthorized=lambda: refusal(401, 21007, "Invalid API key"),  # LH-R24
        malformed=lambda reason: refusal(400, invalid_code, f"Invalid parameters: {reason}"),
        rate_limited=lambda wait_s: refusal(429, rate_code, "Rate limit exceeded", retry_after_s=wait_s),
        moderated=lambda: refusal(400, moderation_code, "Content moderation: the input was rejected"),
        broken=lambda status, code: refusal(status, code or _CODES.get(status, _INTERNAL), "Simulated error"),
        finish=finish,
    )


def page_of(request: Request, invalid_code: int) -> tuple[int, int]:
    """Return the list parameters page (from 1) and pageSize (1..100, 20).

    Raises:
        Refusal: One of them is not such a number.
    """
    page = _integer(request, "page", 1, invalid_code)
    size = _integer(request, "pageSize", 20, invalid_code)
    if page < 1 or not 1 <= size <= PAGE_SIZE_MAX:
        raise refusal(400, invalid_code, f"page must be at least 1 and pageSize within 1-{PAGE_SIZE_MAX}")
    return page, size


def status_of(request: Request, invalid_code: int) -> str | None:
    """Return the list's status filter.

    Raises:
        Refusal: It is not one of the five documented words.
    """
    status = request.query_params.get("status")
    if status is not None and status not in STATUS_WORDS.values():
        raise refusal(400, invalid_code, f"status must be one of {', '.join(STATUS_WORDS.values())}")
    return status


def _integer(request: Request, name: str, default: int, invalid_code: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise refusal(400, invalid_code, f"{name} must be an integer")
    return int(text)


async def owned_job(call: Call, *, missing: Refusal, foreign: Refusal) -> Job:
    """Return the job the path names if it is of this service and the caller's own.

    Raises:
        Refusal: `missing` where there is none, `foreign` where it is another user's.
    """
    job = await call.world.books.find(call.request.path_params["task_id"])
    if job is None or job.service is not call.service:
        raise missing
    if job.user != call.user:
        raise foreign
    return job
