"""The API over real database on both databases, and a store on disk, in the test's own process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.deps import Deps
from ledger.database.engine import Database, open_database
from store.links import Links
from store.objects import Objects
from tests.api.service_context import BASE, PEPPER, ServiceUnderTest
from tests.databases import HandClock


def service_over(database: Database, clock: HandClock, folder: Path) -> ServiceUnderTest:
    """Return a service over an open database."""
    objects = Objects(f"file://{folder / 'store'}")
    links = Links(objects=objects, public_url=BASE, secret=b"links", clock=clock)
    deps = Deps(database=database, links=links, pepper=PEPPER, simulated=True)
    return ServiceUnderTest(database=database, clock=clock, objects=objects, deps=deps, folder=folder)


@pytest.fixture
async def service(url: str, clock: HandClock, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    """Return a service on each of the databases."""
    database = await open_database(url, clock, migrate=False)
    opened = service_over(database, clock, tmp_path)
    yield opened
    await opened.close()
    await database.close()


@pytest.fixture
async def lite(sqlite_template: Path, clock: HandClock, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    """Return a service on SQLite alone, for what no database can change."""
    (tmp_path / "books.db").write_bytes(sqlite_template.read_bytes())
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'books.db'}", clock, migrate=False)
    opened = service_over(database, clock, tmp_path)
    yield opened
    await opened.close()
    await database.close()


@pytest.fixture
async def client(service: ServiceUnderTest) -> httpx.AsyncClient:
    """Return a client with a key of its own and 100,000 credits."""
    return service.client((await service.key()).secret)
