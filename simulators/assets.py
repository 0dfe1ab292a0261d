"""`/assets/...`: the files jobs made. Those with a documented life end with it; fault rules spoil the others."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from simulators.connection import reset
from simulators.door import GATEWAY_PAGE, Call, endpoint
from simulators.drawing.clips import make_clip
from simulators.filestore import DIALECT, refusal, response
from simulators.world.errors import AssetMissing
from simulators.world.faults import IN_ASSET, FaultKind, FaultRule
from simulators.world.jobs import Job, Stage
from simulators.world.settings import Service
from simulators.world.world import World

#: The name under which ListenHub shows a clip at its own supplier: the same bytes, for 24 hours.
PROVIDER_FILE: Final = "provider.mp4"
#: Services whose files are gone after the URL life (vibegen: section 11; SenseAudio: assumed).
_MORTAL: Final = frozenset({Service.VIBEGEN, Service.SENSEAUDIO})
_TYPES: Final = {
    ".mp4": "video/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".pcm": "application/octet-stream",
    ".ogg": "audio/ogg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
}


def routes(world: World) -> list[Route]:
    """Return the routes of the jobs' files."""
    return [
        Route(
            f"/assets/{service.value}/{{job_id}}/{{name}}",
            endpoint(world, serve, service=service, operation="asset", dialect=DIALECT, anonymous=True),
            methods=["GET"],
        )
        for service in Service
    ]


async def serve(call: Call) -> Response:
    """Serve a file of a finished job, spoilt if a fault rule says so."""
    job, path = await _asset(call)
    rule = await call.world.faults.take(job.service, "asset", job.text, IN_ASSET)
    if rule is not None:
        return await _spoil(call.world, call.request, rule, job, path)
    return FileResponse(path, media_type=_type(path))


def _type(path: Path) -> str:
    return _TYPES.get(path.suffix, "application/octet-stream")


async def _asset(call: Call) -> tuple[Job, Path]:
    """Return the job and the file that a path names, made again if it is missing."""
    world, name = call.world, call.request.path_params["name"]
    found = await world.books.find(call.request.path_params["job_id"])
    if found is None or found.service is not call.service:
        raise refusal(404, "NoSuchKey")
    job, progress = await world.books.observe(found)
    if job.state is not Stage.SUCCESS or progress.stage is Stage.FAILED:
        raise refusal(404, "NoSuchKey")
    if _expired(world, job, name):
        raise refusal(403, "AccessDenied")
    try:
        folder = await world.workshop.deliver(job)
    except AssetMissing as error:
        raise refusal(404, "NoSuchKey") from error
    path = folder / ("clip.mp4" if name == PROVIDER_FILE else name)
    if not path.is_file():
        raise refusal(404, "NoSuchKey")
    return job, path


def _expired(world: World, job: Job, name: str) -> bool:
    if job.ended_ms is None or not (job.service in _MORTAL or name == PROVIDER_FILE):
        return False
    return world.clock.now_ms() >= job.ended_ms + world.clock.scaled_ms(world.settings.url_life_s)


async def _spoil(world: World, request: Request, rule: FaultRule, job: Job, path: Path) -> Response:
    whole = await asyncio.to_thread(path.read_bytes)
    half = whole[: len(whole) // 2]
    match rule.fault:
        case FaultKind.ASSET_EXPIRED:
            return response(403, "AccessDenied")
        case FaultKind.ASSET_EMPTY:
            return Response(b"", media_type=_type(path))
        case FaultKind.ASSET_HTML:
            return HTMLResponse(GATEWAY_PAGE.format(status=200, words="Please sign in"))
        case FaultKind.ASSET_TORN:
            headers = {"content-length": str(len(whole))}
            return StreamingResponse(_tear(request, half), headers=headers, media_type=_type(path))
        case FaultKind.ASSET_WRONG_LENGTH if path.suffix == ".mp4":
            return FileResponse(await _shorter(world, job), media_type=_type(path))
    return Response(half, media_type=_type(path))


async def _tear(request: Request, half: bytes) -> AsyncIterator[bytes]:
    """Send half of what the headers promise, then reset the connection."""
    yield half
    reset(request)
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _shorter(world: World, job: Job) -> Path:
    """Return a whole clip of the job's scene with half of the ordered frames."""
    folder = world.workshop.folder(job).with_name(f".{job.id}.shorter")
    clip = folder / "clip.mp4"
    if not clip.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        await make_clip(job, folder, assets=world.settings.assets, frames=int(job.facts["frames"]) // 2)
    return clip
