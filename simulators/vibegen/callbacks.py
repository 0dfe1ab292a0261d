"""vibegen's callbacks (section 4): one POST when a task with a `callback_url` has ended. Unsigned, once."""

import asyncio
import logging
from typing import Any, Final

import httpx

from simulators.vibegen.video import describe
from simulators.vibegen.wire import iso
from simulators.world.jobs import Job, Progress, Stage
from simulators.world.settings import Service
from simulators.world.world import World

_LOOK_S: Final = 0.2
_TIMEOUT_S: Final = 10.0
_WAITING: Final = (
    "SELECT * FROM job WHERE service = ? AND json_extract(facts, '$.callback_url') IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM called WHERE called.job_id = job.id) ORDER BY ordinal"
)
_log = logging.getLogger("longvideo.simulators")


async def call_back(world: World, origin: str) -> None:
    """Until cancelled: tell customers of the tasks that have ended. `origin` is where this process is reached."""
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
        while True:
            for row in await world.database.rows(_WAITING, (Service.VIBEGEN.value,)):
                job, progress = await world.books.observe(Job.of_row(row))
                if progress.stage in {Stage.SUCCESS, Stage.FAILED}:
                    await _tell(world, client, job, progress, origin)
            await asyncio.sleep(_LOOK_S)


async def _tell(world: World, client: httpx.AsyncClient, job: Job, progress: Progress, origin: str) -> None:
    # Marked before it is sent: a vendor that dies here has lost the callback, which is why it is only a hint.
    async with world.database.transaction() as connection:
        await connection.execute("INSERT INTO called (job_id, at_ms) VALUES (?, ?)", (job.id, world.clock.now_ms()))
    try:
        await client.post(job.facts["callback_url"], json=_body(job, progress, origin))
    except httpx.HTTPError as error:
        _log.warning("callback of %s: %s", job.id, type(error).__name__)


def _body(job: Job, progress: Progress, origin: str) -> dict[str, Any]:
    task = describe(job, progress, origin)
    if progress.stage is Stage.SUCCESS:
        names = ("video_url", "created_at", "completed_at")
        return {"event": "task.completed", "task_id": job.id, "status": "completed", **{n: task[n] for n in names}}
    return {
        "event": "task.failed",
        "task_id": job.id,
        "status": "failed",
        "error_message": job.fate.failure,
        "created_at": task["created_at"],
        "failed_at": iso(job.ended_ms or job.created_ms),
    }
