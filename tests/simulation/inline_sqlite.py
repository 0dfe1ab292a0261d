"""The ledger on SQLite in memory, without aiosqlite's thread: each statement is done when its await returns."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from sqlalchemy import Connection, Dialect, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import StaticPool

from film.clock import Clock
from ledger.database.engine import Database, migrate_schema, sqlite_url


class _Connection:
    """What the ledger uses of an AsyncConnection, over a synchronous one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, *statement: Any) -> Any:
        return self._connection.execute(*statement)

    async def scalar(self, *statement: Any) -> Any:
        return self._connection.scalar(*statement)


class InlineDatabase(Database):
    """One history's ledger. The engine is the process's, so that statements are compiled once."""

    def __init__(self, clock: Clock) -> None:
        #: The database itself, for checks that look often.
        self._engine, self.raw = _engine()
        self.raw.deserialize(_empty())
        self._clock = clock

    @property
    def is_sqlite(self) -> bool:
        """SQLite it is."""
        return True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Open one transaction; nothing else runs until it has ended."""
        with self._engine.begin() as connection:
            yield cast("AsyncConnection", _Connection(connection))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open one look."""
        with self._engine.connect() as connection:
            yield cast("AsyncConnection", _Connection(connection))


@cache
def _engine() -> tuple[Any, sqlite3.Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    raw = engine.raw_connection().driver_connection
    return engine, cast("sqlite3.Connection", raw)


@cache
def _empty() -> bytes:
    """Return a migrated, empty database as bytes (rollback journal: memory has no WAL)."""
    with TemporaryDirectory(prefix="longvideo-books-") as folder:
        path = Path(folder) / "empty.db"
        _apart(lambda: migrate_schema(sqlite_url(path)))
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=DELETE")
        content = connection.serialize()
        connection.close()
    return content


def _apart(work: Callable[[], None]) -> None:
    """Alembic wants a thread without a running loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()
