"""Opening the books: schema, versions, and what is said when they can't be opened."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from film.errors import DatabaseUnusable
from ledger.database import migrate_schema, open_books, sqlite_url
from ledger.schema import metadata
from tests.unit.ledger.conftest import HandClock


async def test_migrations_make_the_schema(url: str) -> None:
    """What the migrations build is what the program expects: no table, column or index differs."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        different = await connection.run_sync(lambda sync: compare_metadata(MigrationContext.configure(sync), metadata))
    await engine.dispose()
    assert different == []


async def test_several_processes_migrate_a_new_home_once(tmp_path: Path) -> None:
    """Processes that start together on a new home all find it ready."""
    url = sqlite_url(tmp_path / "new.db")
    code = f"from ledger.database import migrate_schema; migrate_schema({url!r})"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    ends = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], ends


async def test_a_newer_schema_is_refused_by_name(url: str, clock: HandClock) -> None:
    """An older program doesn't touch books that a newer one has written."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(DatabaseUnusable, match="newer version"):
        await asyncio.to_thread(migrate_schema, url)
    with pytest.raises(DatabaseUnusable, match="9999"):
        await open_books(url, clock, migrate=False)


async def test_an_empty_database_asks_for_migration(tmp_path: Path, clock: HandClock) -> None:
    """Books without a schema name the command that makes it."""
    with pytest.raises(DatabaseUnusable, match="longvideo migrate"):
        await open_books(sqlite_url(tmp_path / "none.db"), clock, migrate=False)


async def test_an_unreachable_database_is_a_sentence(tmp_path: Path, clock: HandClock) -> None:
    """A folder that isn't there is said, without a trace and without a password."""
    with pytest.raises(DatabaseUnusable, match="unable to open"):
        await open_books(sqlite_url(tmp_path / "no" / "where.db"), clock, migrate=True)
