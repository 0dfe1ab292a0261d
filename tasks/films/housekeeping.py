"""Housekeeping: late jobs are followed, for the operator's records alone; rows audited, old files removed."""

from typing import Final

from app.context import AppContext
from app.submit_limits import submit_limits
from film.errors import InvariantBroken, ProviderError
from ledger.audit.run import audit_rows
from ledger.films.retention import delete_old_clips, delete_old_films
from ledger.purchases.attempt import Attempt
from ledger.purchases.late_jobs import close_late_job, list_late_jobs, write_off
from providers.ports import JobState

#: Attempts looked at in one round; the rest waits for the next.
_ROUND: Final = 200
_DAY_S: Final = 86_400


async def follow_late_jobs(ctx: AppContext) -> int:
    """Look once at every job whose film ended first; return how many came to their end.

    A vendor that can't be asked now is asked in the next round.
    """
    ended = 0
    for attempt in await list_late_jobs(ctx.database, limit=_ROUND):
        ended += await _follow(ctx, attempt)
    return ended


async def audit(ctx: AppContext) -> str:
    """Check every invariant of the rows, and return what was looked at.

    Raises:
        InvariantBroken: The first that doesn't hold; `longvideo audit` names all.
    """
    found = await audit_rows(ctx.database, submit_limits(ctx.settings))
    for finding in found.findings:
        detail = f"{finding.where}: {finding.detail} (of {len(found.findings)} faults)"
        raise InvariantBroken(invariant=finding.invariant, detail=detail)
    return f"films {found.films}, transfers {found.transfers}: 0 faults"


async def _follow(ctx: AppContext, attempt: Attempt) -> bool:
    if attempt.provider_job_id is None:
        # Whether it became a job can only be told by somebody who still knows the order; the daily audit names strays.
        age_s = ctx.clock.now() - attempt.t_intent_ms / 1000
        if age_s < ctx.timings.absence_proof_s:
            return False
        await write_off(ctx.database, attempt)
        return True
    vendor = ctx.vendor_for_attempt(attempt.vendor, attempt.model)
    if vendor is None:
        return False
    try:
        job = await vendor.adapter.get_job(attempt.provider_job_id)
    except ProviderError:
        return False
    if job.state is JobState.RUNNING:
        return False
    await close_late_job(ctx.database, attempt, charged=job.charged, refunded=job.refunded)
    return True


async def apply_retention(ctx: AppContext) -> int:
    """Remove what the settings say is too old: whole films, and the clips of films that stay; return how many films."""
    settings, forgotten = ctx.settings, 0
    if settings.keep_films_days:
        age_s = settings.keep_films_days * _DAY_S
        forgotten += await delete_old_films(ctx.database, ctx.objects, older_than_s=age_s, limit=_ROUND)
    if settings.keep_parts_days:
        age_s = settings.keep_parts_days * _DAY_S
        forgotten += await delete_old_clips(ctx.database, ctx.objects, older_than_s=age_s, limit=_ROUND)
    return forgotten
