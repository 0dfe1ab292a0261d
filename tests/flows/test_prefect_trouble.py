"""A Prefect that is slow, away or asked at the wrong moment: no film is hindered, and in the end it shows the truth."""

import asyncio
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling

from film.errors import DatabaseUnusable
from film.ids import FilmId
from film.status import Status
from ledger import films
from ledger.approvals import answer
from ledger.database import Books
from ledger.rows import Approval
from tasks.reporting import Report
from tasks.studio import Studio
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
    studio: Studio, vendors: Vendors, prefect_api: str
) -> None:
    """Requests about a running film are held until long after its end and pass in the wrong order: 100 % stays."""
    del vendors
    async with slow_prefect(prefect_api) as proxy:
        with temporary_settings({PREFECT_API_URL: proxy.url}):
            film_id = await ordered(studio)
            running = asyncio.create_task(made(studio, film_id))

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
            await studio.owed.close(within_s=30)
            assert await truth()


class _Away(Books):
    """Books that are away for their first looks."""

    def __init__(self, books: Books, looks: int) -> None:
        self.books, self.looks = books, looks

    def reading(self):
        if self.looks:
            self.looks -= 1
            raise DatabaseUnusable(where="the ledger", reason="restarting")
        return self.books.reading()


async def test_a_report_outlives_a_ledger_that_is_away(studio: Studio) -> None:
    """The ledger fails under the report of a film that has ended: the block isn't hurt, the last word comes later."""
    film = await made(studio, await ordered(studio, duration=4))
    run = await run_of(film.id)
    books = _Away(studio.books, looks=3)
    report = Report(books, studio.links, studio.owed, film.id, UUID(str(run.id)))
    async with report.shown(since_ms=film.updated_at_ms):
        report.moved()

    async def told() -> bool:
        return books.looks == 0 and not studio.owed

    await until(told, deadline_s=60)
    assert (await artifacts_of(film.id))["progress"].data == 100


async def test_films_of_one_process_end_apart(studio: Studio, vendors: Vendors) -> None:
    """The first film's end takes nothing from the others: the Cancel button works, each run ends rightly named."""
    vendors.script(SLOW_SECOND)

    async def asks(film_id: FilmId) -> bool:
        return (await films.film(studio.books, film_id)).awaiting_approval

    first = await ordered(studio, duration=4, approve=True)
    runs = {first: asyncio.create_task(made(studio, first))}
    await until(lambda: asks(first))
    longer, last = await ordered(studio), await ordered(studio, approve=True)
    runs |= {film_id: asyncio.create_task(made(studio, film_id)) for film_id in (longer, last)}
    await until(lambda: asks(last))
    await answer(studio.books, first, Approval.APPROVED)
    assert (await runs[first]).status is Status.COMPLETED
    async with get_client() as client:
        await client.set_flow_run_state((await run_of(longer)).id, Cancelling(), force=True)
    assert (await runs[longer]).status is Status.CANCELED
    vendors.script()
    await answer(studio.books, last, Approval.APPROVED)
    assert (await runs[last]).status is Status.COMPLETED
    for film_id, state in ((first, "Completed"), (longer, "Cancelled"), (last, "Completed")):
        assert (await run_of(film_id)).state_name == state
