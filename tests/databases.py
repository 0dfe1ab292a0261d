"""Both databases for every room's tests: one SQLite template and one PostgreSQL a worker, an empty database a test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.databases import running_postgres
from ledger.database.engine import Database, migrate_schema, open_database, sqlite_url


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
    apart(lambda: migrate_schema(sqlite_url(path)))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Run a real PostgreSQL and yield its URL without a database's name."""
    with running_postgres(durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """Return the name of a migrated database to copy."""
    apart(lambda: asyncio.run(administer(postgres, "CREATE DATABASE empty")))
    apart(lambda: migrate_schema(postgres.format(database="empty")))
    return "empty"


def apart(work: Callable[[], None]) -> None:
    """Run something that needs a loop of its own while the tests' loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


async def administer(postgres: str, statement: str) -> None:
    """Run a statement that belongs to no transaction."""
    engine = create_async_engine(postgres.format(database="postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@asynccontextmanager
async def _database(postgres: str, name: str, *, template: str = "template1") -> AsyncIterator[str]:
    """Make a database for the length of a block; a copy of files costs a third of what a copy through the log does."""
    await administer(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield postgres.format(database=name)
    await administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Return the URL of an empty, migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "books.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield sqlite_url(path)
        return
    server: str = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    async with _database(server, f"t{abs(hash(request.node.nodeid)) % 10**12}", template=template) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Return the URL of a database without any schema."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "none.db")
        return
    async with _database(request.getfixturevalue("postgres"), f"e{abs(hash(request.node.nodeid)) % 10**12}") as made:
        yield made


@pytest.fixture
async def database(url: str, clock: HandClock) -> AsyncIterator[Database]:
    """Return open, empty database."""
    opened = await open_database(url, clock, migrate=False)
    yield opened
    await opened.close()
