"""Claude's error body and dialect: `{type: error, error: {type, message}, request_id}`."""

import secrets
from typing import Final

from starlette.requests import Request

from simulators.door import Dialect, secret_of
from simulators.world.errors import Refusal

_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def refusal(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> Refusal:
    """Return an error as the Messages API words it."""
    request_id = f"req_{secrets.token_hex(12)}"
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
    return Refusal(status, body, {"request-id": request_id, **(headers or {})})


def key_of(request: Request) -> str | None:
    """Return the key of a request: a bearer token or `x-api-key`."""
    return secret_of(request) or request.headers.get("x-api-key")


def _rate_limited(wait_s: float | None) -> Refusal:
    # The SDK reads retry-after-ms first; both are sent, as fractions of a second matter on a scaled clock.
    headers = {} if wait_s is None else {"retry-after-ms": str(int(wait_s * 1000)), "retry-after": f"{wait_s:.3f}"}
    return refusal(429, "rate_limit_error", "This request would exceed your rate limit", headers)


DIALECT: Final = Dialect(
    unauthorized=lambda: refusal(401, "authentication_error", "invalid x-api-key"),
    malformed=lambda reason: refusal(400, "invalid_request_error", reason),
    rate_limited=_rate_limited,
    moderated=lambda: refusal(400, "invalid_request_error", "Output blocked by content filtering policy"),
    broken=lambda status, _: refusal(status, _TYPES.get(status, "api_error"), f"Simulated {status}"),
)
