"""The ledger as this process's settings say: one way to open it."""

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.settings import Settings
from ledger.database.clock import DatabaseClock
from ledger.database.engine import Database, open_database
from runtime.background import repeating

#: Between two looks at the database's time.
_CLOCK_S: Final = 60.0


@asynccontextmanager
async def open_ledger(settings: Settings, clock: DatabaseClock | None = None) -> AsyncIterator[Database]:
    """Open the ledger for the length of the block; SQLite's schema is brought up to date first.

    Args:
        settings: The home and the database.
        clock: Follows the database's time for the length of the block, so that machines agree on it; if not given, the
            machine's own time is good enough.

    Raises:
        DatabaseUnavailable: It can't be opened, or its schema is not this version's.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    stamped_by = clock or DatabaseClock()
    database = await open_database(settings.ledger_url, stamped_by, migrate=settings.ledger_url.startswith("sqlite"))
    try:
        if clock is None:
            yield database
            return
        await clock.sync(database)
        look = functools.partial(clock.sync, database)
        async with repeating(look, name="the database's time", every_s=_CLOCK_S):
            yield database
    finally:
        await database.close()
