"""The protocol as it is, and where a control may bend it: waits, clock, vendor, lease, store and ends."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from film.clock import Clock
from film.ids import FilmId
from ledger.database.engine import Database
from ledger.database.records import FilmError
from ledger.films.settlement import cancel_film, fail_film
from ledger.leases import Lease
from providers.ports import JobVendor
from purchasing.timings import Timings
from store.objects import ObjectFacts, Objects
from tasks.run import film_run
from tests.simulation.memory_store import MemoryObjects
from tests.simulation.process import Process
from tests.simulation.vendor import Door
from tests.simulation.virtual_loop import VirtualClock

#: Short waits: a lease lapses before an absence is proven, and both come often enough within a history.
TIMINGS: Final = Timings(
    lease_s=12,
    renew_s=4,
    send_deadline_s=2,
    post_timeout_s=6,
    list_lag_s=10,
    skew_s=2,
    overlap_s=4,
    poll_db_s=2,
    poll_s=4,
    job_deadline_s=90,
    window_s=10,
    guard_s=1,
    retry_delay_s=2,
    vendor_outage_max_s=60,
)


def _as_it_is(door: Door) -> JobVendor[Any]:
    return door


def _true_clock(clock: VirtualClock, process: Process) -> Clock:
    del process
    return clock


def _own_lease(lease: Lease) -> Lease:
    return lease


def _objects(objects: dict[str, ObjectFacts], process: Process) -> Objects:
    return MemoryObjects(objects, process)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to run the protocol; the defaults are the protocol itself."""

    timings: Timings = field(default=TIMINGS)
    door: Callable[[Door], JobVendor[Any]] = _as_it_is
    clock: Callable[[VirtualClock, Process], Clock] = _true_clock
    lease: Callable[[Lease], Lease] = _own_lease
    objects: Callable[[dict[str, ObjectFacts], Process], Objects] = _objects
    fail: Callable[[Database, Lease, FilmError], Awaitable[None]] = fail_film
    cancel: Callable[[Database, FilmId], Awaitable[bool]] = cancel_film

    @contextmanager
    def bent(self) -> Iterator[None]:
        """Have the program's run take its lease and fail its films as this variant does, for the length of the block.

        The run has no seam for being wrong: a control bends this process's copy of it.
        """
        usual = film_run.take_lease, film_run.fail_film

        async def take(*arguments: Any, **options: Any) -> Lease:
            return self.lease(await usual[0](*arguments, **options))

        film_run.take_lease, film_run.fail_film = take, self.fail
        try:
            yield
        finally:
            film_run.take_lease, film_run.fail_film = usual


PROTOCOL: Final = Variant()
