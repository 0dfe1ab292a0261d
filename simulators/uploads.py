"""`/assets/uploads/...`: PUT to a presigned address, GET what lies there; and the speakers' demonstrations."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from simulators.door import Call, Dialect, endpoint
from simulators.sounding.demonstrations import demonstration
from simulators.sounding.speakers import SPEAKER_OF_ID
from simulators.world.errors import Refusal
from simulators.world.settings import Service
from simulators.world.uploads import Uploads
from simulators.world.world import World


def _xml(status: int, code: str) -> Refusal:
    return Refusal(status, {"xml": f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"})


_DIALECT: Final = Dialect(
    unauthorized=lambda: _xml(403, "AccessDenied"),
    malformed=lambda _: _xml(400, "InvalidArgument"),
    rate_limited=lambda _: _xml(429, "SlowDown"),
    moderated=lambda: _xml(403, "AccessDenied"),
    broken=lambda status: _xml(status, "InternalError"),
)


def routes(world: World) -> list[Route]:
    """Return the routes of uploads and demonstrations."""
    put = endpoint(world, _put, service=Service.LISTENHUB_ACCOUNT, operation="upload", dialect=_DIALECT, anonymous=True)
    return [
        Route("/assets/uploads/{upload_id}/{name}", put, methods=["PUT"]),
        Route("/assets/uploads/{upload_id}/{name}", _get(world), methods=["GET"]),
        Route("/assets/speakers/{name}", _demonstrate(world), methods=["GET"]),
    ]


async def _put(call: Call) -> Response:
    request = call.request
    await Uploads(call.world).store(
        request.path_params["upload_id"],
        signature=request.query_params.get("X-Goog-Signature"),
        content_type=request.headers.get("content-type"),
        content=await request.body(),
    )
    return Response(status_code=200)


def _get(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def get(request: Request) -> Response:
        try:
            file, content_type = await Uploads(world).find(request.path_params["upload_id"])
        except Refusal as refusal:
            return Response(refusal.body["xml"], status_code=refusal.status, media_type="application/xml")
        return FileResponse(file, media_type=content_type)

    return get


def _demonstrate(world: World) -> Callable[[Request], Awaitable[Response]]:
    one_at_a_time = asyncio.Lock()

    async def demonstrate(request: Request) -> Response:
        speaker = SPEAKER_OF_ID.get(request.path_params["name"].removesuffix(".mp3"))
        if speaker is None:
            return Response(_xml(404, "NoSuchKey").body["xml"], status_code=404, media_type="application/xml")
        async with one_at_a_time:
            file = await demonstration(speaker, world.settings.assets / "speakers")
        return FileResponse(file, media_type="audio/mpeg")

    return demonstrate
