"""The connection to the ledger: SQLite by default, PostgreSQL by URL, one way to run a transaction."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from asyncpg import InterfaceError, PostgresError
from sqlalchemy import Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from film.clock import Clock
from film.errors import DatabaseUnavailable
from ledger.database.sqlite_driver import connect_sqlite

#: How long a writer waits for another process's transaction, in milliseconds.
_BUSY_MS: Final = 30_000
_POSTGRES_POOL: Final = 10
#: Locked for too long, full, read-only, unreadable, gone: the names of SQLite's codes, and PostgreSQL's classes
#: (connection, resources, read-only transaction, shutdown, and a transaction that was rolled back for another's sake).
_SQLITE_UNUSABLE: Final = (
    "SQLITE_BUSY",
    "SQLITE_FULL",
    "SQLITE_READONLY",
    "SQLITE_IOERR",
    "SQLITE_CANTOPEN",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
)
_POSTGRES_UNUSABLE: Final = ("08", "53", "25006", "57P", "40")
#: What is raised where no connection is to be had: by the pool, and by asyncpg, whose errors come as they are until
#: there is one.
_UNCONNECTED: Final = (OSError, PostgresError, InterfaceError, PoolTimeout)
#: How long a transaction waits for a connection of the pool, in seconds.
_POOL_WAIT_S: Final = 60
#: Alembic keeps its state in module globals: one migration at a time in a process.
_ALEMBIC: Final = threading.Lock()


class Database:
    """The open ledger: where rows are read and written, and the clock that stamps them.

    `transaction()` is one transaction that may write; `snapshot()` is a consistent look. Public functions of this
    package take the ledger as their first argument and open exactly one of the two.
    """

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._url = writer.url.render_as_string(hide_password=False)

    def now_ms(self) -> int:
        """Return the clock's time in milliseconds; every statement takes its time from here."""
        return round(self._clock.now() * 1000)

    async def server_time_s(self) -> float:
        """Return the database's own time in unix seconds; SQLite has none but the machine's."""
        if self.is_sqlite:
            return time.time()
        async with self.snapshot() as conn:
            return float((await conn.execute(text("SELECT extract(epoch FROM clock_timestamp())"))).scalar_one())

    @property
    def is_sqlite(self) -> bool:
        """Whether row locks are the database's one writer (SQLite) or rows of their own (PostgreSQL)."""
        return self._writer.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Open one transaction that may write; it commits at the end of the block, an error rolls it back.

        Raises:
            DatabaseUnavailable: The disk is full or read-only, or the database is gone; nothing was written.
        """
        with _named_errors(self._url):
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open one transaction that only reads.

        Raises:
            DatabaseUnavailable: The database can't be reached.
        """
        with _named_errors(self._url):
            async with self._reader.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


async def insert_missing(conn: AsyncConnection, table: Table, values: Mapping[str, object]) -> None:
    """Insert a row unless one with its key is there; safe between transactions that try the same."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    await conn.execute(insert(table).values(**values).on_conflict_do_nothing())


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


async def open_database(url: str, clock: Clock, *, migrate: bool) -> Database:
    """Open the ledger at `url`.

    Args:
        url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://...`.
        clock: What stamps the rows.
        migrate: Bring the schema up to date first (SQLite does so by itself; PostgreSQL by `longvideo migrate`).

    Raises:
        DatabaseUnavailable: It can't be opened, or its schema is not this version's.
    """
    if migrate:
        await asyncio.to_thread(migrate_schema, url)
    with _named_errors(url, whatever=True):
        database = _sqlite(url, clock) if url.startswith("sqlite") else _postgres(url, clock)
        await _check_revision(database, url)
    return database


def _sqlite(url: str, clock: Clock) -> Database:
    # One writer connection: SQLite has one writer anyway, and a queue here beats a lock error there.
    writer, reader = (
        create_async_engine(
            url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=_POOL_WAIT_S,
            connect_args={"async_creator_fn": connect_sqlite},
        )
        for size in (1, 4)
    )
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        _prepare_sqlite(engine, begin)
    return Database(writer, reader, clock)


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE: a deferred transaction that turns into a writer fails at once, whatever the timeout.
        connection.exec_driver_sql(begin)


def _postgres(url: str, clock: Clock) -> Database:
    engine = create_async_engine(url, pool_size=_POSTGRES_POOL, max_overflow=0, pool_timeout=_POOL_WAIT_S)
    return Database(engine, engine, clock)


def _alembic(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", "ledger:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def migrate_schema(url: str, *, revision: str = "head") -> None:
    """Bring the schema at `url` up to this version; safe to run again, and by several processes at once.

    Args:
        url: The database.
        revision: An earlier version to stop at.

    Raises:
        DatabaseUnavailable: It can't be reached, or is of a newer version than this program.
    """
    from alembic.util import CommandError  # noqa: PLC0415 - only here

    try:
        with _named_errors(url, whatever=True), _ALEMBIC:
            command.upgrade(_alembic(url), revision)
    except CommandError as error:
        raise DatabaseUnavailable(
            where=_shown(url), reason=f"{error}; it was written by a newer version: upgrade this program"
        ) from error


async def _check_revision(database: Database, url: str) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - only here

    head = ScriptDirectory.from_config(_alembic(url)).get_current_head()
    try:
        async with database.snapshot() as conn:
            found = (await conn.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    except DBAPIError as error:
        await database.close()
        raise DatabaseUnavailable(where=_shown(url), reason="it has no schema yet: run `longvideo migrate`") from error
    if found != head:
        await database.close()
        reason = f"its schema is {found}, this program's is {head}: run `longvideo migrate`"
        raise DatabaseUnavailable(where=_shown(url), reason=reason)


@contextmanager
def _named_errors(url: str, *, whatever: bool = False) -> Iterator[None]:
    """Turn what the database's own state does to its users into one named error; `whatever` it says, while it opens."""
    try:
        yield
    except (DBAPIError, *_UNCONNECTED) as error:
        if not whatever and not _is_unusable(error):
            raise
        # A time-out has no words of its own.
        reason = str(getattr(error, "orig", None) or error) or f"no answer ({type(error).__name__})"
        raise DatabaseUnavailable(where=_shown(url), reason=reason) from error


def _is_unusable(error: Exception) -> bool:
    """Whether the database itself is in no state to work, rather than the statement wrong."""
    if not isinstance(error, DBAPIError):
        return True
    name = getattr(error.orig, "sqlite_errorname", "")
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or name.startswith(_SQLITE_UNUSABLE) or state.startswith(_POSTGRES_UNUSABLE)


def _shown(url: str) -> str:
    """Return the URL without its password."""
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if at else url
