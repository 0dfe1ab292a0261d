"""SIGTERM stays ours while Prefect's engine runs."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from runtime.background import repeating

_LOOK_S: Final = 0.02


@asynccontextmanager
async def on_sigterm(stop: Callable[[], object]) -> AsyncIterator[None]:
    """Call `stop` on SIGTERM, for the length of the block.

    Prefect's engine puts its own handler over ours with every flow run; it raises wherever the loop happens to be. A
    stop must be a cancellation, so that each film is given back.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    ours = signal.getsignal(signal.SIGTERM)

    async def keep() -> None:
        if signal.getsignal(signal.SIGTERM) is not ours:
            loop.add_signal_handler(signal.SIGTERM, stop)

    try:
        async with repeating(keep, name="SIGTERM's handler", every_s=_LOOK_S):
            yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
