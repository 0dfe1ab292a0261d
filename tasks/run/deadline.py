"""A film's own deadline: what its vendor's pace and the queue in front of it allow, beside writing and composing."""

from app.context import AppContext
from film.deadline import VendorPace, generating_deadline_s
from film.request import Continuity
from ledger.database.records import Film
from ledger.films import queries
from ledger.purchases.rate_limit import films_waiting


class DeadlineWatch:
    """Counts a run's time against its film's deadline; the clock stands while the film waits for a person.

    Each run counts for itself: a film that nobody ran for a night goes on where it was.
    """

    def __init__(self, ctx: AppContext, film: Film) -> None:
        self._ctx = ctx
        self._film = film
        self._spent_s = 0.0
        self._looked_s = ctx.clock.now()

    async def passed_s(self) -> float | None:
        """Return the deadline in seconds if it has passed, else None."""
        now_s = self._ctx.clock.now()
        if not (await queries.get_film(self._ctx.database, self._film.id)).awaiting_approval:
            self._spent_s += now_s - self._looked_s
        self._looked_s = now_s
        deadline_s = await self._deadline_s()
        return deadline_s if self._spent_s > deadline_s else None

    async def _deadline_s(self) -> float:
        request, timings = self._film.request, self._ctx.timings
        rate_limit = self._ctx.rate_limit_of(request.provider)
        pace = VendorPace(
            submits=rate_limit.submits,
            window_s=(rate_limit.window_ms + rate_limit.guard_ms) / 1000,
            jobs_at_once=rate_limit.jobs_at_once,
            job_s=request.profile.generation_s / timings.vendor_scale,
            job_deadline_s=timings.job_deadline_s,
        )
        waiting = await films_waiting(self._ctx.database, rate_limit, besides=self._film.id)
        return timings.non_render_budget_s + generating_deadline_s(
            pace,
            segments=len(self._film.plan),
            attempts=self._ctx.purchasing.attempts_max,
            chained=request.continuity is Continuity.CHAINED,
            films_waiting=waiting,
        )
