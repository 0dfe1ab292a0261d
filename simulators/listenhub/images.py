"""ListenHub images: `/v1/images/generation` (sync, raw model JSON) and its async form with tasks."""

import asyncio
import base64
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.birth import create_job
from simulators.door import Call, endpoint
from simulators.listenhub.images_rules import INVALID, ImageRequest, check_image
from simulators.listenhub.wire import dialect, new_id, owned_job, page_of, refusal, reply, too_many
from simulators.listing import page_of_jobs
from simulators.task_faults import status_word
from simulators.world.errors import NotEnoughCredits, TooMany
from simulators.world.jobs import Job, Order, Progress, Stage
from simulators.world.settings import Service
from simulators.world.world import World

_PREFIX: Final = "/listenhub/openapi/v1/images/generation"
_NOT_FOUND: Final = 25002
_RATE: Final = 25429
_NO_CREDITS: Final = 26004
_MODERATION: Final = 91002
#: Credits for 1K, 2K, 4K: gemini-3-pro-image as reported by clients of the backend; the others are assumptions.
_PRICES: Final = {
    "gemini-3-pro-image": {"1K": 15, "2K": 15, "4K": 30},
    "gemini-3.1-flash-image": {"1K": 8, "2K": 8, "4K": 16},
    "gpt-image-2": {"1K": 12, "2K": 12, "4K": 24},
}
#: This API's words; the end of a failed task is `fail` here, not `failed`.
_WORDS: Final = {
    Stage.QUEUED: "pending",
    Stage.WORKING: "generating",
    Stage.STORING: "generating",
    Stage.SUCCESS: "success",
    Stage.FAILED: "fail",
}
_PENDING_UNTIL: Final = 0.1
_LOOK_S: Final = 0.05
_SAFETY: Final = "blocked for its content"


def routes(world: World) -> list[Route]:
    """Return the service's routes."""
    words = dialect(rate_code=_RATE, moderation_code=_MODERATION, invalid_code=INVALID)

    def route(path: str, handler: Any, operation: str, method: str) -> Route:
        served = endpoint(world, handler, service=Service.LISTENHUB_IMAGES, operation=operation, dialect=words)
        return Route(_PREFIX + path, served, methods=[method])

    return [
        route("", generate_now, "create", "POST"),
        route("/async", generate, "create", "POST"),
        route("/estimate-credits", estimate, "estimate", "POST"),
        route("/tasks", tasks, "list", "GET"),
        route("/tasks/{task_id}", task, "task", "GET"),
    ]


async def generate_now(call: Call) -> Response:
    """Make an image and answer with the model's raw JSON; one blocked for its content has no parts."""
    job = await _create(call)
    while True:
        job, progress = await call.world.books.observe(job)
        if progress.stage in {Stage.SUCCESS, Stage.FAILED}:
            break
        await asyncio.sleep(_LOOK_S)
    if progress.stage is Stage.FAILED and job.fate.failure != _SAFETY:
        raise refusal(500, 32003, job.fate.failure)
    if progress.stage is Stage.FAILED:
        return JSONResponse({"candidates": [{"content": {}, "finishReason": "SAFETY", "index": 0}]})
    folder = await call.world.workshop.deliver(job)
    data = await asyncio.to_thread((folder / job.facts["file"]).read_bytes)
    part = {"inlineData": {"mimeType": job.facts["mime"], "data": base64.b64encode(data).decode()}}
    return JSONResponse(
        {
            "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
            "modelVersion": job.model,
            "responseId": job.id,
        }
    )


async def generate(call: Call) -> Response:
    """Create a job and answer at once (202)."""
    job = await _create(call)
    return reply({"taskId": job.id, "status": "pending"}, status=202)


async def task(call: Call) -> Response:
    """Answer one task; an unknown one and another user's look the same."""
    missing = refusal(404, _NOT_FOUND, "Task not found")
    job = await owned_job(call, missing=missing, foreign=missing)
    job, progress = await call.world.books.observe(job)
    return reply(_item(call, job, progress, await status_word(call, job, _word(progress))))


async def tasks(call: Call) -> Response:
    """List the caller's tasks, newest first."""
    page, size = page_of(call.request, INVALID)
    status = call.request.query_params.get("status")
    if status is not None and status not in _WORDS.values():
        raise refusal(400, INVALID, f"status must be one of {', '.join(dict.fromkeys(_WORDS.values()))}")
    found = await page_of_jobs(
        call,
        offset=(page - 1) * size,
        limit=size,
        wanted=None if status is None else lambda seen: _word(seen[1]) == status,
    )
    items = [_item(call, job, progress, _word(progress)) for job, progress in found.items]
    return reply({"items": items, "page": page, "pageSize": size, "total": found.total})


async def estimate(call: Call) -> Response:
    """Tell what a request would cost; nothing is created."""
    request = check_image(call.body)
    price = _price(request)
    enough = await call.world.books.balance(call.service.vendor, call.user) >= price
    return reply({"credits": price, "canGenerate": enough, "requiresSubscription": False, "warnings": []})


async def _create(call: Call) -> Job:
    request = check_image(call.body)
    try:
        return await create_job(call.world, _order(call, request), window="listenhub-images", moderation_words=_SAFETY)
    except TooMany as error:
        raise too_many(error, _RATE) from error
    except NotEnoughCredits as error:
        raise refusal(402, _NO_CREDITS, f"Not enough credits. {error}") from error


def _price(request: ImageRequest) -> int:
    return _PRICES[request.used_model][request.imageConfig.imageSize]


def _order(call: Call, request: ImageRequest) -> Order:
    small = request.imageConfig.imageSize == "1K"
    return Order(
        id=new_id(call.world.clock.now_ms()),
        service=Service.LISTENHUB_IMAGES,
        user=call.user,
        model=request.used_model,
        text=request.prompt,
        params={name: value for name, value in call.body.items() if name != "referenceImages"},
        price=_price(request),
        generation_s=call.world.settings.generation_s["image"],
        facts={
            "file": "image.png" if small else "image.jpg",
            "mime": "image/png" if small else "image/jpeg",
            "size": request.imageConfig.imageSize,
            "ratio": request.imageConfig.aspectRatio,
        },
    )


def _word(progress: Progress) -> str:
    if progress.stage is Stage.WORKING and progress.share < _PENDING_UNTIL:
        return "pending"
    return _WORDS[progress.stage]


def _item(call: Call, job: Job, progress: Progress, word: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "taskId": job.id,
        "status": word,
        "model": job.model,
        "prompt": job.text,
        "images": [],
        "creditCharged": job.charged,
        "createdAt": job.created_ms,
        "completedAt": job.ended_ms,
    }
    if progress.stage is Stage.SUCCESS:
        url = call.url(f"/assets/{job.service.value}/{job.id}/{job.facts['file']}")
        item["images"] = [{"url": url, "mimeType": job.facts["mime"]}]
    if progress.stage is Stage.FAILED:
        item |= {"failMsg": job.fate.failure, "retryable": job.fate.failure != _SAFETY}
    return item
