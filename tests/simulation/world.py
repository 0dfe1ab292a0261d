"""One history: films, their vendors, the processes that make them and what befalls those, all from one seed."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.lease_heartbeat import LeaseHeartbeat
from film.errors import DatabaseUnavailable, InvariantBroken
from film.ids import FilmId
from film.job_specs import Purpose
from film.profiles import Provider
from ledger.database.engine import Database
from ledger.purchases.rate_limit import RateLimit
from purchasing.context import MeteredVendor, PurchaseContext
from store.objects import ObjectFacts
from tests.simulation.checks import ATTEMPTS_MAX, StepChecks
from tests.simulation.process import Fates, Process
from tests.simulation.variants import Variant
from tests.simulation.vendor import Door, FakeVendor, Manners
from tests.simulation.virtual_loop import VirtualClock

#: How each kind of order can be found again: by a seed of ours, by its text, not at all.
MANNERS = {
    Purpose.SEGMENT: Manners(submits=3),
    Purpose.NARRATION: Manners(submits=4, by_nonce=False),
    Purpose.ANCHOR: Manners(submits=2, lists=False),
}


#: How long whoever wants a locked database waits for it.
_BUSY_S = 15.0


@dataclass(kw_only=True)
class World:
    """What all processes of a history share: the ledger, the vendors, the store, the time."""

    database: Database
    clock: VirtualClock
    rng: random.Random
    variant: Variant
    work: Path
    films: list[FilmId] = field(default_factory=list)
    objects: dict[str, ObjectFacts] = field(default_factory=dict)
    vendors: dict[Purpose, FakeVendor] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    #: What was found wrong; the first one ends the history.
    faults: list[str] = field(default_factory=list)
    broken: asyncio.Event = field(default_factory=asyncio.Event)
    steps: int = 0

    def __post_init__(self) -> None:
        """Open the vendors and decide how much trouble there is."""
        self.fates = Fates(rng=self.rng, left=self.rng.choice([0, 1, 1, 2, 2, 3, 4, 6]))
        self._checks = StepChecks(self.database, self.objects)
        self.vendors = {
            purpose: FakeVendor(
                name=purpose.value, manners=manners, timings=self.variant.timings, clock=self.clock, rng=self.rng
            )
            for purpose, manners in MANNERS.items()
        }

    def process(self) -> Process:
        """Start another process."""
        name = f"process {len(self.processes)}"
        self.processes.append(Process(name, self.clock, self.fates, lease_s=self.variant.timings.lease_s))
        return self.processes[-1]

    def purchasing(self, process: Process) -> PurchaseContext:
        """Return a process's own purchase context: everything it touches passes its points."""
        return PurchaseContext(
            database=WatchedDatabase(self, process),
            clock=self.variant.clock(self.clock, process),
            objects=self.variant.objects(self.objects, process),
            timings=self.variant.timings,
            attempts_max=ATTEMPTS_MAX,
            work_dir=self.work,
        )

    def ctx(self, process: Process) -> "ProcessContext":
        """Return a process's own app context."""
        return ProcessContext(self, process)

    def vendor_for(self, process: Process, purpose: Purpose) -> MeteredVendor:
        """Return a process's own door to the vendor of a purpose."""
        shop, timings = self.vendors[purpose], self.variant.timings
        rate_limit = RateLimit(
            vendor=shop.name,
            model="only",
            key_print="key",
            submits=shop.manners.submits,
            window_ms=round(timings.window_s * 1000),
            guard_ms=round(timings.guard_s * 1000),
            retry_delay_ms=round(timings.retry_delay_s * 1000),
        )
        return MeteredVendor(adapter=self.variant.door(Door(shop=shop, process=process)), rate_limit=rate_limit)

    def found(self, fault: BaseException) -> None:
        """Note that something does not hold, and end the history."""
        self.faults.append(f"{type(fault).__name__}: {fault}")
        self.broken.set()

    async def look(self) -> None:
        """Check every invariant of a step."""
        self.steps += 1
        try:
            await self._checks.check(self.films)
        except (InvariantBroken, SQLAlchemyError) as error:
            self.found(error)


class ProcessContext:
    """What a film's run uses of its process: a history's app context, with the program's own heartbeat."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self.purchasing = world.purchasing(process)
        self.database, self.clock, self.timings = (
            self.purchasing.database,
            self.purchasing.clock,
            self.purchasing.timings,
        )
        self.work_dir, self.owner_id = self.purchasing.work_dir, process.name
        self.heartbeat = LeaseHeartbeat(self.database, self.clock, self.timings)

    def rate_limit_of(self, provider: Provider) -> RateLimit:
        """Return how often segments may be ordered."""
        del provider
        return self._world.vendor_for(self._process, Purpose.SEGMENT).rate_limit

    def is_dead(self, owner: str) -> bool:
        """Whether an owner died on the same machine, where that can be seen."""
        return any(each.name == owner and each.seen_dead and not each.alive for each in self._world.processes)


class WatchedDatabase(Database):
    """One process's way to the ledger: a seed may end it before and after each transaction, and all is checked."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    def now_ms(self) -> int:
        """Return the database's own time."""
        return self._world.database.now_ms()

    @property
    def is_sqlite(self) -> bool:
        """As the real database say."""
        return self._world.database.is_sqlite

    async def _require_there(self) -> None:
        clock, fates = self._world.clock, self._world.fates
        if clock.now() < fates.away_until_s:
            raise DatabaseUnavailable(where="the ledger", reason="it is away")
        if clock.now() < fates.locked_until_s:
            await clock.sleep(min(fates.locked_until_s - clock.now(), _BUSY_S))
            if clock.now() < fates.locked_until_s:
                raise DatabaseUnavailable(where="the ledger", reason="it is locked")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Run one transaction and check the ledger after its commit, whose answer an outage may swallow."""
        await self._process.point("begin")
        await self._require_there()
        async with self._world.database.transaction() as conn:
            yield conn
        await self._world.look()
        await self._process.point("committed")
        if self._world.clock.now() < self._world.fates.away_until_s:
            raise DatabaseUnavailable(where="the ledger", reason="it went away")

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Run one look."""
        await self._process.point("look")
        await self._require_there()
        async with self._world.database.snapshot() as conn:
            yield conn
        await self._process.point("looked")
