"""Lies about a single task: a status word no document knows, another task's answer."""

from simulators.door import Call
from simulators.world.faults import IN_TASK, FaultKind
from simulators.world.jobs import Job


async def status_word(call: Call, job: Job, word: str) -> str:
    """Return the status a reply shows: `word`, unless a fault rule puts another in its place."""
    rule = await call.world.faults.take(call.service, "task", job.text, IN_TASK - {FaultKind.WRONG_TASK})
    return word if rule is None else rule.message or "postprocessing"


async def answered_job(call: Call, job: Job) -> Job:
    """Return the job a reply speaks of: `job`, unless a fault rule lets the vendor answer for the newest one."""
    rule = await call.world.faults.take(call.service, "task", job.text, {FaultKind.WRONG_TASK})
    if rule is None:
        return job
    newest = await call.world.books.jobs_of(call.service, call.user)
    return next((other for other in newest if other.id != job.id), job)
