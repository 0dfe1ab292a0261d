"""ListenHub Voice: `/v1/listenhub-voice/*` (generate, tasks, voices, estimate-credits)."""

import math
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from simulators.birth import create_job
from simulators.door import Call, endpoint
from simulators.listenhub.speakers import speaker_items
from simulators.listenhub.voice_rules import INVALID, NOT_FOUND, VoiceRequest, check_voice
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
from simulators.sounding.voice_files import ENDING_OF_FORMAT, expected_s
from simulators.task_faults import status_word
from simulators.world.errors import NotEnoughCredits, TooMany, TooManyAtOnce
from simulators.world.jobs import Job, Order, Progress, Stage
from simulators.world.settings import Service
from simulators.world.world import World

_PREFIX: Final = "/listenhub/openapi/v1/listenhub-voice"
_NO_CREDITS: Final = 33006
_RATE: Final = 33007
_CONCURRENT: Final = 33009
_MODERATION: Final = 91002
_KEYWORD_MAX: Final = 64
#: Credits a second of sound. [assumption] From the document's sample: 18.4 s cost 12.
_PRICE_PER_S: Final = 0.65
#: The share of its time a task is called `pending`, as its create reply calls it.
_PENDING_UNTIL: Final = 0.1


def routes(world: World) -> list[Route]:
    """Return the service's routes."""
    words = dialect(rate_code=_RATE, moderation_code=_MODERATION, invalid_code=INVALID)

    def route(path: str, handler: Any, operation: str, method: str) -> Route:
        served = endpoint(world, handler, service=Service.LISTENHUB_VOICE, operation=operation, dialect=words)
        return Route(_PREFIX + path, served, methods=[method])

    return [
        route("/generate", generate, "create", "POST"),
        route("/estimate-credits", estimate, "estimate", "POST"),
        route("/voices", voices, "speakers", "GET"),
        route("/tasks", tasks, "list", "GET"),
        route("/tasks/{task_id}", task, "task", "GET"),
    ]


async def generate(call: Call) -> Response:
    """Create a job (202); credits are reserved at once and confirmed by the length of what was made."""
    world = call.world
    request = check_voice(call.body, world.faults.modes)
    try:
        job = await create_job(
            world,
            _order(call, request),
            window=request.model,
            moderation_words="Content moderation: the output was rejected",
        )
    except TooMany as error:  # LV10
        raise too_many(error, world.faults.modes.voice_rate_code) from error
    except TooManyAtOnce as error:  # LV11
        raise refusal(400, _CONCURRENT, "Concurrency limit reached") from error
    except NotEnoughCredits as error:  # LV12
        raise refusal(400, _NO_CREDITS, f"Not enough credits. {error}") from error
    return reply({"taskId": job.id, "status": "pending"}, status=202)


async def task(call: Call) -> Response:
    """Answer one task; an unknown one and another user's look the same (33001)."""
    missing = refusal(400, NOT_FOUND, "Task not found")
    job = await owned_job(call, missing=missing, foreign=missing)
    job, progress = await call.world.books.observe(job)
    return reply(_item(call, job, progress, await status_word(call, job, _word(progress))))


async def tasks(call: Call) -> Response:
    """List the caller's tasks, newest first; each item has the fields of the detail."""
    page, size = page_of(call.request, INVALID)
    status = status_of(call.request, INVALID)
    keyword = call.request.query_params.get("keyword", "")
    if len(keyword) > _KEYWORD_MAX:
        raise refusal(400, INVALID, f"keyword takes at most {_KEYWORD_MAX} characters")
    found = await page_of_jobs(
        call,
        offset=(page - 1) * size,
        limit=size,
        wanted=None if status is None else lambda seen: _word(seen[1]) == status,
        keyword=keyword,
    )
    items = [_item(call, job, progress, _word(progress)) for job, progress in found.items]
    return reply({"items": items, "page": page, "pageSize": size, "total": found.total})


async def estimate(call: Call) -> Response:
    """Tell what a request would reserve; nothing is created."""
    request = check_voice(call.body, call.world.faults.modes)
    return reply({"credits": _reserve(request)})


async def voices(call: Call) -> Response:
    """List the speakers that `voices` may name."""
    return reply({"items": speaker_items(call)})


def _word(progress: Progress) -> str:
    if progress.stage is Stage.WORKING and progress.share < _PENDING_UNTIL:
        return "pending"
    return STATUS_WORDS[progress.stage]


def _reserve(request: VoiceRequest) -> int:
    return max(1, math.ceil(expected_s(request.text, request.durationHint) * _PRICE_PER_S))


def _order(call: Call, request: VoiceRequest) -> Order:
    sent = ("text", "voices", "image", "audioConfig", "durationHint", "watermark")
    params = {name: call.body[name] for name in sent if call.body.get(name) is not None}
    if request.image is not None and request.image.data is not None:
        params["image"] = {"hasData": True}
    return Order(
        id=new_id(call.world.clock.now_ms()),
        service=Service.LISTENHUB_VOICE,
        user=call.user,
        model=request.model,
        text=request.text.strip(),
        params=params,
        price=_reserve(request),
        generation_s=call.world.settings.generation_s[request.model],
        facts={
            "file": f"voice.{ENDING_OF_FORMAT[request.audioConfig.format]}",
            "format": request.audioConfig.format,
            "price_per_s": _PRICE_PER_S,
        },
    )


def _item(call: Call, job: Job, progress: Progress, word: str) -> dict[str, Any]:
    ended = progress.stage in {Stage.SUCCESS, Stage.FAILED}
    item = {
        "id": job.id,
        "status": word,
        "model": job.model,
        "params": job.params,
        # "实际扣费积分(未扣为 0)": what is only reserved is not charged yet.
        "creditCharged": job.charged if ended else 0,
        "creditRefunded": job.refunded,
        "createdAt": job.created_ms,
        "updatedAt": job.ended_ms if job.ended_ms is not None else call.world.clock.now_ms(),
    }
    if progress.stage is Stage.SUCCESS:
        item["audioUrl"] = call.url(f"/assets/{job.service.value}/{job.id}/{job.facts['file']}")
        item["audioDuration"] = job.result["duration_s"]
    if progress.stage is Stage.FAILED:
        item["errorMessage"] = job.fate.failure
    return item
