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

from app.context import AppContext
from app.lease_owner import is_dead_local_process
from film.errors import DatabaseUnavailable
from film.ids import FilmId
from flows.long_video import produce_film
from ledger.films import queries
from ledger.films.claims import Claim, active_owners, claim_films
from ledger.leases import release_lease
from ledger.operations.heartbeats import ProcessKind, deregister, record_heartbeat
from runtime.background import repeat
from runtime.logs import log_event
from runtime.task_set import TaskSet
from service.worker.stale_runs import close_dead_runs
from tasks.films.work_dir import clean_work_dir
from tasks.prefect.client import PREFECT_ERRORS

_LOG: Final = logging.getLogger("longvideo.dispatcher")
#: Films taken up at one look: each start costs Prefect's engine most of a second of CPU.
_STARTS_A_LOOK: Final = 4
_ALIVE_S: Final = 5.0
#: Between two sweeps of this machine's work files.
_SWEEP_S: Final = 6 * 3600.0
_RERUN_WAIT_MAX_S: Final = 60.0
#: The longest wait after looks that failed: films are taken up soon after an outage.
_BACKOFF_MAX_S: Final = 5.0


@dataclass(slots=True, kw_only=True)
class _Backoff:
    """Films whose last run ended unfinished: each rests twice as long as the time before."""

    until_s: dict[FilmId, float] = field(default_factory=dict)
    turns: dict[FilmId, int] = field(default_factory=dict)

    def waiting(self, now_s: float) -> list[FilmId]:
        return [film_id for film_id, until_s in self.until_s.items() if until_s > now_s]

    def begin(self, film_id: FilmId, now_s: float) -> None:
        turn = self.turns[film_id] = self.turns.get(film_id, -1) + 1
        self.until_s[film_id] = now_s + min(2.0**turn, _RERUN_WAIT_MAX_S)

    def end(self, film_id: FilmId) -> None:
        self.until_s.pop(film_id, None)
        self.turns.pop(film_id, None)


async def dispatch(ctx: AppContext, limiter: anyio.CapacityLimiter) -> None:
    """Take up waiting films until cancelled; then each film that runs here is given back.

    Args:
        ctx: Where films are made.
        limiter: How many films this process makes at once, whatever started them.
    """
    dispatcher = _Dispatcher(ctx=ctx, room=limiter)
    every_s, sleep = ctx.timings.poll_db_s, ctx.clock.sleep
    try:
        await repeat(dispatcher.look, name="dispatcher", every_s=every_s, backoff_max_s=_BACKOFF_MAX_S, sleep=sleep)
    finally:
        await dispatcher.films.cancel()
        with anyio.CancelScope(shield=True), suppress(DatabaseUnavailable):  # then it is merely no longer seen
            await deregister(ctx.database, _process_id(ctx))


@dataclass(slots=True, kw_only=True)
class _Dispatcher:
    """One process's dispatcher: what it runs now, and when it did what it does seldom."""

    ctx: AppContext
    room: anyio.CapacityLimiter
    films: TaskSet = field(default_factory=lambda: TaskSet("film run"))
    rest: _Backoff = field(default_factory=_Backoff)
    seen_s: float = 0.0
    swept_s: float = 0.0

    async def look(self) -> None:
        """Tell that it is alive, and start what waits to be made."""
        ctx, now_s = self.ctx, self.ctx.clock.now()
        if now_s - self.seen_s >= _ALIVE_S:
            await record_heartbeat(ctx.database, _process_id(ctx), ProcessKind.DISPATCHER)
            self.seen_s = now_s
        if now_s - self.swept_s >= _SWEEP_S:
            await asyncio.to_thread(clean_work_dir, ctx.work_dir, now_s=now_s)
            self.swept_s = now_s
        for claim in await _claim(ctx, self.room, self.rest.waiting(now_s)):
            self.films.start(_run_and_back_off(ctx, claim, self.room, self.rest))


def _process_id(ctx: AppContext) -> str:
    """Return the dispatcher's name among the processes: an owner's own may be longer than their column."""
    return f"dsp_{hashlib.sha256(ctx.owner_id.encode()).hexdigest()[:16]}"


async def _claim(ctx: AppContext, limiter: anyio.CapacityLimiter, waiting: Sequence[FilmId]) -> Sequence[Claim]:
    free = min(int(limiter.available_tokens), _STARTS_A_LOOK)
    if free < 1:
        return []
    # What a run of this process makes is its own, even where a stall let the lease lapse: its heartbeat renews it.
    ours = {*waiting, *ctx.heartbeat.film_ids()}
    dead = [owner for owner in await active_owners(ctx.database) if is_dead_local_process(owner)]
    return await claim_films(ctx.database, ctx.lease_owner, limit=free, dead=dead, exclude=ours)


async def _run_and_back_off(ctx: AppContext, claim: Claim, limiter: anyio.CapacityLimiter, backoff: _Backoff) -> None:
    """Run a claimed film's flow to its end; a film that isn't finished then rests a while."""
    unfinished = True
    try:
        await _run_claimed(ctx, claim, limiter)
        unfinished = not (await queries.get_film(ctx.database, claim.lease.film_id)).status.terminal
    except DatabaseUnavailable as error:
        log_event(_LOG, "film_waits", level=logging.WARNING, film_id=claim.lease.film_id, reason=error)
    finally:  # whatever broke it off: without a rest the next look would take it up at once
        if unfinished:
            backoff.begin(claim.lease.film_id, ctx.clock.now())
        else:
            backoff.end(claim.lease.film_id)


async def _run_claimed(ctx: AppContext, claim: Claim, limiter: anyio.CapacityLimiter) -> None:
    try:
        async with limiter:
            with ctx.heartbeat.keep_claim_alive(claim.lease):
                await run_film(claim)
    except (Abort, Pause, *PREFECT_ERRORS) as error:
        log_event(_LOG, "film_waits", level=logging.WARNING, film_id=claim.lease.film_id, reason=f"Prefect: {error}")
    finally:
        with anyio.CancelScope(shield=True):
            await release_lease(ctx.database, claim.lease, in_order=False)


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
