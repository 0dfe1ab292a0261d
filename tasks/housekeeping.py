"""The house's chores: late jobs are followed, for the operator's books alone; rows audited, old files removed."""

from typing import Final

from film.errors import InvariantBroken, ProviderError
from ledger.attempt import Attempt
from ledger.audit import audit_rows
from ledger.deletion import forget_films, forget_parts
from ledger.drains import drained, draining, given_up
from providers.ports import JobState
from tasks.limits import submit_limits
from tasks.studio import Studio

#: Attempts looked at in one round; the rest waits for the next.
_ROUND: Final = 200
_DAY_S: Final = 86_400


async def drain(studio: Studio) -> int:
    """Look once at every job whose film ended first; return how many came to their end.

    A vendor that can't be asked now is asked in the next round.
    """
    ended = 0
    for attempt in await draining(studio.books, limit=_ROUND):
        ended += await _drained(studio, attempt)
    return ended


async def audit(studio: Studio) -> str:
    """Check every invariant of the rows, and return what was looked at.

    Raises:
        InvariantBroken: The first that doesn't hold; `longvideo audit` names all.
    """
    found = await audit_rows(studio.books, submit_limits(studio.settings))
    for finding in found.findings:
        detail = f"{finding.where}: {finding.detail} (of {len(found.findings)} faults)"
        raise InvariantBroken(invariant=finding.invariant, detail=detail)
    return f"films {found.films}, transfers {found.transfers}: 0 faults"


async def _drained(studio: Studio, attempt: Attempt) -> bool:
    if attempt.provider_job_id is None:
        # Whether it became a job can only be told by somebody who still knows the order; the daily audit names strays.
        age_s = studio.clock.now() - attempt.t_intent_ms / 1000
        if age_s < studio.timings.absence_s:
            return False
        await given_up(studio.books, attempt)
        return True
    counter = studio.counter_of(attempt.vendor, attempt.model)
    if counter is None:
        return False
    try:
        report = await counter.vendor.report(attempt.provider_job_id)
    except ProviderError:
        return False
    if report.state is JobState.RUNNING:
        return False
    await drained(studio.books, attempt, charged=report.charged, refunded=report.refunded)
    return True


async def forget_old(studio: Studio) -> int:
    """Remove what the settings say is too old: whole films, and the clips of films that stay; return how many films."""
    settings, forgotten = studio.settings, 0
    if settings.keep_films_days:
        age_s = settings.keep_films_days * _DAY_S
        forgotten += await forget_films(studio.books, studio.objects, older_than_s=age_s, limit=_ROUND)
    if settings.keep_parts_days:
        age_s = settings.keep_parts_days * _DAY_S
        forgotten += await forget_parts(studio.books, studio.objects, older_than_s=age_s, limit=_ROUND)
    return forgotten
