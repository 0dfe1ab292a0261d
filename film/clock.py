"""Time, injected: whatever waits or stamps takes a clock, so that tests and simulations need no real seconds."""

import asyncio
import time
from typing import Final, Protocol

_ELAPSED: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """Wall time in unix seconds, and waiting."""

    def now(self) -> float:
        """Return unix seconds."""

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock's time."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` real seconds."""
        await asyncio.sleep(seconds)


def elapsed_s() -> float:
    """Return seconds that only grow, whatever the machine's clock is set to; where told, a suspended machine's too."""
    return time.clock_gettime(_ELAPSED)
