"""Opening the ledger: schema, versions, and what is said when they can't be opened."""

import asyncio
import shutil
import sqlite3
import sys
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from film.errors import DatabaseUnavailable
from film.ids import LOCAL_ACCOUNT, AccountId
from film.request import FilmRequest
from film.status import Status
from ledger.audit.run import audit_rows, check_books
from ledger.credits.transfers import balance_of, ensure_account
from ledger.database import engine, schema
from ledger.database.clock import DatabaseClock
from ledger.database.engine import Database, migrate_schema, open_database, sqlite_url
from ledger.database.schema import metadata
from ledger.films.orders import open_film
from ledger.films.queries import list_films
from ledger.purchases.attempts import list_attempts
from tests.databases import HandClock
from tests.unit.ledger.conftest import LOCAL
from tests.unit.ledger.old_database import write_old_database


async def test_migrations_make_the_schema(url: str) -> None:
    """What the migrations build is what the program expects: no table, column or index differs."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        different = await connection.run_sync(lambda sync: compare_metadata(MigrationContext.configure(sync), metadata))
    await engine.dispose()
    assert different == []


async def test_migrations_make_the_primary_keys(url: str) -> None:
    """Alembic's comparison leaves them out: each table's is, in order, what the program expects."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        made = await connection.run_sync(
            lambda sync: {
                name: inspect(sync).get_pk_constraint(name)["constrained_columns"] for name in metadata.tables
            }
        )
    await engine.dispose()
    assert made == {name: [column.name for column in table.primary_key] for name, table in metadata.tables.items()}


@pytest.mark.processes
async def test_several_processes_migrate_a_new_home_once(tmp_path: Path) -> None:
    """Processes that start together on a new home all find it ready."""
    url = sqlite_url(tmp_path / "new.db")
    code = f"from ledger.database.engine import migrate_schema; migrate_schema({url!r})"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    ends = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], ends


async def test_a_newer_schema_is_refused_by_name(url: str, clock: HandClock) -> None:
    """An older program doesn't touch a database that a newer one has written."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(DatabaseUnavailable, match="newer version"):
        await asyncio.to_thread(migrate_schema, url)
    with pytest.raises(DatabaseUnavailable, match="9999"):
        await open_database(url, clock, migrate=False)


async def test_an_empty_database_asks_for_migration(tmp_path: Path, clock: HandClock) -> None:
    """Books without a schema name the command that makes it."""
    with pytest.raises(DatabaseUnavailable, match="longvideo migrate"):
        await open_database(sqlite_url(tmp_path / "none.db"), clock, migrate=False)


async def test_an_unreachable_database_is_a_sentence(tmp_path: Path, clock: HandClock) -> None:
    """A folder that isn't there is said, without a trace and without a password."""
    with pytest.raises(DatabaseUnavailable, match="unable to open"):
        await open_database(sqlite_url(tmp_path / "no" / "where.db"), clock, migrate=True)


async def test_a_full_disk_is_a_named_error_and_moves_no_credit(
    tmp_path: Path, sqlite_template: Path, clock: HandClock, request_17s: FilmRequest
) -> None:
    """An order that doesn't fit on the disk leaves no film and no hold; with room it passes, and the ledger add up."""
    path = tmp_path / "full.db"
    shutil.copy(sqlite_template, path)
    database = await open_database(sqlite_url(path), clock, migrate=False)
    async with database.transaction() as conn:
        pages = (await conn.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    async def order_until_it_is_full() -> None:
        for _ in range(200):
            await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)

    with pytest.raises(DatabaseUnavailable, match="full"):
        await order_until_it_is_full()
    before = len(await list_films(database, LOCAL_ACCOUNT, limit=1000))
    await check_books(database)
    async with database.transaction() as conn:
        await conn.exec_driver_sql("PRAGMA max_page_count = 100000")
    await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)
    assert len(await list_films(database, LOCAL_ACCOUNT, limit=1000)) == before + 1
    await database.close()


async def test_a_writer_that_is_cancelled_while_it_waits_leaves_no_lock(
    tmp_path: Path, sqlite_template: Path, clock: HandClock, request_17s: FilmRequest
) -> None:
    """Its transaction may still begin, on the connection's thread, after the task is gone: it must end there too."""
    path = tmp_path / "books.db"
    shutil.copy(sqlite_template, path)
    database = await open_database(sqlite_url(path), clock, migrate=False)
    await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)
    other = sqlite3.connect(path, isolation_level=None, timeout=10)
    for _ in range(5):
        other.execute("BEGIN IMMEDIATE")
        order = asyncio.create_task(open_film(database, request_17s, LOCAL, idem_key=None, simulated=True))
        done, _ = await asyncio.wait({order}, timeout=0.1)  # it waits for the lock
        assert not done
        order.cancel()
        other.execute("ROLLBACK")
        with pytest.raises(asyncio.CancelledError):
            await order
        other.execute("BEGIN IMMEDIATE")  # raises if the lock was left behind
        other.execute("ROLLBACK")
    other.close()
    await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)
    assert len(await list_films(database, LOCAL_ACCOUNT, limit=10)) == 2
    await check_books(database)
    await database.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_transaction_that_gives_way_is_a_named_error(database: Database) -> None:
    """Two that wait for each other: PostgreSQL ends one, which wrote nothing and may be begun again."""
    names = ("one", "other")
    async with database.transaction() as conn:
        for name in names:
            await ensure_account(conn, AccountId(name), now_ms=0)
    both = asyncio.Barrier(2)

    async def lock(*order: str) -> None:
        async with database.transaction() as conn:
            for name in order:
                locked = select(schema.account.c.id).where(schema.account.c.id == name).with_for_update()
                await conn.execute(locked)
                if name == order[0]:
                    await both.wait()

    ends = await asyncio.gather(lock(*names), lock(*reversed(names)), return_exceptions=True)
    (gave_way,) = [end for end in ends if end is not None]
    assert isinstance(gave_way, DatabaseUnavailable)
    assert "deadlock" in gave_way.reason


async def test_a_pool_that_is_empty_is_a_named_error(
    url: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every connection is lent, and none comes back in time: to be asked again, like any database that is away."""
    monkeypatch.setattr(engine, "_POOL_WAIT_S", 0.1)
    opened = await open_database(url, clock, migrate=False)

    async def lend_all() -> None:
        async with AsyncExitStack() as lent:
            for _ in range(11):
                await lent.enter_async_context(opened.snapshot())

    with pytest.raises(DatabaseUnavailable, match="timeout"):
        await lend_all()
    async with opened.snapshot():
        pass
    await opened.close()


async def test_read_only_books_are_a_named_error(url: str, clock: HandClock, request_17s: FilmRequest) -> None:
    """Books on a read-only disk, or a server that is a replica, can be read, and say why they can't be written."""
    if url.startswith("sqlite"):
        url = sqlite_url(Path(f"file:{url.partition(':///')[2]}")) + "?mode=ro&immutable=1&uri=true"
    else:
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            name = (await connection.execute(text("SELECT current_database()"))).scalar_one()
            await connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        await engine.dispose()
    database = await open_database(url, clock, migrate=False)
    assert await list_films(database, LOCAL_ACCOUNT, limit=1) == []
    with pytest.raises(DatabaseUnavailable, match=r"read-?only"):
        await open_film(database, request_17s, LOCAL, idem_key=None, simulated=True)
    await database.close()


async def test_the_books_of_an_older_version_are_brought_up_with_all_they_hold(
    empty_url: str, clock: HandClock
) -> None:
    """From the first schema to this one: films, holds, entries and attempts are what they were."""
    await asyncio.to_thread(migrate_schema, empty_url, revision="0001")
    await write_old_database(empty_url)
    await asyncio.to_thread(migrate_schema, empty_url)
    database = await open_database(empty_url, clock, migrate=False)
    (film,) = await list_films(database, LOCAL_ACCOUNT, limit=10)
    assert (film.id, film.status, film.cost_estimate_mc) == ("vid_old", Status.GENERATING, 82_500)
    assert (await balance_of(database, LOCAL_ACCOUNT)).reserved_mc == 82_500
    (attempt,) = await list_attempts(database, film.id)
    assert (attempt.provider_job_id, attempt.final) == ("job-1", False)
    assert not (await audit_rows(database, ())).findings
    await database.close()


async def test_the_databases_time_is_everybodys(database: Database) -> None:
    """A process keeps the database's time, not its machine's."""
    clock = DatabaseClock()
    await clock.sync(database)
    assert abs(clock.now() - await database.server_time_s()) < 5
    await clock.sync(OtherTime())
    assert 5000 <= clock.now() < 5005


async def test_a_look_never_takes_the_time_back() -> None:
    """Answers that come late look like a clock set back: none is followed; what is little is made good slowly."""
    database = OtherTime()
    clock = DatabaseClock(lambda: database.elapsed_s)
    await clock.sync(database)
    read = [clock.now()]
    for error_s, took_s in ((-0.4, 0.1), (-20.0, 3.0), (0.3, 0.2), (-3.0, 0.4), (-3.0, 0.0)):
        database.error_s, database.took_s = error_s, took_s
        await clock.sync(database)
        for _ in range(60):
            read.append(clock.now())
            database.elapsed_s += 1
    assert all(later > earlier for earlier, later in pairwise(read))
    assert abs(clock.now() - await database.server_time_s()) < 1
    database.error_s = -100
    await clock.sync(database)
    assert abs(clock.now() - await database.server_time_s()) < 0.01


class OtherTime(Database):
    """A database whose clock stands elsewhere, and whose answers take a while."""

    def __init__(self) -> None:
        """Open nothing."""
        self.elapsed_s, self.error_s, self.took_s = 0.0, 0.0, 0.0

    async def server_time_s(self) -> float:
        """Return its time; it is told at the end of the wait."""
        self.elapsed_s += self.took_s
        return 5000.0 + self.elapsed_s + self.error_s
