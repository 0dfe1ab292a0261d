"""vibegen: `/api/v1/generations` and `/api/v1/tasks` ("seedance 2.0")."""

import uuid
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from simulators.birth import create_job
from simulators.door import Call, Handler, endpoint
from simulators.listing import page_of_jobs
from simulators.task_faults import status_word
from simulators.vibegen.rules import MODEL, GenerationRequest, check_generation
from simulators.vibegen.wire import DIALECT, iso, refusal, reply
from simulators.world.errors import NotEnoughCredits, TooMany
from simulators.world.jobs import Job, Order, Progress, Stage
from simulators.world.settings import Service
from simulators.world.windows import take_place
from simulators.world.world import World

_PREFIX: Final = "/vibegen/api/v1"
_LIMIT_DEFAULT: Final = 20
_LIMIT_MAX: Final = 100
_PENDING_UNTIL: Final = 0.1
_POLICY: Final = "Content policy violation"
_WORDS: Final = {
    Stage.QUEUED: "pending",
    Stage.WORKING: "processing",
    Stage.STORING: "processing",
    Stage.SUCCESS: "completed",
    Stage.FAILED: "failed",
}


def routes(world: World) -> list[Route]:
    """Return the service's routes."""

    def route(path: str, handler: Handler, operation: str, method: str) -> Route:
        served = endpoint(world, handler, service=Service.VIBEGEN, operation=operation, dialect=DIALECT)
        return Route(_PREFIX + path, served, methods=[method])

    return [
        route("/generations", generate, "create", "POST"),
        route("/tasks", tasks, "list", "GET"),
        route("/tasks/{task_id}", task, "task", "GET"),
    ]


async def generate(call: Call) -> Response:
    """Create a job (201)."""
    request = check_generation(call.body)
    try:
        job = await create_job(call.world, _order(call, request), window="vibegen-create", moderation_words=_POLICY)
    except TooMany as error:
        raise refusal(429, "Rate limit exceeded", retry_after_s=error.retry_after_s) from error
    except NotEnoughCredits as error:
        raise refusal(402, f"Insufficient credits. {error}") from error
    return reply(
        {
            "id": job.id,
            "status": "pending",
            "model": job.model,
            "task_type": job.facts["task_type"],
            "created_at": iso(job.created_ms),
        },
        status=201,
    )


async def task(call: Call) -> Response:
    """Answer one task; another user's looks as if it did not exist."""
    await _count_query(call)
    job = await call.world.books.find(call.request.path_params["task_id"])
    if job is None or job.service is not call.service or job.user != call.user:
        raise refusal(404, "Task not found")
    job, progress = await call.world.books.observe(job)
    return reply(describe(job, progress, call.url("")) | {"status": await status_word(call, job, word_of(progress))})


async def tasks(call: Call) -> Response:
    """List the caller's tasks: asked for by offset, answered by page, as the document does."""
    await _count_query(call)
    limit = min(_LIMIT_MAX, _whole(call, "limit", _LIMIT_DEFAULT, lowest=1))
    offset = _whole(call, "offset", 0, lowest=0)
    status = call.request.query_params.get("status")
    if status is not None and status not in _WORDS.values():
        raise refusal(400, "status must be pending, processing, completed or failed")
    found = await page_of_jobs(
        call,
        offset=offset,
        limit=limit,
        wanted=None if status is None else lambda seen: word_of(seen[1]) == status,
    )
    pagination = {
        "page": offset // limit + 1,
        "pageSize": limit,
        "total": found.total,
        "total_pages": -(-found.total // limit),
    }
    items = [describe(job, progress, call.url("")) for job, progress in found.items]
    return reply({"tasks": items, "pagination": pagination})


def word_of(progress: Progress) -> str:
    """Return the document's word for where a job is."""
    if progress.stage is Stage.WORKING and progress.share < _PENDING_UNTIL:
        return "pending"
    return _WORDS[progress.stage]


def describe(job: Job, progress: Progress, origin: str) -> dict[str, Any]:
    """Return a task as section 2 shows it; `origin` is where this process is reached."""
    done = progress.stage is Stage.SUCCESS
    return {
        "id": job.id,
        "status": word_of(progress),
        "model": job.model,
        "task_type": job.facts["task_type"],
        "prompt": job.text,
        "video_url": f"{origin}/assets/{job.service.value}/{job.id}/clip.mp4" if done else None,
        "created_at": iso(job.created_ms),
        "completed_at": iso(job.ended_ms) if done and job.ended_ms is not None else None,
        "error": job.fate.failure if progress.stage is Stage.FAILED else None,
    }


async def _count_query(call: Call) -> None:
    """Take one of the 1000 queries a minute a key has (VG-R8)."""
    limit = call.world.settings.creates_per_minute["vibegen-query"]
    try:
        async with call.world.database.transaction() as connection:
            await take_place(connection, call.world.clock, window="vibegen-query", user=call.user, limit=limit)
    except TooMany as error:
        raise refusal(429, "Rate limit exceeded", retry_after_s=error.retry_after_s) from error


def _whole(call: Call, name: str, default: int, *, lowest: int) -> int:
    text = call.request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < lowest:
        raise refusal(400, f"{name} must be a number of at least {lowest}")
    return int(text)


def _order(call: Call, request: GenerationRequest) -> Order:
    return Order(
        id=str(uuid.uuid4()),
        service=Service.VIBEGEN,
        user=call.user,
        model=MODEL,
        text=request.prompt,
        params=call.body,
        price=request.price,
        generation_s=call.world.settings.generation_s[MODEL],
        timeout_s=call.world.settings.vibegen_timeout_s,
        facts={
            "file": "clip.mp4",
            "task_type": "image_to_video" if request.image_urls else "text_to_video",
            "callback_url": request.callback_url,
            "resolution": request.resolution,
            "ratio": request.aspect_ratio,
            "frames": 24 * request.duration_s + 1,
            "sound": request.generate_audio,
            # The images have no roles; the document's example animates the one it is given.
            "first_frame": list(request.image_urls[:1]),
            "last_frame": [],
            "references": list(request.image_urls[1:]),
            "follows_image": request.aspect_ratio in {"adaptive", "keep_ratio"},
        },
    )
