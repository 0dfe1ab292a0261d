"""A Prefect that is slow, away or asked at the wrong moment: no film is hindered, and in the end it shows the truth."""

import asyncio
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling

from app.context import AppContext
from film.errors import DatabaseUnavailable
from film.ids import FilmId
from film.status import Status
from ledger.database.engine import Database
from ledger.database.records import Approval
from ledger.films import queries
from ledger.films.approvals import answer
from tasks.prefect.artifacts import ArtifactReporter
from tests.flows.conftest import Vendors, made, ordered, until
from tests.flows.slow_prefect import slow_prefect
from tests.flows.test_prefect_view import artifacts_of
from tests.flows.test_runs import SLOW_SECOND


async def run_of(film_id: FilmId) -> FlowRun:
    """Return the one flow run of a film."""
    async with get_client() as client:
        found = await client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[film_id])))
    assert len(found) == 1
    return found[0]


async def test_the_last_word_is_told_however_slow_prefect_is(
    ctx: AppContext, vendors: Vendors, prefect_api: str
) -> None:
    """Requests about a running film are held until long after its end and pass in the wrong order: 100 % stays."""
    del vendors
    async with slow_prefect(prefect_api) as proxy:
        with temporary_settings({PREFECT_API_URL: proxy.url}):
            film_id = await ordered(ctx)
            running = asyncio.create_task(made(ctx, film_id))

            async def shown() -> bool:
                return "progress" in await artifacts_of(film_id)

            await until(shown)
            proxy.open.clear()
            film = await running
            assert film.status is Status.COMPLETED
            assert proxy.held, "nothing was told late: this proves nothing"
            await proxy.let_through()

            async def truth() -> bool:
                artifacts = await artifacts_of(film_id)
                return set(artifacts) == {"progress", "storyboard", "credits", "film"} and (
                    artifacts["progress"].data,
                    artifacts["progress"].description,
                    str(artifacts["storyboard"].data).count("✓ ready"),
                ) == (100, f"{film_id} completed", 2)

            await until(truth, deadline_s=60)
            await ctx.owed.finish(timeout_s=30)
            assert await truth()


class _Away(Database):
    """Books that are away for their first looks."""

    def __init__(self, database: Database, looks: int) -> None:
        self.database, self.looks = database, looks

    def snapshot(self):
        if self.looks:
            self.looks -= 1
            raise DatabaseUnavailable(where="the ledger", reason="restarting")
        return self.database.snapshot()


async def test_a_report_outlives_a_ledger_that_is_away(ctx: AppContext) -> None:
    """The ledger fails under the report of a film that has ended: the block isn't hurt, the last word comes later."""
    film = await made(ctx, await ordered(ctx, duration=4))
    run = await run_of(film.id)
    database = _Away(ctx.database, looks=3)
    report = ArtifactReporter(database, ctx.links, ctx.owed, film.id, UUID(str(run.id)))
    async with report.reporting(since_ms=film.updated_at_ms):
        report.notify()

    async def told() -> bool:
        return database.looks == 0 and not ctx.owed

    await until(told, deadline_s=60)
    assert (await artifacts_of(film.id))["progress"].data == 100


async def test_films_of_one_process_end_apart(ctx: AppContext, vendors: Vendors) -> None:
    """The first film's end takes nothing from the others: the Cancel button works, each run ends rightly named."""
    vendors.script(SLOW_SECOND)

    async def asks(film_id: FilmId) -> bool:
        return (await queries.get_film(ctx.database, film_id)).awaiting_approval

    first = await ordered(ctx, duration=4, approve=True)
    runs = {first: asyncio.create_task(made(ctx, first))}
    await until(lambda: asks(first))
    longer, last = await ordered(ctx), await ordered(ctx, approve=True)
    runs |= {film_id: asyncio.create_task(made(ctx, film_id)) for film_id in (longer, last)}
    await until(lambda: asks(last))
    await answer(ctx.database, first, Approval.APPROVED)
    assert (await runs[first]).status is Status.COMPLETED
    async with get_client() as client:
        await client.set_flow_run_state((await run_of(longer)).id, Cancelling(), force=True)
    assert (await runs[longer]).status is Status.CANCELED
    vendors.script()
    await answer(ctx.database, last, Approval.APPROVED)
    assert (await runs[last]).status is Status.COMPLETED
    for film_id, state in ((first, "Completed"), (longer, "Cancelled"), (last, "Completed")):
        assert (await run_of(film_id)).state_name == state
