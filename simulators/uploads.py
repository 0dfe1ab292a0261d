"""`/assets/uploads/...`: PUT to a presigned address, GET what lies there; and the speakers' demonstrations."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from simulators.door import Call, endpoint
from simulators.filestore import DIALECT, response
from simulators.sounding.demonstrations import demonstration
from simulators.sounding.speakers import SPEAKER_OF_ID
from simulators.world.errors import Refusal
from simulators.world.settings import Service
from simulators.world.uploads import Uploads
from simulators.world.world import World


def routes(world: World) -> list[Route]:
    """Return the routes of uploads and demonstrations."""
    put = endpoint(world, _put, service=Service.LISTENHUB_ACCOUNT, operation="upload", dialect=DIALECT, anonymous=True)
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
        except Refusal as refused:
            return Response(refused.body["xml"], status_code=refused.status, media_type="application/xml")
        return FileResponse(file, media_type=content_type)

    return get


def _demonstrate(world: World) -> Callable[[Request], Awaitable[Response]]:
    one_at_a_time = asyncio.Lock()

    async def demonstrate(request: Request) -> Response:
        speaker = SPEAKER_OF_ID.get(request.path_params["name"].removesuffix(".mp3"))
        if speaker is None:
            return response(404, "NoSuchKey")
        async with one_at_a_time:
            file = await demonstration(speaker, world.settings.assets / "speakers")
        return FileResponse(file, media_type="audio/mpeg")

    return demonstrate
