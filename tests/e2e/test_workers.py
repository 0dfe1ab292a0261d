"""Many machines, as three worker processes with one PostgreSQL, one Prefect server, one store and one vendor."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from app.context import open_context
from app.settings import Mode, Settings
from film.clock import SystemClock
from film.ids import LOCAL_ACCOUNT
from film.status import Status
from ledger.audit.run import check_books
from ledger.database.engine import open_database
from ledger.films import queries
from ledger.films.claims import active_owners
from purchasing.timings import Timings
from service.prefect.server import PrefectServer, own_prefect_server
from simulators.launch import launched
from tasks.films.ordering import order_film, validate_request
from tests.databases import administer, apart
from tests.e2e.conftest import Command
from tests.e2e.test_up import until_ready
from tests.flows.conftest import until

FILMS = 6
#: How long Prefect's server is away; `make prove-outage` makes it 60.
OUTAGE_S = float(os.environ.get("LONGVIDEO_PROVE_OUTAGE_S", "5"))
WISH = {"prompt": "A gull", "duration": 9, "provider": "seedance-fast", "resolution": "480p", "language": "en"}


@pytest.fixture
def postgres_url(postgres: str, postgres_template: str) -> str:
    """Return the URL of a PostgreSQL database with the ledger's schema."""
    apart(lambda: asyncio.run(administer(postgres, f"CREATE DATABASE workers TEMPLATE {postgres_template}")))
    return postgres.format(database="workers")


@pytest.fixture
async def prefect(tmp_path: Path) -> AsyncIterator[PrefectServer]:
    """Run a Prefect server of this test's own, which may go away."""
    async with own_prefect_server(tmp_path) as server:
        await server.healthy()
        yield server


async def test_a_dead_worker_and_an_absent_prefect_cost_nothing(
    tmp_path: Path, postgres_url: str, prefect: PrefectServer
) -> None:
    """One of three machines is gone, then Prefect's server is away: each film is made once, each segment paid once.

    What the dead one held is taken up within its lease and 15 s: on another machine nobody sees that it is dead.
    """
    async with AsyncExitStack() as stack:
        simulators = await stack.enter_async_context(launched(tmp_path, time_scale=50))
        environment = {
            "PREFECT_API_URL": prefect.api_url,
            "LONGVIDEO_SIMULATORS_URL": simulators,
            "LONGVIDEO_TIME_SCALE": "50",
            "LONGVIDEO_DATABASE_URL": postgres_url,
            "LONGVIDEO_STORE_URL": f"file://{tmp_path / 'store'}",
        }
        workers = []
        for number in range(3):
            (tmp_path / f"{number}").mkdir()
            machine = Command(tmp_path / f"{number}", host=f"machine-{number}", **environment)
            workers.append(machine.start("worker"))
            stack.callback(end, workers[number])
        await asyncio.gather(*(asyncio.to_thread(until_ready, worker) for worker in workers))
        settings = Settings(
            mode=Mode.SIMULATED,
            home=tmp_path,
            database_url=postgres_url,
            simulators_url=simulators,
            time_scale=50,
            _env_file=None,
        )
        await order_all(settings)
        await survive(settings, workers, prefect)
        async with httpx.AsyncClient(base_url=simulators) as client:
            jobs = (await client.get("/_control/jobs", params={"service": "listenhub-video"})).json()["jobs"]
        assert len(jobs) == 2 * FILMS


async def order_all(settings: Settings) -> None:
    """Order the films and leave them to the workers."""
    async with open_context(settings) as ctx:
        request = validate_request({**WISH, "narration": False, "music": False}, settings)
        for _ in range(FILMS):
            await order_film(ctx, request, idem_key=None, at_once=False)


async def survive(settings: Settings, workers: list["subprocess.Popen[str]"], prefect: PrefectServer) -> None:
    """Kill a worker that holds a film, let Prefect's server be away, and wait until all films have ended."""
    database = await open_database(settings.ledger_url, SystemClock(), migrate=False)

    async def two_at_work() -> bool:
        return len(await active_owners(database)) >= 2

    async def over() -> bool:
        return all(film.status.terminal for film in await queries.list_films(database, LOCAL_ACCOUNT, limit=FILMS))

    try:
        await until(two_at_work, deadline_s=120)
        held = {owner.split(":")[1] for owner in await active_owners(database)}
        gone = next(worker for worker in workers if str(worker.pid) in held)
        gone.kill()

        async def taken_up() -> bool:
            return all(
                film.status.terminal or (film.lease_owner and str(gone.pid) != film.lease_owner.split(":")[1])
                for film in await queries.list_films(database, LOCAL_ACCOUNT, limit=FILMS)
            )

        await until(taken_up, deadline_s=Timings.simulated(settings.time_scale).lease_s + 60)
        await asyncio.to_thread(prefect.stop)
        await asyncio.sleep(OUTAGE_S)
        keeping = asyncio.create_task(prefect.kept_alive())
        await until(over, deadline_s=240)
        keeping.cancel()
        ended = await queries.list_films(database, LOCAL_ACCOUNT, limit=FILMS + 1)
        assert [film.status for film in ended] == [Status.COMPLETED] * FILMS
        await check_books(database)
    finally:
        await database.close()


def end(process: "subprocess.Popen[str]") -> None:
    """End a worker."""
    process.kill()
    process.communicate()
