"""One run of one film: its lease, its stop signal, its settling. Every end of a run goes through here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from prefect.exceptions import PrefectException

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
from ledger.ending import fail_film
from ledger.leases import Lease, release_lease, renew_lease, take_lease
from ledger.rows import Fault, Film
from providers.transport import HTTP_ERRORS
from tasks.blame import StageFault, fault_of
from tasks.deadline import DeadlineWatch
from tasks.holder import is_dead
from tasks.studio import Studio

T = TypeVar("T")

#: Prefect's own trouble, or the database's, is no fault of the film: it is given back, and the dispatcher takes it up
#: again.
UNSETTLED: Final = (PrefectException, DatabaseUnusable, *HTTP_ERRORS)


class RunStopped(LongVideoError):
    """The run must write nothing more: its film was canceled, failed elsewhere, or taken over."""


class FilmRun:
    """What a stage works on: the studio, the film as it was opened, and the lease under which it writes."""

    def __init__(self, studio: Studio, lease: Lease, film: Film) -> None:
        self.studio = studio
        self.lease = lease
        self.opened = film
        self.stage = Status.QUEUED
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
async def film_run(studio: Studio, film_id: FilmId) -> AsyncIterator[FilmRun]:
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
    run = FilmRun(studio, lease, await films.film(studio.books, film_id))
    keeper = asyncio.create_task(_keep(run))
    try:
        yield run
    except asyncio.CancelledError:
        # The process is going away, or somebody cancelled the coroutine: the film stays for the next run.
        await _give_back(studio, lease)
        raise
    except Exception as error:
        first = _first(error)
        if isinstance(first, UNSETTLED):
            await _give_back(studio, lease)
            raise
        raise await _settled(run, first) from error
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def _leased(studio: Studio, film_id: FilmId) -> Lease:
    books, holder, lease_s = studio.books, studio.holder, studio.timings.lease_s
    try:
        return await take_lease(books, film_id, holder=holder, lease_s=lease_s)
    except LeaseTaken as taken:
        if not is_dead(taken.holder):
            raise
        return await take_lease(books, film_id, holder=holder, lease_s=lease_s, instead_of=taken.holder)


async def _give_back(studio: Studio, lease: Lease) -> None:
    with suppress(DatabaseUnusable):  # then the lease lapses by itself
        await release_lease(studio.books, lease)


async def _keep(run: FilmRun) -> None:
    """Renew the lease, and notice soon when the film is no longer this run's."""
    timings, books = run.studio.timings, run.studio.books
    renewed_s = run.studio.clock.now()
    deadline = DeadlineWatch(run.studio, run.opened)
    while True:
        await asyncio.sleep(timings.watch_s)
        try:
            if run.studio.clock.now() - renewed_s >= timings.renew_s:
                await renew_lease(books, run.lease, lease_s=timings.lease_s)
                renewed_s = run.studio.clock.now()
                deadline_s = await deadline.passed_s()
                if deadline_s is not None:
                    late = DeadlineExceeded(what=f"The film {run.film_id}", deadline_s=deadline_s)
                    run.stop(fault_of(late, run.stage, code=ErrorCode.DEADLINE_EXCEEDED))
                    return
            elif (await films.epoch_of(books, run.film_id)) != run.lease.epoch:
                run.stop()
                return
        except StaleEpoch:
            run.stop()
            return
        except DatabaseUnusable:
            # It may come back; but whoever can't renew must have stopped before another takes the film over.
            if run.studio.clock.now() - renewed_s >= timings.lease_s - timings.watch_s:
                run.stop()
                return


async def _settled(run: FilmRun, error: Exception) -> LongVideoError:
    """Settle the film after `error` and return what the run's caller is told."""
    if isinstance(error, FilmEnded):
        return error
    if run.fault is not None:  # then whatever the stages said of their stop came later
        fault = run.fault
    elif isinstance(error, StaleEpoch | RunStopped):
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
