"""The world as one value: clock, books, faults, files, keys. `open_world` builds it, every room is handed it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from simulators.world.books import Books
from simulators.world.clock import Clock
from simulators.world.database import Database
from simulators.world.faults import Faults
from simulators.world.settings import Service, Settings, Vendor
from simulators.world.workshop import Maker, Workshop, sweep

_CLOCK = "clock"
#: No render takes this long: what is older was left by a process that is gone.
_STALE_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything the vendors share."""

    settings: Settings
    clock: Clock
    database: Database
    faults: Faults
    books: Books
    workshop: Workshop

    def user_of(self, vendor: Vendor, secret: str) -> str | None:
        """Return whose key `secret` is, None for a key the vendor does not know."""
        for key in self.settings.keys:
            if key.vendor is vendor and key.secret == secret:
                return key.user
        return None

    async def keep_clock(self) -> None:
        """Write down how the clock was moved or stopped, so that it stays so after a restart."""
        state = {"shift_ms": self.clock.shift_ms, "stopped_ms": self.clock.stopped_ms}
        await self.database.store_setting(_CLOCK, json.dumps(state))


@asynccontextmanager
async def open_world(settings: Settings, makers: Mapping[Service, Maker]) -> AsyncIterator[World]:
    """Open the world's file, take up unfinished work, and close everything at the end."""
    await asyncio.to_thread(sweep, settings.assets, older_than_s=_STALE_S, now_s=time.time())
    database = await Database.open(settings.database)
    workshop = Workshop(
        database=database, assets=settings.assets, makers=makers, renders_at_once=settings.renders_at_once
    )
    try:
        state = json.loads(await database.setting(_CLOCK) or "{}")
        clock = Clock(time_scale=settings.time_scale, **state)
        faults = Faults(database)
        await faults.load()
        books = Books(database=database, clock=clock, settings=settings, workshop=workshop)
        await books.resume()
        yield World(settings=settings, clock=clock, database=database, faults=faults, books=books, workshop=workshop)
    finally:
        await workshop.close()
        await database.close()
