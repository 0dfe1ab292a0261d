"""One look at the rows for all films of a process: it renews their leases and finds those that were lost or moved."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from film.clock import Clock
from film.ids import FilmId
from ledger.database.engine import Database
from ledger.films.claims import lease_status
from ledger.leases import Lease, renew_leases
from purchasing.timings import Timings
from runtime.background import repeating
from runtime.logs import log_event

_LOG: Final = logging.getLogger("longvideo.films")


@dataclass(slots=True, kw_only=True, eq=False)
class _Entry:
    lease: Lease
    #: A claim is held until the film's run begins; a run has somebody to tell.
    running: bool
    lost: Callable[[], None]
    moved: Callable[[], None]
    updated_at_ms: int = 0


class LeaseHeartbeat:
    """Keeps every film this process makes, or is about to make, for as long as it lives."""

    def __init__(self, database: Database, clock: Clock, timings: Timings) -> None:
        self._database = database
        self._clock = clock
        self._timings = timings
        self._entries: set[_Entry] = set()
        self._renewed_s = clock.now()

    def __len__(self) -> int:
        return len(self.film_ids())

    def film_ids(self) -> frozenset[FilmId]:
        """Return the films this process makes, or is about to make."""
        return frozenset(entry.lease.film_id for entry in self._entries)

    def is_running(self, film_id: FilmId) -> bool:
        """Whether a run of this process makes the film now."""
        return any(entry.lease.film_id == film_id and entry.running for entry in self._entries)

    @contextmanager
    def keep_claim_alive(self, lease: Lease) -> Iterator[None]:
        """Keep a film that is about to be run; the run's own lease makes the claim's an old one."""
        with self._registered(_Entry(lease=lease, running=False, lost=_nothing, moved=_nothing)):
            yield

    @contextmanager
    def keep_alive(self, lease: Lease, *, lost: Callable[[], None], moved: Callable[[], None]) -> Iterator[None]:
        """Keep a film for the length of the block.

        Args:
            lease: The run's right to write.
            lost: Called once the film is no longer the lease's: taken over, or ended from elsewhere.
            moved: Called when its rows were written, by whomever.
        """
        with self._registered(_Entry(lease=lease, running=True, lost=lost, moved=moved)):
            yield

    @contextmanager
    def _registered(self, entry: _Entry) -> Iterator[None]:
        self._entries.add(entry)
        try:
            yield
        finally:
            self._entries.discard(entry)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Renew the leases for the length of the block; without it, nobody here goes on making films."""
        self._renewed_s, look_s = self._clock.now(), self._timings.poll_db_s
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
            if self._clock.now() - self._renewed_s >= self._timings.lease_s - self._timings.poll_db_s:
                self._lose_all()

    def _lose_all(self) -> None:
        for entry in list(self._entries):
            self._lose(entry)

    def _lose(self, entry: _Entry) -> None:
        lease = entry.lease
        log_event(_LOG, "lease_lost", level=logging.WARNING, film_id=lease.film_id, epoch=lease.epoch)
        self._entries.discard(entry)
        entry.lost()

    async def _look(self, *, renew: bool) -> None:
        looked_at = list(self._entries)
        if not looked_at:
            return
        leases = {entry.lease for entry in looked_at}
        held = await renew_leases(self._database, leases, lease_s=self._timings.lease_s) if renew else leases
        found = await lease_status(self._database, {entry.lease.film_id for entry in looked_at})
        for entry in looked_at:
            status = found.get(entry.lease.film_id)
            if status is None or status.epoch != entry.lease.epoch or entry.lease not in held:
                self._lose(entry)
            if status is not None and status.updated_at_ms != entry.updated_at_ms:
                entry.updated_at_ms = status.updated_at_ms
                entry.moved()


def _nothing() -> None:
    """A claim has nobody to tell."""
