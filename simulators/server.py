"""Serving the world over HTTP until told to stop, with what runs beside it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from simulators.app import build_app
from simulators.connection import ResettableProtocol
from simulators.makers import makers
from simulators.vibegen.callbacks import call_back
from simulators.world.faults import FaultScript
from simulators.world.settings import Settings
from simulators.world.world import open_world


class _Server(uvicorn.Server):
    """Uvicorn that says where it serves and leaves the signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config, started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, then say where."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._started(f"http://{host}:{port}")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the original raises them again at its end, before the world would be closed."""
        yield


async def serve(
    settings: Settings,
    *,
    stop: asyncio.Event,
    started: Callable[[str], None],
    port: int = 0,
    script: FaultScript | None = None,
) -> None:
    """Serve every vendor on 127.0.0.1 until `stop` is set.

    Args:
        settings: What the vendors are made of.
        stop: Ends it: requests under way have a second to finish.
        started: Called with the base URL once requests are answered.
        port: 0 takes a free one.
        script: Faults to put in force first; None keeps those of the world's file.
    """
    async with open_world(settings, makers(settings.assets)) as world:
        if script is not None:
            await world.faults.replace(script)
        beside: list[asyncio.Task[None]] = []

        def begin(url: str) -> None:
            beside.append(asyncio.create_task(call_back(world, url)))
            beside.append(asyncio.create_task(_stop_when_told(server, stop)))
            started(url)

        config = uvicorn.Config(
            build_app(world),
            host="127.0.0.1",
            port=port,
            http=ResettableProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config, begin)
        await server.serve()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _stop_when_told(server: _Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
