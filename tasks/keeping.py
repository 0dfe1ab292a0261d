"""One look at the rows for all films of a process: it renews their leases and finds those that were lost or moved."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from film.clock import Clock
from film.errors import DatabaseUnusable
from film.ids import FilmId
from ledger.database import Books
from ledger.dispatch import pulses
from ledger.leases import Lease, renew_leases
from tasks.timings import Timings

_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class _Kept:
    lease: Lease
    lost: Callable[[], None]
    moved: Callable[[], None]
    updated_at_ms: int = 0


class Keeper:
    """Keeps every film this process makes, or is about to make, for as long as it lives."""

    def __init__(self, books: Books, clock: Clock, timings: Timings) -> None:
        self._books = books
        self._clock = clock
        self._timings = timings
        self._kept: set[_Kept] = set()

    def __len__(self) -> int:
        return len({kept.lease.film_id for kept in self._kept})

    def has(self, film_id: FilmId) -> bool:
        """Whether a run of this process makes the film now."""
        return any(kept.lease.film_id == film_id and kept.lost is not _nothing for kept in self._kept)

    @contextmanager
    def claimed(self, lease: Lease) -> Iterator[None]:
        """Keep a film that is about to be run; the run's own lease makes the claim's an old one."""
        with self.kept(lease, lost=_nothing, moved=_nothing):
            yield

    @contextmanager
    def kept(self, lease: Lease, *, lost: Callable[[], None], moved: Callable[[], None]) -> Iterator[None]:
        """Keep a film for the length of the block.

        Args:
            lease: The run's right to write.
            lost: Called once the film is no longer the lease's: taken over, or ended from elsewhere.
            moved: Called when its rows were written, by whomever.
        """
        kept = _Kept(lease=lease, lost=lost, moved=moved)
        self._kept.add(kept)
        try:
            yield
        finally:
            self._kept.discard(kept)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look at the rows for the length of the block."""
        looking = asyncio.create_task(self._look_for_ever())
        looking.add_done_callback(self._ended)
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _look_for_ever(self) -> None:
        renewed_s = self._clock.now()
        while True:
            await asyncio.sleep(self._timings.watch_s)
            now_s = self._clock.now()
            renew = now_s - renewed_s >= self._timings.renew_s
            try:
                await self._look(renew=renew)
            except (DatabaseUnusable, SQLAlchemyError) as error:
                _LOG.warning("The films' leases can't be renewed: %s", error)
                # It may come back, as from a full pool or a deadlock; but whoever can't renew must have stopped before
                # another takes the film over.
                if self._clock.now() - renewed_s >= self._timings.lease_s - self._timings.watch_s:
                    self._lose_all()
            else:
                renewed_s = now_s if renew else renewed_s

    def _ended(self, looking: "asyncio.Task[None]") -> None:
        """Whatever ended it: nobody looks any more, so nobody here may go on making films."""
        if not looking.cancelled():
            self._lose_all()

    def _lose_all(self) -> None:
        for kept in list(self._kept):
            self._kept.discard(kept)
            kept.lost()

    async def _look(self, *, renew: bool) -> None:
        looked_at = list(self._kept)
        if not looked_at:
            return
        if renew:
            await renew_leases(self._books, {kept.lease for kept in looked_at}, lease_s=self._timings.lease_s)
        found = await pulses(self._books, {kept.lease.film_id for kept in looked_at})
        for kept in looked_at:
            pulse = found.get(kept.lease.film_id)
            if pulse is None or pulse.epoch != kept.lease.epoch:
                self._kept.discard(kept)
                kept.lost()
            if pulse is not None and pulse.updated_at_ms != kept.updated_at_ms:
                kept.updated_at_ms = pulse.updated_at_ms
                kept.moved()


def _nothing() -> None:
    """A claim has nobody to tell."""
