"""vibegen's words: `{success, data}` for what went well, `{error: {code, message}}` for what did not (section 6)."""

import math
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import JSONResponse

from simulators.door import Dialect
from simulators.world.errors import Refusal

_CODES: Final = {
    400: "INVALID_PARAMETER",
    401: "INVALID_API_KEY",
    402: "INSUFFICIENT_CREDITS",
    404: "TASK_NOT_FOUND",
    429: "RATE_LIMIT_EXCEEDED",
    502: "PROVIDER_ERROR",
}


def refusal(status: int, message: str, *, retry_after_s: float | None = None) -> Refusal:
    """Return the documented error of an HTTP status; one that is not in the table is INTERNAL_ERROR."""
    headers = {} if retry_after_s is None else {"Retry-After": str(max(1, math.ceil(retry_after_s)))}
    return Refusal(status, {"error": {"code": _CODES.get(status, "INTERNAL_ERROR"), "message": message}}, headers)


def reply(data: Any, *, status: int = 200) -> JSONResponse:
    """Return a success."""
    return JSONResponse({"success": True, "data": data}, status_code=status)


def iso(at_ms: int) -> str:
    """Return a time as the document's samples write it."""
    return datetime.fromtimestamp(at_ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


DIALECT: Final = Dialect(
    unauthorized=lambda: refusal(401, "Invalid or missing API key"),
    malformed=lambda reason: refusal(400, reason),
    rate_limited=lambda wait_s: refusal(429, "Rate limit exceeded", retry_after_s=wait_s),
    moderated=lambda: refusal(400, "Content policy violation"),
    broken=lambda status, _: refusal(status, "Provider error" if status == 502 else "Internal server error"),
)
