"""The SQLite driver of the ledger: aiosqlite, a statement a trip to its thread.

SQLAlchemy's adapter asks aiosqlite for a cursor, executes, fetches and closes: four trips to the connection's thread
for one statement, each dearer than most of our statements. Here they are one trip; an order costs a third less
(`make bench-ledger`).
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import aiosqlite


class SingleHopConnection(aiosqlite.Connection):
    """A connection whose cursors are made here, not on its thread."""

    # The adapter only awaits it; aiosqlite's own also serves `async with`, which nobody here uses.
    async def cursor(self) -> "SingleHopCursor":  # type: ignore[override]
        """Return a cursor; nothing is asked of the thread yet."""
        return SingleHopCursor(self)

    async def rollback(self) -> None:
        """Roll back; the pool asks for it after every commit too, and then there is nothing to do."""
        if self._conn.in_transaction:
            await super().rollback()

    async def on_thread(self, execute: Any, statement: str, parameters: Any) -> Any:
        """Run a function on the connection's thread, as aiosqlite runs its own."""
        return await self._execute(execute, statement, parameters)  # type: ignore[no-untyped-call]

    @property
    def driver(self) -> sqlite3.Connection:
        """The connection itself, for the thread's use."""
        return self._conn


class SingleHopCursor:
    """What SQLAlchemy's adapter asks of aiosqlite's cursor; rows are fetched where the statement runs."""

    def __init__(self, connection: SingleHopConnection) -> None:
        self._connection = connection
        self._rows: list[sqlite3.Row] = []
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement and fetch all it returns."""
        await self._connection.on_thread(self._execute, statement, parameters)

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each set of parameters."""
        await self._connection.on_thread(self._execute_many, statement, parameters)

    async def fetchall(self) -> list[sqlite3.Row]:
        """Return the rows of the statement."""
        return self._rows

    async def close(self) -> None:
        """Do nothing: the thread closed its cursor when the rows were fetched."""

    def _execute(self, statement: str, parameters: Sequence[Any]) -> None:
        self._keep(self._connection.driver.execute(statement, parameters))

    def _execute_many(self, statement: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._keep(self._connection.driver.executemany(statement, parameters))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.lastrowid, self.rowcount = cursor.description, cursor.lastrowid, cursor.rowcount
        self._rows = cursor.fetchall() if cursor.description else []
        cursor.close()


async def connect_sqlite(path: str, **options: Any) -> SingleHopConnection:
    """Open a connection; the arguments are those SQLAlchemy reads from its URL for `sqlite3.connect`.

    Raises:
        OperationalError: The file can't be opened.
    """
    connection = SingleHopConnection(partial(sqlite3.connect, path, **options), iter_chunk_size=64)
    # A process ends though a connection is open, as with SQLAlchemy's own way of connecting.
    connection._thread.daemon = True  # noqa: SLF001 - aiosqlite has no other way
    await connection
    return connection
