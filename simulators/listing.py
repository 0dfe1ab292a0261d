"""One page of a vendor's list of jobs, newest first, and the ways in which a list can lie when a fault rule says so."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from simulators.door import Call
from simulators.world.faults import IN_LIST, FaultKind, FaultRule
from simulators.world.jobs import Job, Progress

#: What one job of a list looks like: the row and where its clock says it is.
Seen = tuple[Job, Progress]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The jobs of one page and how many there are in all."""

    items: list[Seen]
    total: int


async def page_of_jobs(
    call: Call, *, offset: int, limit: int, wanted: Callable[[Seen], bool] | None, keyword: str = ""
) -> Page:
    """Return the caller's jobs from `offset` on, at most `limit` of them, newest first.

    Args:
        call: Whose list of which service.
        offset: How many of the newest to leave out.
        limit: How many to return at most.
        wanted: Keeps a job; None keeps all (and spares looking at those of other pages).
        keyword: Part of the text a job must have.
    """
    world = call.world
    rule = await world.faults.take(call.service, "list", keyword, IN_LIST)
    jobs = await world.books.jobs_of(call.service, call.user)
    if rule is not None:
        jobs = await _lie(call, rule, jobs, offset)
    jobs = [job for job in jobs if keyword in job.text]
    if wanted is None:
        total = len(jobs)
        items = [await world.books.observe(job) for job in jobs[offset : offset + limit]]
    else:
        kept = [seen for job in jobs if wanted(seen := await world.books.observe(job))]
        total, items = len(kept), kept[offset : offset + limit]
    if rule is not None and rule.fault is FaultKind.LIST_WITHOUT_PARAMS:
        items = [(dataclasses.replace(job, params={}), progress) for job, progress in items]
    return Page(items=items, total=total)


async def _lie(call: Call, rule: FaultRule, jobs: list[Job], offset: int) -> list[Job]:
    world = call.world
    match rule.fault:
        case FaultKind.LIST_LAG:
            youngest_ms = world.clock.now_ms() - world.clock.scaled_ms(rule.seconds or 60.0)
            return [job for job in jobs if job.created_ms <= youngest_ms]
        case FaultKind.LIST_DUPLICATES:
            return [job for job in jobs for _ in range(2)]
        case FaultKind.LIST_FOREIGN:
            return await world.books.jobs_of(call.service, None)
        case FaultKind.LIST_SHIFTED if offset > 0:
            # As if jobs had been created between two pages: what stood at the seam is seen twice.
            return jobs[:1] + jobs
    return jobs
