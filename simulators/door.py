"""The door every request enters by: its key, its body, the scripted faults around it, and a vendor's way to refuse."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from simulators.connection import reset
from simulators.world.errors import Refusal
from simulators.world.faults import AT_THE_DOOR, FaultKind, FaultRule
from simulators.world.settings import Service
from simulators.world.world import World

#: The largest request body any vendor takes (SenseAudio's document: 64 MB).
BODY_LIMIT_BYTES = 64 * 2**20

GATEWAY_PAGE = (
    "<html>\r\n<head><title>{status} {words}</title></head>\r\n<body>\r\n<center><h1>{status} {words}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_WORDS = {200: "OK", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Temporarily Unavailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one vendor words what every vendor has to say sometimes."""

    unauthorized: Callable[[], Refusal]
    malformed: Callable[[str], Refusal]
    rate_limited: Callable[[float | None], Refusal]  # real seconds until a place is free; None: no header
    moderated: Callable[[], Refusal]
    broken: Callable[[int, int | None], Refusal]  # HTTP status, the code of a fault rule
    finish: Callable[[World, Response], Response] = lambda _, response: response


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated request."""

    world: World
    request: Request
    service: Service
    user: str
    body: dict[str, Any] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """Return an absolute URL of this process as the caller knows it, so that a restart on another port works."""
        return str(self.request.base_url).rstrip("/") + path


Handler = Callable[[Call], Awaitable[Response]]


def secret_of(request: Request) -> str | None:
    """Return the bearer key a request carries, None without one."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None


def endpoint(
    world: World,
    handler: Handler,
    *,
    service: Service,
    operation: str,
    dialect: Dialect,
    key: Callable[[Request], str | None] = secret_of,
    anonymous: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    """Return the ASGI endpoint that lets a request through the door to `handler`."""

    async def answer(request: Request) -> Response:
        raw = await request.body()
        fault = await world.faults.take(service, operation, await _subject(world, request, raw), AT_THE_DOOR)
        if fault is not None and fault.fault is FaultKind.SLOW:
            await asyncio.sleep((fault.seconds or 10.0) / world.settings.time_scale)
            fault = None
        try:
            if fault is not None and not fault.accepted:
                return await _strike(world, request, fault, dialect)
            response = await _pass(world, request, raw)
        except Refusal as refusal:
            response = _refused(refusal)
        if fault is not None and fault.accepted and response.status_code < 400:
            try:
                return await _strike(world, request, fault, dialect)
            except Refusal as refusal:
                return _refused(refusal)
        return dialect.finish(world, response)

    async def _pass(world: World, request: Request, raw: bytes) -> Response:
        user = "" if anonymous else world.user_of(service.vendor, key(request) or "")
        if user is None:
            raise dialect.unauthorized()
        body = _object(raw, dialect) if request.method == "POST" else {}
        return await handler(Call(world=world, request=request, service=service, user=user, body=body))

    return answer


def _refused(refusal: Refusal) -> Response:
    """Return a refusal as its vendor sends it: JSON, or the XML of a file store."""
    if "xml" in refusal.body:
        return Response(refusal.body["xml"], status_code=refusal.status, media_type="application/xml")
    return JSONResponse(dict(refusal.body), status_code=refusal.status, headers=refusal.headers)


def _object(raw: bytes, dialect: Dialect) -> dict[str, Any]:
    if len(raw) > BODY_LIMIT_BYTES:
        raise dialect.malformed(f"request body larger than {BODY_LIMIT_BYTES} bytes")
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise dialect.malformed("request body is not JSON") from error
    if not isinstance(body, dict):
        raise dialect.malformed("request body is not a JSON object")
    return body


async def _subject(world: World, request: Request, raw: bytes) -> str:
    """Return the text a fault rule's `match` looks in: the body's JSON, or the text of the job the path names."""
    if raw:
        try:
            return json.dumps(json.loads(raw), ensure_ascii=False)
        except ValueError:
            return raw.decode(errors="replace")
    named = request.path_params.get("task_id") or request.path_params.get("job_id") or request.query_params.get("id")
    job = await world.books.find(named or "")
    return "" if job is None else job.text


async def _strike(world: World, request: Request, fault: FaultRule, dialect: Dialect) -> Response:
    """Let a door fault happen; raises where the vendor's own words say it."""
    scale = world.settings.time_scale
    wait_s = None if fault.retry_after_s is None else fault.retry_after_s / scale
    match fault.fault:
        case FaultKind.RATE_LIMITED:
            raise dialect.rate_limited(wait_s)
        case FaultKind.MODERATION:
            raise dialect.moderated()
        case FaultKind.HTTP_ERROR:
            raise dialect.broken(fault.status, fault.code)
        case FaultKind.HTML:
            status = fault.status if "status" in fault.model_fields_set else 200
            page = GATEWAY_PAGE.format(status=status, words=_WORDS.get(status, "Error"))
            return HTMLResponse(page, status_code=status)
        case FaultKind.UNDECODABLE:
            return Response('{"code":0,"message":"","data":{"taskId":"66', media_type="application/json")
        case FaultKind.STALL:
            await _hold(request, None if fault.seconds is None else fault.seconds / scale)
    reset(request)
    return Response(status_code=500)


async def _hold(request: Request, real_s: float | None) -> None:
    """Say nothing until the caller hangs up, or `real_s` are over."""
    try:
        async with asyncio.timeout(real_s):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
