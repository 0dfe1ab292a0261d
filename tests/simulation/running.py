"""How a film is run in a history: the program's own run and stages' order, by one process after the other.

What a stage does is the history's: it buys as the program does, and what would take ffmpeg or a writer is left out.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from film.errors import (
    ClipRejected,
    DatabaseUnavailable,
    FilmEnded,
    FilmFailed,
    InvariantBroken,
    LeaseTaken,
    LongVideoError,
    StaleEpoch,
)
from film.ids import FilmId
from film.job_specs import Purpose, SoundSpec
from film.status import ErrorCode, Status
from flows.long_video import run_stages
from ledger.database.records import Deliverables
from ledger.films import queries
from ledger.films.settlement import complete_film
from ledger.purchases.attempts import Purchase
from purchasing.buy import buy
from purchasing.context import PurchaseSpec
from tasks.run.faults import as_stage_failure
from tasks.run.film_run import FilmRun
from tasks.run.presenter import NoPresenter
from tasks.run.stage import gather_all, stage, subtask
from tasks.stages import Stages
from tests.simulation.process import Process
from tests.simulation.vendor import DAMAGED
from tests.simulation.world import World

_RESULT: Final = Deliverables(
    film="f", poster="p", sheet="s", storyboard="b", srt=None, vtt=None, size_bytes=1, sha256="0" * 64
)
#: The dispatcher's own wait before it tries a film again that still has an owner.
_DISPATCH_S: Final = 2


async def make_film(world: World, film_id: FilmId, *, text: str) -> None:
    """Make a film with as many processes as it takes, until it has ended."""
    while not (await queries.get_film(world.database, film_id)).status.terminal:
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
    """A run may be outrun or refused, and its film may end; anything else in it is a fault of the protocol."""
    error = None if run.cancelled() else run.exception()
    if error is None:
        return
    if not isinstance(error, StaleEpoch | LeaseTaken | FilmEnded | DatabaseUnavailable) or _unforeseen(error):
        world.found(error)


def _unforeseen(error: FilmEnded | BaseException) -> bool:
    """Whether what ended a film is none of the vendors' doing: a broken invariant, or an error nobody thought of."""
    if isinstance(error, FilmFailed) and error.code is ErrorCode.INTERNAL_ERROR:
        return "runs in a row" not in error.message
    causes, cause = [], error.__cause__
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__
    return any(
        isinstance(each, InvariantBroken | SQLAlchemyError) or not isinstance(each, LongVideoError) for each in causes
    )


async def _customer(world: World, process: Process, film_id: FilmId) -> None:
    await process.cancel_wanted.wait()
    await world.variant.cancel(world.database, film_id)
    await world.look()


async def _run(world: World, process: Process, film_id: FilmId, *, text: str) -> None:
    ctx: Any = world.ctx(process)
    async with ctx.heartbeat.running():
        await run_stages(ctx, film_id, NoPresenter(), _stages(world, process, text))


def _stages(world: World, process: Process, text: str) -> Stages:
    """Return a history's stages: each sets its status and ends with its run as the program's do."""

    async def bought(run: FilmRun, purpose: Purpose, slot: int, words: str) -> None:
        vendor = world.vendor_for(process, purpose)
        spec = PurchaseSpec(
            purchase=Purchase(purpose=purpose, slot=slot, job_spec=SoundSpec(text=words), fingerprint=words),
            key_prefix=purpose.value,
            suffix=".bin",
            validate=_gate,
            queue_turn=run.turns[vendor.rate_limit],
        )
        await buy(run.ctx.purchasing, run.lease, spec, vendor)

    @subtask("segment", run_name="segment {0}")
    async def segment(run: FilmRun, index: int) -> None:
        with as_stage_failure(Status.GENERATING, segment=index):
            await bought(run, Purpose.SEGMENT, index, f"{text} {index}")

    @subtask("narration", run_name="narration {0}")
    async def line(run: FilmRun, index: int) -> None:
        # Equal lines, within a film and in all films: a vendor that lists by text shows each of them all of them.
        with as_stage_failure(Status.AUDIO, segment=index):
            await bought(run, Purpose.NARRATION, index, "Once upon a time")

    @stage(Status.ANCHORING)
    async def anchoring(run: FilmRun, *_: object) -> Sequence[Any]:
        await bought(run, Purpose.ANCHOR, 0, "a face")
        return ()

    @stage(Status.GENERATING, of_subtasks=True)
    async def generating(run: FilmRun, *_: object) -> Any:
        plan = run.opened.plan
        lines = [asyncio.create_task(line(run, index)) for index in range(min(len(plan), 2))]
        await gather_all(*lines, *(asyncio.create_task(segment(run, slot.index)) for slot in plan))

    @stage(Status.DELIVERING)
    async def delivering(run: FilmRun, *_: object) -> Deliverables:
        await complete_film(run.ctx.database, run.lease, _RESULT)
        return _RESULT

    return Stages(
        scripting=_passed(Status.SCRIPTING),
        moderation=_passed(Status.MODERATION),
        anchoring=anchoring,
        generating=generating,
        audio=_passed(Status.AUDIO),
        composing=_passed(Status.COMPOSING),
        delivering=delivering,
    )


def _passed(status: Status) -> Any:
    @stage(status)
    async def passed(run: FilmRun, *_: object) -> None:
        del run

    return passed


def _gate(file: Path) -> None:
    if file.read_bytes() == DAMAGED:
        raise ClipRejected(check="length", expected="whole", found="half")
