"""One run of one film: its lease, its stop signal, its settling. Every end of a run goes through here."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import anyio

from app.context import AppContext
from film.errors import (
    DatabaseUnavailable,
    DeadlineExceeded,
    FilmCanceled,
    FilmEnded,
    FilmFailed,
    LeaseTaken,
    LongVideoError,
    StaleEpoch,
)
from film.ids import FilmId
from film.status import ErrorCode, Status
from ledger.database.records import Film, FilmError
from ledger.films import queries
from ledger.films.settlement import cancel_film, fail_film
from ledger.leases import Lease, release_lease, take_lease
from ledger.purchases.rate_limit import RateLimit
from runtime.background import repeating
from runtime.logs import log_event
from tasks.run.deadline import DeadlineWatch
from tasks.run.faults import RunInterrupted, RunStopped, StageFailed, film_error
from tasks.run.presenter import Presenter

T = TypeVar("T")
_LOG: Final = logging.getLogger("longvideo.films")

#: Runs that died or broke without a new row; a film that kills whoever makes it must end.
_RUNS_IN_VAIN_MAX: Final = 5


#: Trouble that is no fault of the film: it is given back, and the dispatcher takes it up again.
RETRYABLE_RUN_ERRORS: Final = (DatabaseUnavailable, RunInterrupted)


class FilmRun:
    """What a stage works on: the app context, the film as it was opened, its lease, who shows it."""

    def __init__(self, ctx: AppContext, lease: Lease, film: Film, presenter: Presenter) -> None:
        self.ctx = ctx
        self.lease = lease
        self.opened = film
        self.presenter = presenter
        self.stage = Status.QUEUED
        #: Of the film's orders, one asks a rate limit at a time.
        self.turns: defaultdict[RateLimit, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stop = asyncio.Event()
        #: The film's error that no stage of it raised: its deadline.
        self.error: FilmError | None = None

    @property
    def film_id(self) -> FilmId:
        """The film's id."""
        return self.lease.film_id

    async def film(self) -> Film:
        """Return the film's row as it is now."""
        return await queries.get_film(self.ctx.database, self.film_id)

    def film_folder(self) -> Path:
        """Return this machine's folder for the film's own work files; it is there."""
        folder = self.ctx.work_dir / "films" / self.film_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def stop(self, error: FilmError | None = None) -> None:
        """End all work of this run: nothing more is submitted, what runs is abandoned; `error` is why, if it is one."""
        self.error = self.error or error
        self._stop.set()

    async def until_stopped(self, work: Awaitable[T]) -> T:
        """Await `work`, but no longer than the run may go on.

        Raises:
            RunStopped: The run was stopped first; `work` has been cancelled.
        """
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            raise RunStopped
        finally:
            stopping.cancel()
            if not doing.done():
                doing.cancel()
                # It is being thrown away: whatever it says on the way out is of no use.
                await asyncio.wait({doing})


@asynccontextmanager
async def film_run(ctx: AppContext, film_id: FilmId, presenter: Presenter) -> AsyncIterator[FilmRun]:
    """Lease a film and run it; however the block ends, the film is settled or given back.

    Raises:
        FilmNotFound: There is no such film.
        LeaseTaken: Another run is alive.
        FilmFailed, FilmCanceled: The film ended so; its credits are settled.
    """
    try:
        lease = await _take_lease(ctx, film_id)
    except StaleEpoch:
        raise await _ended_error(ctx, film_id) from None
    ctx.purchasing.failpoint("leased")
    film = await queries.get_film(ctx.database, film_id)
    run = FilmRun(ctx, lease, film, presenter)
    # What the last run may not have come to show is shown again.
    since_ms = 0 if film.status is Status.QUEUED else film.updated_at_ms
    async with presenter.showing(lease, since_ms=since_ms), _deadline(run):
        with ctx.heartbeat.keep_alive(lease, lost=run.stop, moved=presenter.notify):
            try:
                _check_runs(run.opened)
                yield run
            except asyncio.CancelledError:
                await _settle_cancelled(run)
                raise
            except Exception as error:
                first = _first(error)
                if isinstance(first, RETRYABLE_RUN_ERRORS):
                    await _give_back(ctx, lease, in_order=False)
                    raise
                raise await _settle(run, first) from error


async def _take_lease(ctx: AppContext, film_id: FilmId) -> Lease:
    database, owner, lease_s = ctx.database, ctx.owner_id, ctx.timings.lease_s
    if ctx.heartbeat.is_running(film_id):
        raise LeaseTaken(film_id=film_id, owner=owner)
    try:
        return await take_lease(database, film_id, owner=owner, lease_s=lease_s)
    except LeaseTaken as taken:
        if not ctx.is_dead(taken.owner):
            raise
        return await take_lease(database, film_id, owner=owner, lease_s=lease_s, instead_of=taken.owner)


async def _give_back(ctx: AppContext, lease: Lease, *, in_order: bool) -> None:
    with suppress(DatabaseUnavailable):  # then the lease lapses by itself
        await release_lease(ctx.database, lease, in_order=in_order)


def _deadline(run: FilmRun) -> AbstractAsyncContextManager[None]:
    """Stop the run when its film has taken longer than it may; watched for the length of the block."""
    watch, looks_s = DeadlineWatch(run.ctx, run.opened), run.ctx.timings.lease_s

    async def look() -> None:
        deadline_s = await watch.passed_s()
        if deadline_s is not None and run.error is None:
            late = DeadlineExceeded(what=f"The film {run.film_id}", deadline_s=deadline_s)
            log_event(_LOG, "film_deadline", level=logging.WARNING, film_id=run.film_id, deadline_s=deadline_s)
            run.stop(film_error(late, run.stage, code=ErrorCode.DEADLINE_EXCEEDED))

    return repeating(look, name=f"the deadline of {run.film_id}", every_s=looks_s)


def _check_runs(film: Film) -> None:
    if film.dispatch_n > _RUNS_IN_VAIN_MAX:
        words = f"{_RUNS_IN_VAIN_MAX} runs in a row ended without a step forward"
        raise StageFailed(error=FilmError(code=ErrorCode.INTERNAL_ERROR, message=words, stage=film.status))


async def _settle_cancelled(run: FilmRun) -> None:
    """Give the film back: the process is going away, or somebody cancelled the coroutine.

    A runner that was told to cancel this very flow run stops it so, too: then the film is canceled.
    """
    with anyio.CancelScope(shield=True):
        if await run.presenter.cancel_requested():
            with suppress(DatabaseUnavailable):  # whoever closes cancelled runs asks again
                await cancel_film(run.ctx.database, run.film_id)
        else:
            await _give_back(run.ctx, run.lease, in_order=True)


async def _settle(run: FilmRun, error: Exception) -> LongVideoError:
    """Settle the film after `error` and return what the run's caller is told."""
    if isinstance(error, FilmEnded):
        return error
    if run.error is not None:  # then whatever the stages said of their stop came later
        failure = run.error
    elif isinstance(error, StaleEpoch | RunStopped):
        # A film that hasn't ended was lost to the process, not to another: whoever looks next goes on with it.
        await _give_back(run.ctx, run.lease, in_order=True)
        return await _ended_error(run.ctx, run.film_id)
    else:
        failure = error.error if isinstance(error, StageFailed) else film_error(error, run.stage)
        _log_failed(run, error, failure)
    try:
        await fail_film(run.ctx.database, run.lease, failure)
    except StaleEpoch:
        return await _ended_error(run.ctx, run.film_id)
    return _failed_error(run.film_id, failure)


def _log_failed(run: FilmRun, error: Exception, failure: FilmError) -> None:
    """Tell the operator what the customer isn't told."""
    cause = error.__cause__ or error
    segment = None if failure.segment is None else failure.segment + 1
    log_event(
        _LOG,
        "film_failed",
        level=logging.WARNING,
        film_id=run.film_id,
        code=failure.code.value,
        stage=failure.stage.value,
        segment=segment,
        error=type(cause).__name__,
        reason=cause,
    )


def _first(error: Exception) -> Exception:
    """Return the first definite error of a group; siblings that were merely stopped don't count."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [_first(inner) for inner in error.exceptions]
    return next((leaf for leaf in leaves if not isinstance(leaf, StaleEpoch | RunStopped)), leaves[0])


async def _ended_error(ctx: AppContext, film_id: FilmId) -> LongVideoError:
    film = await queries.get_film(ctx.database, film_id)
    if film.status is Status.CANCELED:
        return FilmCanceled(film_id=film_id)
    if film.error is not None:
        return _failed_error(film_id, film.error)
    return StaleEpoch(film_id=film_id, epoch=film.epoch)


def _failed_error(film_id: FilmId, error: FilmError) -> FilmFailed:
    return FilmFailed(film_id=film_id, code=error.code, message=error.message, stage=error.stage, segment=error.segment)
