"""The world's memory: one SQLite file (WAL), one connection, every change committed before a reply leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiosqlite

_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    vendor TEXT NOT NULL,
    user TEXT NOT NULL,
    model TEXT NOT NULL,
    text TEXT NOT NULL,
    params TEXT NOT NULL,
    facts TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    generation_s REAL NOT NULL,
    waits_s REAL NOT NULL,
    fails_at REAL,
    failure TEXT NOT NULL,
    refunds INTEGER NOT NULL,
    charged INTEGER NOT NULL CHECK (charged >= 0),
    refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND charged),
    state TEXT NOT NULL,
    ended_ms INTEGER,
    result TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS job_of_user ON job (vendor, user, service, ordinal);
CREATE INDEX IF NOT EXISTS job_of_state ON job (state);
CREATE TABLE IF NOT EXISTS passage (
    name TEXT NOT NULL, user TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS passage_of_user ON passage (name, user, at_ms);
CREATE TABLE IF NOT EXISTS presigned (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, path TEXT NOT NULL UNIQUE, content_type TEXT NOT NULL,
    limit_bytes INTEGER NOT NULL, signature TEXT NOT NULL, created_ms INTEGER NOT NULL, stored INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS called (job_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS fault (position INTEGER PRIMARY KEY, rule TEXT NOT NULL, met INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class Database:
    """The file behind all simulated vendors. Open it with `async with await Database.open(path)`."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open `path`, creating the file and its tables where they are missing."""
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        connection = await aiosqlite.connect(path, isolation_level=None)
        connection.row_factory = aiosqlite.Row
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = NORMAL")
        await connection.execute("PRAGMA busy_timeout = 10000")
        await connection.executescript(_SCHEMA)
        return cls(connection)

    async def close(self) -> None:
        """Close the file; nothing committed is lost."""
        await self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Run the body as one write transaction: committed when it ends, rolled back when it raises."""
        async with self._lock:
            await self._connection.execute("BEGIN IMMEDIATE")
            ending = "ROLLBACK"
            try:
                yield self._connection
                ending = "COMMIT"
            finally:
                await self._connection.execute(ending)

    async def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[aiosqlite.Row]:
        """Return all rows of a reading statement, outside of any other caller's transaction."""
        async with self._lock, self._connection.execute(statement, values) as cursor:
            return list(await cursor.fetchall())

    async def setting(self, name: str) -> str | None:
        """Return a stored setting, None where it was never stored."""
        rows = await self.rows("SELECT value FROM setting WHERE name = ?", (name,))
        return str(rows[0]["value"]) if rows else None

    async def store_setting(self, name: str, value: str) -> None:
        """Store a setting, replacing what was there."""
        async with self.transaction() as connection:
            await connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))
