"""The database's time: machines that share the books agree on it, whatever their own clocks say."""

import asyncio
import time

from film.clock import elapsed_s
from ledger.database import Books


class DatabaseClock:
    """The time of the database at the last look, carried on by the machine's monotonic clock.

    A clock that is set back or forward between two looks changes nothing. On SQLite the database's time is the
    machine's.
    """

    def __init__(self) -> None:
        self._ahead_s = time.time() - elapsed_s()

    def now(self) -> float:
        """Return unix seconds."""
        return self._ahead_s + elapsed_s()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` real seconds."""
        await asyncio.sleep(seconds)

    async def set_by(self, books: Books) -> None:
        """Look at the database's time; what the question itself took is halved out."""
        began_s = elapsed_s()
        theirs_s = await books.server_time_s()
        self._ahead_s = theirs_s - (began_s + elapsed_s()) / 2
