"""SenseAudio video: `/v1/video/create`, `/v1/video/status`, `/v1/models`. No list, no cancel, no credits."""

import uuid
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.birth import create_job
from simulators.door import Call, Handler, endpoint
from simulators.senseaudio.rules import MODEL, CreateRequest, check_create
from simulators.senseaudio.wire import CONCURRENT, DIALECT, NO_BALANCE, NOT_FOUND, TOO_FREQUENT, refusal
from simulators.task_faults import answered_job, status_word
from simulators.world.errors import NotEnoughCredits, TooMany, TooManyAtOnce
from simulators.world.jobs import Job, Order, Progress, Stage
from simulators.world.settings import Service
from simulators.world.world import World

_PREFIX: Final = "/senseaudio/v1"
#: Credits a second. [assumption] The vendor publishes no price on this page and reports none in any reply.
_PRICE_PER_S: Final = {"480p": 10, "720p": 20}
_PENDING_UNTIL: Final = 0.2


def routes(world: World) -> list[Route]:
    """Return the service's routes."""

    def route(path: str, handler: Handler, operation: str, method: str) -> Route:
        served = endpoint(world, handler, service=Service.SENSEAUDIO, operation=operation, dialect=DIALECT)
        return Route(_PREFIX + path, served, methods=[method])

    return [
        route("/video/create", create, "create", "POST"),
        route("/video/status", status, "task", "GET"),
        route("/models", models, "models", "GET"),
    ]


async def create(call: Call) -> Response:
    """Create a job; the reply is its id and nothing else."""
    world = call.world
    request = check_create(call.body, world.faults.modes, world.settings.assets)
    try:
        job = await create_job(world, _order(call, request), window="senseaudio", moderation_words="内容违规")
    except TooMany as error:
        raise refusal(429, TOO_FREQUENT, "请求过于频繁", retry_after_s=error.retry_after_s) from error
    except TooManyAtOnce as error:
        raise refusal(400, CONCURRENT, "已达到并发上限") from error
    except NotEnoughCredits as error:
        raise refusal(400, NO_BALANCE, "余额不足") from error
    return JSONResponse({"task_id": job.id})


async def status(call: Call) -> Response:
    """Answer one task, or the caller's newest one where no `id` is sent."""
    world = call.world
    wanted = call.request.query_params.get("id")
    if wanted is None or world.faults.modes.senseaudio_ignores_id:
        newest = await world.books.jobs_of(call.service, call.user)
        job = newest[0] if newest else None
    else:
        job = await world.books.find(wanted)
    if job is None or job.service is not call.service or job.user != call.user:
        raise refusal(404, NOT_FOUND, "任务不存在")
    job = await answered_job(call, job)
    job, progress = await world.books.observe(job)
    return JSONResponse(_body(call, job, progress, await status_word(call, job, _word(progress))))


async def models(call: Call) -> Response:
    """List the models; a free way to try a key."""
    data = [] if call.request.query_params.get("mode", "video") != "video" else [{"id": MODEL, "object": "model"}]
    return JSONResponse({"object": "list", "data": data})


def _order(call: Call, request: CreateRequest) -> Order:
    job_id = str(uuid.uuid4())
    roles = ("first_frame", "last_frame", "reference")
    images = {role: [part.url for part in request.images_as(role)] for role in roles}
    return Order(
        id=job_id,
        service=Service.SENSEAUDIO,
        user=call.user,
        model=request.model,
        text=request.text,
        params=call.body,
        price=_PRICE_PER_S[request.resolution] * request.duration,
        generation_s=call.world.settings.generation_s[request.model],
        facts={
            "file": "clip.mp4",
            "record": str(uuid.uuid4().int % 10**12),
            "resolution": request.resolution,
            "ratio": request.ratio,
            "frames": 24 * request.duration + 1,
            "sound": request.provider_specific.generate_audio,
            "first_frame": images["first_frame"],
            "last_frame": images["last_frame"],
            "references": images["reference"],
            "follows_image": False,
        },
    )


def _word(progress: Progress) -> str:
    match progress.stage:
        case Stage.SUCCESS:
            return "completed"
        case Stage.FAILED:
            return "failed"
        case Stage.WORKING if progress.share >= _PENDING_UNTIL:
            return "processing"
        case Stage.STORING:
            return "processing"
    return "pending"


def _body(call: Call, job: Job, progress: Progress, word: str) -> dict[str, Any]:
    done = progress.stage is Stage.SUCCESS
    ended_s = None if job.ended_ms is None else job.ended_ms // 1000
    return {
        "id": job.facts["record"],
        "model": job.model,
        "task_id": job.id,
        "status": word,
        "progress": 100 if done else min(99, int(progress.share * 100)),
        "video_url": call.url(f"/assets/{job.service.value}/{job.id}/clip.mp4") if done else "",
        "duration": job.params["duration"],
        "is_new": True,
        "error_message": job.fate.failure if progress.stage is Stage.FAILED else "",
        "created_at": job.created_ms // 1000,
        "completed_at": ended_s,
        "prompt": "",
        "resolution": job.params["resolution"],
        "ratio": job.params["ratio"],
        "content": job.params["content"],
        "provider_specific": job.params.get("provider_specific") or {},
    }
