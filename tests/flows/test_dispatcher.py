"""Films that nobody makes are taken up, once, by somebody alive; a film that kills whoever makes it ends."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling, Running

from app.context import AppContext
from film.errors import FilmFailed
from film.ids import FilmId
from film.status import SegmentState, Status
from flows.long_video import produce_film
from ledger.films import queries
from ledger.leases import take_lease
from ledger.operations.heartbeats import ProcessKind, live_processes
from service.worker.dispatcher import dispatch
from tests.flows.conftest import Vendors, ordered, until
from tests.flows.test_runs import SLOW_SECOND, SLOW_WRITER


@asynccontextmanager
async def dispatching(ctx: AppContext) -> AsyncIterator[None]:
    """Dispatch for the length of the block."""
    running = asyncio.create_task(dispatch(ctx, anyio.CapacityLimiter(8)))
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def ended(ctx: AppContext, film_id: FilmId) -> Status:
    """Wait until a film has ended."""

    async def over() -> bool:
        return (await queries.get_film(ctx.database, film_id)).status.terminal

    await until(over, deadline_s=180)
    return (await queries.get_film(ctx.database, film_id)).status


async def runs_of(film_id: FilmId) -> list[FlowRun]:
    """Return a film's flow runs, by its tag."""
    async with get_client() as client:
        return await client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[film_id])))


async def test_every_waiting_film_is_made_once(ctx: AppContext, vendors: Vendors) -> None:
    """Two dispatchers of one process, three films: each film is completed by one flow run and paid for once."""
    before = len(vendors.jobs("listenhub-video"))
    ids = [await ordered(ctx, duration=4) for _ in range(3)]
    async with dispatching(ctx), dispatching(ctx):
        assert [await ended(ctx, film_id) for film_id in ids] == [Status.COMPLETED] * 3
        assert len(await live_processes(ctx.database, ProcessKind.DISPATCHER, within_s=30)) == 1
    assert [len(await runs_of(film_id)) for film_id in ids] == [1, 1, 1]
    assert len(vendors.jobs("listenhub-video")) - before == 3
    assert await live_processes(ctx.database, ProcessKind.DISPATCHER, within_s=30) == []


async def test_a_dead_process_film_is_taken_up_and_its_run_closed(ctx: AppContext) -> None:
    """The lease of a process that is gone needn't lapse; the run it left as Running shows as Crashed."""
    film_id = await ordered(ctx, duration=4)
    code = "from app.lease_owner import new_owner_id; print(new_owner_id())"
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    owner = (await gone.communicate())[0].decode().strip()
    await take_lease(ctx.database, film_id, owner=owner, lease_s=3600)
    async with get_client() as client:
        dead = await client.create_flow_run(produce_film, tags=[film_id], state=Running())
    async with dispatching(ctx):
        assert await ended(ctx, film_id) is Status.COMPLETED
    states = {run.id: run.state_name for run in await runs_of(film_id)}
    assert len(states) == 2
    assert states[dead.id] == "Crashed"


async def test_stopping_the_dispatcher_gives_films_back(ctx: AppContext, vendors: Vendors) -> None:
    """A stop settles nothing: the film waits, unheld, and its stop doesn't count as a run in vain."""
    vendors.script(SLOW_SECOND)
    film_id = await ordered(ctx)

    async def one_ready() -> bool:
        return any(row.state is SegmentState.READY for row in await queries.get_segments(ctx.database, film_id))

    async with dispatching(ctx):
        await until(one_ready)
    film = await queries.get_film(ctx.database, film_id)
    assert (film.status, film.lease_owner, film.dispatch_n) == (Status.GENERATING, None, 0)


async def test_a_living_holder_keeps_its_film(ctx: AppContext) -> None:
    """A film that another machine holds is left alone."""
    film_id, free = await ordered(ctx), await ordered(ctx, duration=4)
    await take_lease(ctx.database, film_id, owner="elsewhere:1:abc", lease_s=3600)
    async with dispatching(ctx):
        assert await ended(ctx, free) is Status.COMPLETED
    assert (await queries.get_film(ctx.database, film_id)).status is Status.QUEUED


async def test_the_sixth_run_in_vain_fails_the_film(ctx: AppContext) -> None:
    """A film whose runs die before anything is written ends as internal_error, its credits back."""
    film_id = await ordered(ctx)
    for run in range(5):
        await take_lease(ctx.database, film_id, owner=f"here:{run}:x", lease_s=0)
    state = await produce_film(film_id, return_state=True)
    with pytest.raises(FilmFailed, match="5 runs in a row"):
        await state.aresult()
    film = await queries.get_film(ctx.database, film_id)
    assert film.error is not None
    assert (film.status, film.error.code, film.cost_actual_mc) == (Status.FAILED, "internal_error", 0)


async def test_the_cancel_button_cancels_the_film(ctx: AppContext, vendors: Vendors) -> None:
    """A run set to Cancelling in Prefect: the film is canceled and the run returns Cancelled itself."""
    vendors.script(SLOW_WRITER)
    film_id = await ordered(ctx)

    async def shown() -> bool:
        return (await queries.get_film(ctx.database, film_id)).status is Status.SCRIPTING and bool(
            await runs_of(film_id)
        )

    async with dispatching(ctx):
        await until(shown)
        async with get_client() as client:
            await client.set_flow_run_state((await runs_of(film_id))[0].id, Cancelling())
        assert await ended(ctx, film_id) is Status.CANCELED

        async def settled() -> bool:
            return [run.state_name for run in await runs_of(film_id)] == ["Cancelled"]

        await until(settled)
