"""ListenHub AI video: `/v1/video-generation/*` (generate, tasks, estimate-credits)."""

import secrets
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from simulators.birth import create_job
from simulators.door import Call, endpoint
from simulators.listenhub.video_estimate import estimate
from simulators.listenhub.video_prices import credits_of, tokens_of
from simulators.listenhub.video_rules import INVALID, SEEDANCE, SEEDANCE_TEXT_MAX, check_video
from simulators.listenhub.video_shapes import VideoRequest
from simulators.listenhub.wire import (
    STATUS_WORDS,
    dialect,
    new_id,
    owned_job,
    page_of,
    refusal,
    reply,
    status_of,
    too_many,
)
from simulators.listing import page_of_jobs
from simulators.task_faults import status_word
from simulators.world.errors import NotEnoughCredits, TooMany
from simulators.world.jobs import Job, Order, Progress, Stage
from simulators.world.settings import Service
from simulators.world.world import World

_PREFIX: Final = "/listenhub/openapi/v1/video-generation"
_NO_CREDITS: Final = 32002
_RATE: Final = 29998
_MODERATION: Final = 32008


def routes(world: World) -> list[Route]:
    """Return the service's routes."""
    words = dialect(rate_code=_RATE, moderation_code=_MODERATION, invalid_code=INVALID)

    def route(path: str, handler: Any, operation: str, method: str) -> Route:
        served = endpoint(world, handler, service=Service.LISTENHUB_VIDEO, operation=operation, dialect=words)
        return Route(_PREFIX + path, served, methods=[method])

    return [
        route("/generate", generate, "create", "POST"),
        route("/estimate-credits", estimate, "estimate", "POST"),
        route("/tasks", tasks, "list", "GET"),
        route("/tasks/{task_id}", task, "task", "GET"),
    ]


async def generate(call: Call) -> Response:
    """Create a job; the credits are charged at once (LH-R28)."""
    world = call.world
    request = check_video(call.body, world.faults.modes)
    created_ms = world.clock.now_ms()
    try:
        job = await create_job(
            world,
            _order(call, request, created_ms),
            window=request.model,
            moderation_words="Content moderation: the output was rejected",
        )
    except TooMany as error:  # LH-R25
        raise too_many(error, world.faults.modes.video_rate_code) from error
    except NotEnoughCredits as error:  # LH-R26
        raise refusal(402, _NO_CREDITS, f"Not enough credits. {error}") from error
    return reply({"taskId": job.id, "episodeId": job.facts["episodeId"], "status": "generating"})


async def task(call: Call) -> Response:
    """Answer one task; another user's is 403, an unknown one 404 (LH-R27)."""
    job = await owned_job(
        call, missing=refusal(404, 32001, "Task not found"), foreign=refusal(403, 32005, "Task access denied")
    )
    job, progress = await call.world.books.observe(job)
    word = await status_word(call, job, STATUS_WORDS[progress.stage])
    return reply(
        {
            **_common(call, job, progress, word),
            "taskId": job.id,
            "params": job.params,
            "duration": job.params["duration"],
            "resolution": job.params["resolution"],
            "ratio": job.params["ratio"],
            "enabledShare": False,
            "updatedAt": _updated_ms(call, job),
        }
    )


async def tasks(call: Call) -> Response:
    """List the caller's tasks, newest first; `params.content` is empty there, as in the document's sample."""
    page, size = page_of(call.request, INVALID)
    status = status_of(call.request, INVALID)
    found = await page_of_jobs(
        call,
        offset=(page - 1) * size,
        limit=size,
        wanted=None if status is None else lambda seen: STATUS_WORDS[seen[1].stage] == status,
    )
    items = [
        {
            **_common(call, job, progress, STATUS_WORDS[progress.stage]),
            "title": job.text[:100],
            "prompt": job.text,
            **({"params": {**job.params, "content": []}} if job.params else {}),
        }
        for job, progress in found.items
    ]
    return reply({"items": items, "page": page, "pageSize": size, "total": found.total})


def _order(call: Call, request: VideoRequest, created_ms: int) -> Order:
    text = request.text[:SEEDANCE_TEXT_MAX] if request.model in SEEDANCE else request.text
    tokens = tokens_of(
        resolution=request.resolution,
        duration_s=request.duration,
        input_duration_s=request.inputVideoDuration if request.videos else 0,
    )
    params = {
        "content": call.body["content"],
        "resolution": request.resolution,
        "ratio": request.ratio,
        "duration": request.duration,
        "generateAudio": request.generateAudio,
        "seed": request.seed,
    }
    optional = ("inputVideoDuration", "audioSetting", "referenceImages", "referenceVideos")
    params |= {name: call.body[name] for name in optional if name in call.body}
    images = {role: [part.image_url.url for part in request.images_as(role)] for role in _ROLES}
    return Order(
        id=new_id(created_ms),
        service=Service.LISTENHUB_VIDEO,
        user=call.user,
        model=request.model,
        text=text,
        params=params,
        price=credits_of(model=request.model, tokens=tokens),
        generation_s=call.world.settings.generation_s[request.model],
        facts={
            "file": "clip.mp4",
            "episodeId": new_id(created_ms),
            "seed": secrets.randbelow(2**31) if request.seed == -1 else request.seed,
            "resolution": request.resolution,
            "ratio": request.ratio,
            "frames": 24 * request.duration + (request.model in SEEDANCE),
            "sound": request.generateAudio,
            "first_frame": images["first_frame"],
            "last_frame": images["last_frame"],
            "references": images["reference_image"],
            # An image-to-video job of HappyHorse follows its picture, whatever ratio was asked for.
            "follows_image": request.model not in SEEDANCE,
        },
    )


_ROLES: Final = ("first_frame", "last_frame", "reference_image")


def _common(call: Call, job: Job, progress: Progress, word: str) -> dict[str, Any]:
    done = progress.stage is Stage.SUCCESS
    folder = f"/assets/{job.service.value}/{job.id}"
    return {
        "id": job.id,
        "episodeId": job.facts["episodeId"],
        "status": word,
        "model": job.model,
        "videoUrl": call.url(f"{folder}/clip.mp4") if done else None,
        "coverUrl": call.url(f"{folder}/cover.jpg") if done else None,
        "providerVideoUrl": call.url(f"{folder}/provider.mp4") if done else None,
        "seed": job.facts["seed"],
        "creditCharged": job.charged,
        "createdAt": job.created_ms,
    }


def _updated_ms(call: Call, job: Job) -> int:
    return job.ended_ms if job.ended_ms is not None else max(job.created_ms, call.world.clock.now_ms())
