"""Prefect's server as a child of ours: started without blocking the loop, waited for, stopped with us."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from film.errors import PrefectUnavailable

_STOP_S: Final = 10.0
_START_S: Final = 120.0
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefectServer:
    """A server that is starting, or somebody else's that runs (`process` None)."""

    api_url: str
    log: Path
    process: "subprocess.Popen[bytes] | None"

    async def healthy(self) -> None:
        """Wait until it answers.

        Raises:
            PrefectUnavailable: It ended, or doesn't answer in time.
        """
        try:
            async with asyncio.timeout(_START_S), httpx.AsyncClient(trust_env=False) as client:
                while self.process is None or self.process.poll() is None:
                    with suppress(httpx.TransportError):
                        if (await client.get(f"{self.api_url}/health")).is_success:
                            return
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise self._unusable(f"it was not healthy after {_START_S:.0f} s") from None
        raise self._unusable("it ended at once")

    def _unusable(self, reason: str) -> PrefectUnavailable:
        return PrefectUnavailable(url=self.api_url, reason=reason, log=str(self.log))


@asynccontextmanager
async def prefect_server(home: Path, *, port: int | None = None) -> AsyncIterator[PrefectServer]:
    """Run Prefect's server for the length of the block; if `PREFECT_API_URL` is set, that one is used instead.

    The variable is set for this process at once, so that Prefect finds it whenever it is imported.

    Args:
        home: Our home; the server's log goes there.
        port: The port of API and UI; any free one by default.
    """
    log = home / "prefect-server.log"
    known = os.environ.get("PREFECT_API_URL")
    if known:
        yield PrefectServer(api_url=known, log=log, process=None)
        return
    port = port or _free_port()
    process = _start(port, log)
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    try:
        yield PrefectServer(api_url=os.environ["PREFECT_API_URL"], log=log, process=process)
    finally:
        del os.environ["PREFECT_API_URL"]
        await asyncio.to_thread(_stop, process)


def _start(port: int, log: Path) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
        )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
