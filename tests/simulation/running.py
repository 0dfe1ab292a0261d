"""How a film is run in a history, as tasks/run does it: lease, renew, walk, settle; a new process when one falters."""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from film.errors import ClipRejected, InvariantBroken, LeaseTaken, LongVideoError, StaleEpoch
from film.ids import FilmId
from film.orders import Purpose, VoiceOrder
from film.status import Status
from ledger import films, stages
from ledger.attempts import Purchase
from ledger.ending import complete_film
from ledger.gate import GateRule
from ledger.leases import Lease, renew_leases, take_lease
from ledger.rows import Deliverables
from tasks.blame import fault_of
from tasks.desk import Desk, Wanted
from tasks.render import buy
from tests.simulation.process import Process
from tests.simulation.vendor import DAMAGED
from tests.simulation.world import World

Turns = defaultdict[GateRule, asyncio.Lock]

_RESULT: Final = Deliverables(
    film="f", poster="p", sheet="s", storyboard="b", srt=None, vtt=None, size_bytes=1, sha256="0" * 64
)
#: The dispatcher's own wait before it tries a film again that still has a holder.
_DISPATCH_S: Final = 2


async def make_film(world: World, film_id: FilmId, *, text: str) -> None:
    """Make a film with as many processes as it takes, until it has ended."""
    while not (await films.film(world.books, film_id)).status.terminal:
        process = world.process()
        run = asyncio.create_task(_run(world, process, film_id, text=text))
        faltered = asyncio.create_task(process.faltered.wait())
        canceled = asyncio.create_task(_customer(world, process, film_id))
        await asyncio.wait({run, faltered}, return_when=asyncio.FIRST_COMPLETED)
        faltered.cancel()
        if run.done():
            canceled.cancel()
            _judge(world, run)
        else:
            run.add_done_callback(lambda done: _judge(world, done))
        await world.clock.sleep(_DISPATCH_S)


def _judge(world: World, run: "asyncio.Task[None]") -> None:
    """A run may be outrun or refused; anything else that escapes it is a fault of the protocol."""
    error = None if run.cancelled() else run.exception()
    if error is not None and not isinstance(error, StaleEpoch | LeaseTaken):
        world.found(error)


async def _customer(world: World, process: Process, film_id: FilmId) -> None:
    await process.cancel_wanted.wait()
    await world.variant.cancel(world.books, film_id)
    await world.look()


async def _run(world: World, process: Process, film_id: FilmId, *, text: str) -> None:
    timings, desk = world.variant.timings, world.desk(process)
    lease = world.variant.lease(await take_lease(desk.books, film_id, holder=process.name, lease_s=timings.lease_s))
    work = asyncio.create_task(_walk(world, process, desk, lease, text=text))
    keeper = asyncio.create_task(_keep(desk, lease))
    await asyncio.wait({work, keeper}, return_when=asyncio.FIRST_COMPLETED)
    for task in (work, keeper):
        task.cancel()
    await asyncio.wait({work, keeper})
    error = None if work.cancelled() else work.exception()
    if error is None:
        return
    error = _first(error)
    if isinstance(error, StaleEpoch):
        return
    if isinstance(error, InvariantBroken | SQLAlchemyError) or not isinstance(error, LongVideoError):
        raise error
    await world.variant.fail(desk.books, lease, fault_of(error, Status.GENERATING))


async def _keep(desk: Desk, lease: Lease) -> None:
    """Renew the lease; return when the film is no longer this run's."""
    while True:
        await desk.clock.sleep(desk.timings.renew_s)
        if not await renew_leases(desk.books, [lease], lease_s=desk.timings.lease_s):
            return


def _first(error: BaseException) -> BaseException:
    """Return the first definite error of a group: a broken invariant before all, a lost lease last."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_first(inner) for inner in error.exceptions]
    broken = [leaf for leaf in leaves if isinstance(leaf, InvariantBroken) or not isinstance(leaf, LongVideoError)]
    definite = [leaf for leaf in leaves if not isinstance(leaf, StaleEpoch)]
    return (broken or definite or leaves)[0]


async def _walk(world: World, process: Process, desk: Desk, lease: Lease, *, text: str) -> None:
    plan = (await films.film(desk.books, lease.film_id)).plan
    turns: Turns = defaultdict(asyncio.Lock)
    for stage in (Status.SCRIPTING, Status.MODERATION, Status.ANCHORING):
        await stages.enter_stage(desk.books, lease, stage)
    await _buy(world, process, desk, lease, turns, Purpose.ANCHOR, slot=0, text="a face")
    await stages.enter_stage(desk.books, lease, Status.GENERATING)
    async with asyncio.TaskGroup() as group:
        # Equal lines, within a film and in all films: a vendor that lists by text shows each of them all of them.
        for line in range(min(len(plan), 2)):
            group.create_task(
                _buy(world, process, desk, lease, turns, Purpose.NARRATION, slot=line, text="Once upon a time")
            )
        for slot in plan:
            wish = f"{text} {slot.index}"
            group.create_task(_buy(world, process, desk, lease, turns, Purpose.SEGMENT, slot=slot.index, text=wish))
    for stage in (Status.AUDIO, Status.COMPOSING, Status.DELIVERING):
        await stages.enter_stage(desk.books, lease, stage)
    await complete_film(desk.books, lease, _RESULT)


async def _buy(
    world: World, process: Process, desk: Desk, lease: Lease, turns: Turns, purpose: Purpose, *, slot: int, text: str
) -> None:
    counter = world.counter(process, purpose)
    wanted = Wanted(
        purchase=Purchase(purpose=purpose, slot=slot, order=VoiceOrder(text=text), fingerprint=text),
        folder=purpose.value,
        suffix=".bin",
        gate=_gate,
        turn=turns[counter.rule],
    )
    await buy(desk, lease, wanted, counter)


def _gate(file: Path) -> None:
    if file.read_bytes() == DAMAGED:
        raise ClipRejected(check="length", expected="whole", found="half")
