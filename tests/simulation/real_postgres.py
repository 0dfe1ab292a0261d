"""The ledger's database on a real PostgreSQL, in a history's virtual time: the clock stands still while it works."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from benchmarks.databases import migrated_postgres
from ledger.database import schema
from ledger.database.engine import Database
from tests.simulation.histories import Verdict, history
from tests.simulation.variants import PROTOCOL
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop

_CONNECTIONS: Final = 10


class RealDatabase(Database):
    """Books whose looks are consistent snapshots (checks read several tables) and whose I/O stops virtual time."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, clock: VirtualClock, loop: VirtualLoop) -> None:
        super().__init__(writer, reader, clock)
        self._loop = loop

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Run one transaction."""
        with self._loop.real_io():
            async with super().transaction() as conn:
                yield conn

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Run one look."""
        with self._loop.real_io():
            async with super().snapshot() as conn:
                yield conn

    async def close(self) -> None:
        """Close every connection."""
        with self._loop.real_io():
            await super().close()

    async def empty(self) -> None:
        """Forget all films and credits: the next history begins on empty database."""
        tables = ", ".join(table.name for table in schema.metadata.sorted_tables)
        async with self.transaction() as conn:
            await conn.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
            await conn.execute(text("INSERT INTO account (id, created_at_ms) VALUES ('house', 0)"))
            for kind in ("issuance", "revenue"):
                values = {"account": "house", "kind": kind, "amount_mc": 0, "version": 0}
                await conn.execute(schema.balance.insert().values(**values))


def open_real_database(url: str, clock: VirtualClock, loop: VirtualLoop) -> RealDatabase:
    """Return a database on a migrated PostgreSQL database."""
    writer = create_async_engine(url, pool_size=_CONNECTIONS, max_overflow=0)
    reader = create_async_engine(url, pool_size=_CONNECTIONS, max_overflow=0, isolation_level="REPEATABLE READ")
    return RealDatabase(writer, reader, clock, loop)


def play_on_postgres(seeds: Iterable[int]) -> Iterator[Verdict]:
    """Play histories on a PostgreSQL of their own; there a seed sets the troubles, not every interleaving."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    with migrated_postgres(durable=False) as url:  # the histories kill processes of ours, not the server
        database = open_real_database(url, clock, loop)
        try:
            for seed in seeds:
                loop.run_until_complete(database.empty())
                yield loop.run_until_complete(history(seed, database, clock, PROTOCOL))
        finally:
            loop.run_until_complete(database.close())
            loop.close()
