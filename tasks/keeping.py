"""One look at the rows for all films of a process: it renews their leases and finds those that were lost or moved."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from film.clock import Clock
from film.ids import FilmId
from ledger.database import Books
from ledger.dispatch import pulses
from ledger.leases import Lease, renew_leases
from runtime.background import repeating
from runtime.logs import log_event
from tasks.timings import Timings

_LOG: Final = logging.getLogger("longvideo.films")


@dataclass(slots=True, kw_only=True, eq=False)
class _Kept:
    lease: Lease
    #: A claim is held until the film's run begins; a run has somebody to tell.
    running: bool
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
        self._renewed_s = clock.now()

    def __len__(self) -> int:
        return len(self.film_ids())

    def film_ids(self) -> frozenset[FilmId]:
        """Return the films this process makes, or is about to make."""
        return frozenset(kept.lease.film_id for kept in self._kept)

    def has(self, film_id: FilmId) -> bool:
        """Whether a run of this process makes the film now."""
        return any(kept.lease.film_id == film_id and kept.running for kept in self._kept)

    @contextmanager
    def claimed(self, lease: Lease) -> Iterator[None]:
        """Keep a film that is about to be run; the run's own lease makes the claim's an old one."""
        with self._keeping(_Kept(lease=lease, running=False, lost=_nothing, moved=_nothing)):
            yield

    @contextmanager
    def kept(self, lease: Lease, *, lost: Callable[[], None], moved: Callable[[], None]) -> Iterator[None]:
        """Keep a film for the length of the block.

        Args:
            lease: The run's right to write.
            lost: Called once the film is no longer the lease's: taken over, or ended from elsewhere.
            moved: Called when its rows were written, by whomever.
        """
        with self._keeping(_Kept(lease=lease, running=True, lost=lost, moved=moved)):
            yield

    @contextmanager
    def _keeping(self, kept: _Kept) -> Iterator[None]:
        self._kept.add(kept)
        try:
            yield
        finally:
            self._kept.discard(kept)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Renew the leases for the length of the block; without it, nobody here goes on making films."""
        self._renewed_s, look_s = self._clock.now(), self._timings.watch_s
        try:
            # However often it fails, it is tried again as soon: a lease is short.
            async with repeating(self._beat, name="lease heartbeat", every_s=look_s, backoff_max_s=look_s):
                yield
        finally:
            self._lose_all()

    async def _beat(self) -> None:
        now_s = self._clock.now()
        renew = now_s - self._renewed_s >= self._timings.renew_s
        try:
            await self._look(renew=renew)
            self._renewed_s = now_s if renew else self._renewed_s
        finally:
            # The database may come back, as from a full pool or a deadlock; but whoever can't renew must have stopped
            # before another takes the film over. Asked when it has failed, not before the try.
            if self._clock.now() - self._renewed_s >= self._timings.lease_s - self._timings.watch_s:
                self._lose_all()

    def _lose_all(self) -> None:
        for kept in list(self._kept):
            self._lose(kept)

    def _lose(self, kept: _Kept) -> None:
        lease = kept.lease
        log_event(_LOG, "lease_lost", level=logging.WARNING, film_id=lease.film_id, epoch=lease.epoch)
        self._kept.discard(kept)
        kept.lost()

    async def _look(self, *, renew: bool) -> None:
        looked_at = list(self._kept)
        if not looked_at:
            return
        leases = {kept.lease for kept in looked_at}
        held = await renew_leases(self._books, leases, lease_s=self._timings.lease_s) if renew else leases
        found = await pulses(self._books, {kept.lease.film_id for kept in looked_at})
        for kept in looked_at:
            pulse = found.get(kept.lease.film_id)
            if pulse is None or pulse.epoch != kept.lease.epoch or kept.lease not in held:
                self._lose(kept)
            if pulse is not None and pulse.updated_at_ms != kept.updated_at_ms:
                kept.updated_at_ms = pulse.updated_at_ms
                kept.moved()


def _nothing() -> None:
    """A claim has nobody to tell."""
