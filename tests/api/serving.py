"""A real server on a loopback port, in a thread's own loop or beside the test, as the command runs it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from api.deps import Deps
from service.http.addresses import HOST, listening
from service.http.server import serve_api


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served(deps: Deps, port: int) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve the API at a port for the length of the block, and stop it in order."""
    with listening(HOST, port) as listener:
        serving = asyncio.create_task(serve_api(deps, listener))
        try:
            yield serving
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
