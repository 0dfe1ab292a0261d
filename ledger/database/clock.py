"""The database's time: machines that share the ledger agree on it, whatever their own clocks say."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from film.clock import elapsed_s
from ledger.database.engine import Database

#: A look that took longer tells too little: the answer may be as old as the question took.
_ROUND_TRIP_MAX_S: Final = 0.5
#: A difference up to this is made good little by little: a clock that steps back would let a rate limit grant too
#: early.
_SLEWED_MAX_S: Final = 5.0
#: How fast, in seconds a second.
_SLEW: Final = 0.05


class DatabaseClock:
    """The time of the database at the last good look, carried on by the machine's monotonic clock.

    Small corrections are slewed, so that the time never steps back by them; a clock that was wrong by more is set. A
    look that took long changes nothing. On SQLite the database's time is the machine's.
    """

    def __init__(self, elapsed: Callable[[], float] = elapsed_s) -> None:
        """Begin with the machine's time; `elapsed` counts seconds that only grow."""
        self._elapsed = elapsed
        self._ahead_s = time.time() - elapsed()
        self._target_s = self._ahead_s
        self._slewed_s = elapsed()
        self._looked = False

    def now(self) -> float:
        """Return unix seconds."""
        elapsed = self._elapsed()
        step_s = (elapsed - self._slewed_s) * _SLEW
        self._ahead_s += max(-step_s, min(step_s, self._target_s - self._ahead_s))
        self._slewed_s = elapsed
        return self._ahead_s + elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` real seconds."""
        await asyncio.sleep(seconds)

    async def sync(self, database: Database) -> None:
        """Look at the database's time; what the question itself took is halved out."""
        began_s = self._elapsed()
        theirs_s = await database.server_time_s()
        took_s = self._elapsed() - began_s
        if took_s > _ROUND_TRIP_MAX_S and self._looked:
            return
        self._target_s = theirs_s - (began_s + took_s / 2)
        if not self._looked or abs(self._target_s - self._ahead_s) > _SLEWED_MAX_S:
            self._ahead_s = self._target_s
        self._looked = True
