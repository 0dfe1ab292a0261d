"""A film's own deadline: what its vendor's pace and the queue in front of it allow, beside writing and composing."""

from film.deadline import Pace, generating_deadline_s
from film.request import Continuity
from ledger import films
from ledger.gate import films_waiting
from ledger.rows import Film
from tasks.studio import Studio


class DeadlineWatch:
    """Counts a run's time against its film's deadline; the clock stands while the film waits for a person.

    Each run counts for itself: a film that nobody ran for a night goes on where it was.
    """

    def __init__(self, studio: Studio, film: Film) -> None:
        self._studio = studio
        self._film = film
        self._spent_s = 0.0
        self._looked_s = studio.clock.now()

    async def passed_s(self) -> float | None:
        """Return the deadline in seconds if it has passed, else None."""
        now_s = self._studio.clock.now()
        if not (await films.film(self._studio.books, self._film.id)).awaiting_approval:
            self._spent_s += now_s - self._looked_s
        self._looked_s = now_s
        deadline_s = await self._deadline_s()
        return deadline_s if self._spent_s > deadline_s else None

    async def _deadline_s(self) -> float:
        request, timings = self._film.request, self._studio.timings
        rule = self._studio.rule_of(request.provider)
        pace = Pace(
            submits=rule.submits,
            window_s=(rule.window_ms + rule.guard_ms) / 1000,
            jobs_at_once=rule.jobs_at_once,
            job_s=request.profile.generation_s / timings.vendor_scale,
            job_deadline_s=timings.job_deadline_s,
        )
        waiting = await films_waiting(self._studio.books, rule, besides=self._film.id)
        return timings.around_s + generating_deadline_s(
            pace,
            segments=len(self._film.plan),
            attempts=self._studio.desk.attempts_max,
            chained=request.continuity is Continuity.CHAINED,
            films_waiting=waiting,
        )
