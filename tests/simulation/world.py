"""One history: films, their vendors, the processes that make them and what befalls those, all from one seed."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import InvariantBroken
from film.ids import FilmId
from film.orders import Purpose
from film.profiles import Provider
from ledger.database import Books
from ledger.gate import GateRule
from store.objects import ObjectFacts
from tasks.desk import Counter, Desk
from tasks.keeping import Keeper
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


@dataclass(kw_only=True)
class World:
    """What all processes of a history share: the books, the vendors, the store, the time."""

    books: Books
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
        self._checks = StepChecks(self.books, self.objects)
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

    def desk(self, process: Process) -> Desk:
        """Return a process's own desk: everything it touches passes its points."""
        return Desk(
            books=WatchedBooks(self, process),
            clock=self.variant.clock(self.clock, process),
            objects=self.variant.shelf(self.objects, process),
            timings=self.variant.timings,
            attempts_max=ATTEMPTS_MAX,
            work=self.work,
        )

    def studio(self, process: Process) -> "ProcessStudio":
        """Return a process's own studio."""
        return ProcessStudio(self, process)

    def counter(self, process: Process, purpose: Purpose) -> Counter:
        """Return a process's own door to the vendor of a purpose."""
        shop, timings = self.vendors[purpose], self.variant.timings
        rule = GateRule(
            vendor=shop.name,
            model="only",
            key_print="key",
            submits=shop.manners.submits,
            window_ms=round(timings.window_s * 1000),
            guard_ms=round(timings.guard_s * 1000),
            patience_ms=round(timings.patience_s * 1000),
        )
        return Counter(vendor=self.variant.door(Door(shop=shop, process=process)), rule=rule)

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


class ProcessStudio:
    """What a film's run uses of its process: a history's stand-in for the studio, with the program's own heartbeat."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self.desk = world.desk(process)
        self.books, self.clock, self.timings = self.desk.books, self.desk.clock, self.desk.timings
        self.work, self.holder = self.desk.work, process.name
        self.keeper = Keeper(self.books, self.clock, self.timings)

    def rule_of(self, provider: Provider) -> GateRule:
        """Return how often segments may be ordered."""
        del provider
        return self._world.counter(self._process, Purpose.SEGMENT).rule

    def is_dead(self, holder: str) -> bool:
        """Whether a holder died on the same machine, where that can be seen."""
        return any(each.name == holder and each.seen_dead and not each.alive for each in self._world.processes)


class WatchedBooks(Books):
    """One process's way to the books: a seed may end it before and after each transaction, and all is checked."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    def now_ms(self) -> int:
        """Return the database's own time."""
        return self._world.books.now_ms()

    @property
    def is_sqlite(self) -> bool:
        """As the real books say."""
        return self._world.books.is_sqlite

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Run one transaction and check the books after its commit."""
        await self._process.point("begin")
        async with self._world.books.writing() as rows:
            yield rows
        await self._world.look()
        await self._process.point("committed")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Run one look."""
        await self._process.point("look")
        async with self._world.books.reading() as rows:
            yield rows
        await self._process.point("looked")
