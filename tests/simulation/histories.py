"""Playing histories: from a seed to a verdict."""

import asyncio
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from film.errors import InvariantBroken
from film.ids import LOCAL_ACCOUNT
from film.request import parse_request
from film.status import Status
from ledger.database.engine import Database
from ledger.films import queries
from ledger.films.orders import Payer, open_film
from tests.simulation.checks import check_payments, check_windows
from tests.simulation.inline_sqlite import InlineDatabase
from tests.simulation.running import make_film
from tests.simulation.variants import PROTOCOL, Variant
from tests.simulation.virtual_loop import Stuck, VirtualClock, VirtualLoop
from tests.simulation.world import World

_CUSTOMER: Final = Payer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
#: A film that has not ended after so much virtual time never will.
_STUCK_S: Final = 4 * 3600
#: Lengths of one to four segments; most films are small, so that many histories fit into a test.
_DURATIONS_S: Final = (5, 5, 5, 5, 12, 12, 20, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a history."""

    seed: int
    #: What did not hold; empty is proven.
    faults: Sequence[str]
    ends: Sequence[Status]
    #: What befell its processes, in order.
    happened: Sequence[str]
    jobs: int
    steps: int


def play(seed: int, variant: Variant = PROTOCOL) -> Verdict:
    """Play one history on SQLite, the same way every time."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    try:
        with variant.bent(), _quiet():
            return loop.run_until_complete(history(seed, InlineDatabase(clock), clock, variant))
    finally:
        loop.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Log nothing for the length of the block: a history's troubles are meant, and a line costs more than a step."""
    logger = logging.getLogger("longvideo")
    usual = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(usual)


async def history(seed: int, database: Database, clock: VirtualClock, variant: Variant) -> Verdict:
    """Play one history on empty database."""
    rng = random.Random(seed)
    with TemporaryDirectory(prefix="history-") as folder:
        world = World(database=database, clock=clock, rng=rng, variant=variant, work=Path(folder))
        makers = []
        for number in range(rng.choice([1, 1, 1, 1, 1, 2, 2, 3])):
            fields = {"prompt": f"film {number}", "duration": rng.choice(_DURATIONS_S), "language": "en"}
            opened = await open_film(database, parse_request(fields), _CUSTOMER, idem_key=None, simulated=True)
            world.films.append(opened.film_id)
            makers.append(asyncio.create_task(make_film(world, opened.film_id, text=f"film {number}, shot")))
        await _until_ended(world, makers)
        if not world.faults:
            await _last_look(world)
        ends = [(await queries.get_film(database, film_id)).status for film_id in world.films]
        await _bury(world)
    return Verdict(
        seed=seed,
        faults=world.faults,
        ends=ends,
        happened=world.fates.happened,
        jobs=sum(len(vendor.jobs) for vendor in world.vendors.values()),
        steps=world.steps,
    )


async def _until_ended(world: World, makers: "Sequence[asyncio.Task[None]]") -> None:
    broken = asyncio.create_task(world.broken.wait())
    made = asyncio.create_task(_all(makers))
    await asyncio.wait({broken, made}, timeout=_STUCK_S, return_when=asyncio.FIRST_COMPLETED)
    if made.done():
        made.result()
    elif not world.faults:
        world.found(Stuck("a film has not ended"))


async def _all(makers: "Sequence[asyncio.Task[None]]") -> None:
    for maker in makers:
        await maker


async def _last_look(world: World) -> None:
    """Let the late ones wake and fail, then compare everything with the vendors' own records."""
    await world.clock.sleep(20 * world.variant.timings.lease_s)
    await world.look()
    try:
        await check_payments(world.database, list(world.vendors.values()))
        for vendor in world.vendors.values():
            check_windows(vendor, submits=vendor.manners.submits, window_s=world.variant.timings.window_s)
    except InvariantBroken as error:
        world.found(error)


async def _bury(world: World) -> None:
    for process in world.processes:
        process.over = True
        process.kill()
    me = asyncio.current_task()
    rest = [task for task in asyncio.all_tasks() if task is not me]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
