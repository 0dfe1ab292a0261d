"""SIGTERM stays ours while Prefect's engine runs."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

_LOOK_S: Final = 0.02


@asynccontextmanager
async def sigterm(stop: Callable[[], object]) -> AsyncIterator[None]:
    """Call `stop` on SIGTERM, for the length of the block.

    Prefect's engine puts its own handler over ours with every flow run; it raises wherever the loop happens to be. A
    stop must be a cancellation, so that each film is given back.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    keeping = asyncio.create_task(_keep(stop))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        loop.remove_signal_handler(signal.SIGTERM)


async def _keep(stop: Callable[[], object]) -> None:
    ours = signal.getsignal(signal.SIGTERM)
    while True:
        await asyncio.sleep(_LOOK_S)
        if signal.getsignal(signal.SIGTERM) is not ours:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
