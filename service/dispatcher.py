"""Films that nobody makes become flow runs of this process, whoever ordered them and whoever died over them.

The rows decide: a claim keeps other dispatchers away, the run's lease fences whoever made the film before. Prefect is
only told. Each process dispatches for itself, so more machines are more of the same.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import anyio
from prefect.client.orchestration import get_client
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow_async
from prefect.states import Pending

from film.errors import DatabaseUnusable
from film.ids import FilmId
from flows.long_video import produce_film
from ledger import films
from ledger.dispatch import Claim, claim_films, living_holders
from ledger.leases import release_lease
from ledger.processes import ProcessKind, tell_alive, tell_gone
from runtime.background import repeat
from runtime.logs import log_event
from runtime.task_set import TaskSet
from service.closing import close_dead_runs
from tasks.holder import is_dead
from tasks.prefect_runs import PREFECT_TROUBLE
from tasks.studio import Studio
from tasks.sweeping import sweep

_LOG: Final = logging.getLogger("longvideo.dispatcher")
#: Films taken up at one look: each start costs Prefect's engine most of a second of CPU.
_STARTS_A_LOOK: Final = 4
_ALIVE_S: Final = 5.0
#: Between two sweeps of this machine's work files.
_SWEEP_S: Final = 6 * 3600.0
_REST_MAX_S: Final = 60.0
#: The longest wait after looks that failed: films are taken up soon after an outage.
_BACKOFF_MAX_S: Final = 5.0


@dataclass(slots=True, kw_only=True)
class _Rest:
    """Films whose last run ended unfinished: each rests twice as long as the time before."""

    until_s: dict[FilmId, float] = field(default_factory=dict)
    turns: dict[FilmId, int] = field(default_factory=dict)

    def resting(self, now_s: float) -> list[FilmId]:
        return [film_id for film_id, until_s in self.until_s.items() if until_s > now_s]

    def begin(self, film_id: FilmId, now_s: float) -> None:
        turn = self.turns[film_id] = self.turns.get(film_id, -1) + 1
        self.until_s[film_id] = now_s + min(2.0**turn, _REST_MAX_S)

    def end(self, film_id: FilmId) -> None:
        self.until_s.pop(film_id, None)
        self.turns.pop(film_id, None)


async def dispatch(studio: Studio, room: anyio.CapacityLimiter) -> None:
    """Take up waiting films until cancelled; then each film that runs here is given back.

    Args:
        studio: Where films are made.
        room: How many films this process makes at once, whatever started them.
    """
    dispatcher = _Dispatcher(studio=studio, room=room)
    every_s, sleep = studio.timings.watch_s, studio.clock.sleep
    try:
        await repeat(dispatcher.look, name="dispatcher", every_s=every_s, backoff_max_s=_BACKOFF_MAX_S, sleep=sleep)
    finally:
        await dispatcher.films.cancel()
        with anyio.CancelScope(shield=True), suppress(DatabaseUnusable):  # then it is merely no longer seen
            await tell_gone(studio.books, _process_id(studio))


@dataclass(slots=True, kw_only=True)
class _Dispatcher:
    """One process's dispatcher: what it runs now, and when it did what it does seldom."""

    studio: Studio
    room: anyio.CapacityLimiter
    films: TaskSet = field(default_factory=lambda: TaskSet("film run"))
    rest: _Rest = field(default_factory=_Rest)
    seen_s: float = 0.0
    swept_s: float = 0.0

    async def look(self) -> None:
        """Tell that it is alive, and start what waits to be made."""
        studio, now_s = self.studio, self.studio.clock.now()
        if now_s - self.seen_s >= _ALIVE_S:
            await tell_alive(studio.books, _process_id(studio), ProcessKind.DISPATCHER)
            self.seen_s = now_s
        if now_s - self.swept_s >= _SWEEP_S:
            await asyncio.to_thread(sweep, studio.work, now_s=now_s)
            self.swept_s = now_s
        for claim in await _claimed(studio, self.room, self.rest.resting(now_s)):
            self.films.start(_made(studio, claim, self.room, self.rest))


def _process_id(studio: Studio) -> str:
    """Return the dispatcher's name among the processes: a holder's own may be longer than their column."""
    return f"dsp_{hashlib.sha256(studio.holder.encode()).hexdigest()[:16]}"


async def _claimed(studio: Studio, room: anyio.CapacityLimiter, resting: Sequence[FilmId]) -> Sequence[Claim]:
    free = min(int(room.available_tokens), _STARTS_A_LOOK)
    if free < 1:
        return []
    # What a run of this process makes is its own, even where a stall let the lease lapse: its heartbeat renews it.
    ours = {*resting, *studio.keeper.film_ids()}
    dead = [holder for holder in await living_holders(studio.books) if is_dead(holder)]
    return await claim_films(studio.books, studio.maker, limit=free, dead=dead, refused=ours)


async def _made(studio: Studio, claim: Claim, room: anyio.CapacityLimiter, rest: _Rest) -> None:
    """Run a claimed film's flow to its end; a film that isn't finished then rests a while."""
    unfinished = True
    try:
        await _run_claimed(studio, claim, room)
        unfinished = not (await films.film(studio.books, claim.lease.film_id)).status.terminal
    except DatabaseUnusable as error:
        log_event(_LOG, "film_waits", level=logging.WARNING, film_id=claim.lease.film_id, reason=error)
    finally:  # whatever broke it off: without a rest the next look would take it up at once
        if unfinished:
            rest.begin(claim.lease.film_id, studio.clock.now())
        else:
            rest.end(claim.lease.film_id)


async def _run_claimed(studio: Studio, claim: Claim, room: anyio.CapacityLimiter) -> None:
    try:
        async with room:
            with studio.keeper.claimed(claim.lease):
                await run_film(claim)
    except (Abort, Pause, *PREFECT_TROUBLE) as trouble:
        log_event(_LOG, "film_waits", level=logging.WARNING, film_id=claim.lease.film_id, reason=f"Prefect: {trouble}")
    finally:
        with anyio.CancelScope(shield=True):
            await release_lease(studio.books, claim.lease, in_order=False)


async def run_film(claim: Claim) -> None:
    """Run a film's flow as a flow run of its own, here; however the film ends, that is told by its rows.

    Raises:
        PrefectException, httpx.HTTPError: Prefect can't be told.
    """
    parameters = {"film_id": claim.lease.film_id}
    async with get_client() as client:
        if claim.run_before:
            await close_dead_runs(client, claim.lease.film_id)
        flow_run = await client.create_flow_run(
            produce_film, name=claim.lease.film_id, parameters=parameters, tags=[claim.lease.film_id], state=Pending()
        )
    await run_flow_async(produce_film, flow_run=flow_run, parameters=parameters, return_type="state")
