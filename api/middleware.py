"""What stands before every route: bounded bodies, security headers, one log line an answer. Plain ASGI, no copy."""

import asyncio
import logging
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import envelope
from runtime.logs import log_event

HEAD_BYTES_MAX: Final = 16 * 1024
BODY_BYTES_MAX: Final = 64 * 1024
#: How long a body may take to arrive, in seconds.
BODY_S_MAX: Final = 15.0
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    (b"strict-transport-security", b"max-age=31536000"),
)
_NO_STORE: Final = (b"cache-control", b"no-store")
_access = logging.getLogger("longvideo.api.access")


class RequestMiddleware:
    """Wraps the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _complete(list(message["headers"]))
            await send(message)

        try:
            body = _long_head(scope) or await _body(receive)
            if isinstance(body, _Refusal):
                refusal = envelope(body.status, body.code, body.message, headers={"Connection": "close"})
                await refusal(scope, receive, told)
            else:
                await self._app(scope, _replayed(body, receive), told)
        finally:
            _log(scope, status, time.monotonic() - began)


class _Refusal:
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


def _long_head(scope: Scope) -> _Refusal | None:
    """Refuse a head that is too long, also one that came whole: the server itself bounds only what it waits for."""
    target = scope.get("raw_path", b"") + scope.get("query_string", b"")
    headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    size_bytes = len(scope["method"]) + len(target) + headers
    if size_bytes <= HEAD_BYTES_MAX:
        return None
    return _Refusal(400, "invalid_request", f"head: must have at most {HEAD_BYTES_MAX // 1024} KiB")


async def _body(receive: Receive) -> bytes | _Refusal:
    """Return the whole body, or why it isn't read any further."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S_MAX):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > BODY_BYTES_MAX:
                    return _Refusal(413, "invalid_request", f"body: must have at most {BODY_BYTES_MAX // 1024} KiB")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return _Refusal(408, "request_timeout", f"The body did not arrive within {BODY_S_MAX:.0f} s.")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that hands the body out once and then tells of a client that leaves."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _complete(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    added = [header for header in _HEADERS if header[0] not in present]
    return [*headers, *added] if b"cache-control" in present else [*headers, *added, _NO_STORE]


def _log(scope: Scope, status: int, took_s: float) -> None:
    """Write the answer's line: the route's template, never its values but the film's id, nor any header."""
    route = scope.get("route")
    film_id = scope.get("path_params", {}).get("id")
    log_event(
        _access,
        "answered",
        method=scope["method"],
        route=getattr(route, "path", None),
        status=status,
        film_id=None if film_id is None else film_id[:64],
        latency_ms=round(took_s * 1000, 1),
    )
