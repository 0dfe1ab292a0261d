"""One run of one film: its lease, its stop signal, its settling. Every end of a run goes through here."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import anyio

from film.errors import (
    DatabaseUnusable,
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
from ledger import films
from ledger.ending import cancel_film, fail_film
from ledger.gate import GateRule
from ledger.leases import Lease, release_lease, take_lease
from ledger.rows import Fault, Film
from runtime.background import repeating
from runtime.logs import log_event
from tasks.blame import RunInterrupted, RunStopped, StageFault, fault_of
from tasks.deadline import DeadlineWatch
from tasks.presenter import Presenter
from tasks.studio import Studio

T = TypeVar("T")
_LOG: Final = logging.getLogger("longvideo.films")

#: Runs that died or broke without a new row; a film that kills whoever makes it must end.
_RUNS_IN_VAIN_MAX: Final = 5


#: Trouble that is no fault of the film: it is given back, and the dispatcher takes it up again.
UNSETTLED: Final = (DatabaseUnusable, RunInterrupted)


class FilmRun:
    """What a stage works on: the studio, the film as it was opened, the lease under which it writes, who shows it."""

    def __init__(self, studio: Studio, lease: Lease, film: Film, presenter: Presenter) -> None:
        self.studio = studio
        self.lease = lease
        self.opened = film
        self.presenter = presenter
        self.stage = Status.QUEUED
        #: Of the film's orders, one asks a gate at a time.
        self.turns: defaultdict[GateRule, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stop = asyncio.Event()
        #: The film's fault that no stage of it raised: its deadline.
        self.fault: Fault | None = None

    @property
    def film_id(self) -> FilmId:
        """The film's id."""
        return self.lease.film_id

    async def film(self) -> Film:
        """Return the film's row as it is now."""
        return await films.film(self.studio.books, self.film_id)

    def film_folder(self) -> Path:
        """Return this machine's folder for the film's own work files; it is there."""
        folder = self.studio.work / "films" / self.film_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def stop(self, fault: Fault | None = None) -> None:
        """End all work of this run: nothing more is submitted, what runs is abandoned; `fault` is why, if it is one."""
        self.fault = self.fault or fault
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
async def film_run(studio: Studio, film_id: FilmId, presenter: Presenter) -> AsyncIterator[FilmRun]:
    """Lease a film and run it; however the block ends, the film is settled or given back.

    Raises:
        FilmNotFound: There is no such film.
        LeaseTaken: Another run is alive.
        FilmFailed, FilmCanceled: The film ended so; its credits are settled.
    """
    try:
        lease = await _leased(studio, film_id)
    except StaleEpoch:
        raise await _ended(studio, film_id) from None
    studio.desk.fault("leased")
    film = await films.film(studio.books, film_id)
    run = FilmRun(studio, lease, film, presenter)
    # What the last run may not have come to show is shown again.
    since_ms = 0 if film.status is Status.QUEUED else film.updated_at_ms
    async with presenter.showing(lease, since_ms=since_ms), _deadline(run):
        with studio.keeper.kept(lease, lost=run.stop, moved=presenter.notify):
            try:
                _check_runs(run.opened)
                yield run
            except asyncio.CancelledError:
                await _stopped(run)
                raise
            except Exception as error:
                first = _first(error)
                if isinstance(first, UNSETTLED):
                    await _give_back(studio, lease, in_order=False)
                    raise
                raise await _settled(run, first) from error


async def _leased(studio: Studio, film_id: FilmId) -> Lease:
    books, holder, lease_s = studio.books, studio.holder, studio.timings.lease_s
    if studio.keeper.has(film_id):
        raise LeaseTaken(film_id=film_id, holder=holder)
    try:
        return await take_lease(books, film_id, holder=holder, lease_s=lease_s)
    except LeaseTaken as taken:
        if not studio.is_dead(taken.holder):
            raise
        return await take_lease(books, film_id, holder=holder, lease_s=lease_s, instead_of=taken.holder)


async def _give_back(studio: Studio, lease: Lease, *, in_order: bool) -> None:
    with suppress(DatabaseUnusable):  # then the lease lapses by itself
        await release_lease(studio.books, lease, in_order=in_order)


def _deadline(run: FilmRun) -> AbstractAsyncContextManager[None]:
    """Stop the run when its film has taken longer than it may; watched for the length of the block."""
    watch, looks_s = DeadlineWatch(run.studio, run.opened), run.studio.timings.lease_s

    async def look() -> None:
        deadline_s = await watch.passed_s()
        if deadline_s is not None and run.fault is None:
            late = DeadlineExceeded(what=f"The film {run.film_id}", deadline_s=deadline_s)
            log_event(_LOG, "film_deadline", level=logging.WARNING, film_id=run.film_id, deadline_s=deadline_s)
            run.stop(fault_of(late, run.stage, code=ErrorCode.DEADLINE_EXCEEDED))

    return repeating(look, name=f"the deadline of {run.film_id}", every_s=looks_s)


def _check_runs(film: Film) -> None:
    if film.dispatch_n > _RUNS_IN_VAIN_MAX:
        words = f"{_RUNS_IN_VAIN_MAX} runs in a row ended without a step forward"
        raise StageFault(fault=Fault(code=ErrorCode.INTERNAL_ERROR, message=words, stage=film.status))


async def _stopped(run: FilmRun) -> None:
    """Give the film back: the process is going away, or somebody cancelled the coroutine.

    A runner that was told to cancel this very flow run stops it so, too: then the film is canceled.
    """
    with anyio.CancelScope(shield=True):
        if await run.presenter.cancel_requested():
            with suppress(DatabaseUnusable):  # whoever closes cancelled runs asks again
                await cancel_film(run.studio.books, run.film_id)
        else:
            await _give_back(run.studio, run.lease, in_order=True)


async def _settled(run: FilmRun, error: Exception) -> LongVideoError:
    """Settle the film after `error` and return what the run's caller is told."""
    if isinstance(error, FilmEnded):
        return error
    if run.fault is not None:  # then whatever the stages said of their stop came later
        fault = run.fault
    elif isinstance(error, StaleEpoch | RunStopped):
        # A film that hasn't ended was lost to the process, not to another: whoever looks next goes on with it.
        await _give_back(run.studio, run.lease, in_order=True)
        return await _ended(run.studio, run.film_id)
    else:
        fault = error.fault if isinstance(error, StageFault) else fault_of(error, run.stage)
    try:
        await fail_film(run.studio.books, run.lease, fault)
    except StaleEpoch:
        return await _ended(run.studio, run.film_id)
    return _failed(run.film_id, fault)


def _first(error: Exception) -> Exception:
    """Return the first definite error of a group; siblings that were merely stopped don't count."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [_first(inner) for inner in error.exceptions]
    return next((leaf for leaf in leaves if not isinstance(leaf, StaleEpoch | RunStopped)), leaves[0])


async def _ended(studio: Studio, film_id: FilmId) -> LongVideoError:
    film = await films.film(studio.books, film_id)
    if film.status is Status.CANCELED:
        return FilmCanceled(film_id=film_id)
    if film.fault is not None:
        return _failed(film_id, film.fault)
    return StaleEpoch(film_id=film_id, epoch=film.epoch)


def _failed(film_id: FilmId, fault: Fault) -> FilmFailed:
    return FilmFailed(film_id=film_id, code=fault.code, message=fault.message, stage=fault.stage, segment=fault.segment)
