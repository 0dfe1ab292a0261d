"""Prefect's server as a child of ours: started without blocking the loop, waited for, stopped with us."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import httpx

from film.errors import PrefectUnavailable
from runtime.background import repeat
from runtime.logs import log_event
from service.http.addresses import require_free

_LOG: Final = logging.getLogger("longvideo.prefect")
_STOP_S: Final = 10.0
_START_S: Final = 120.0
_LOOK_S: Final = 0.1
_REST_S: Final = 1.0


class PrefectServer:
    """A server of ours, or somebody else's that runs (`port` None)."""

    def __init__(self, api_url: str, home: Path, *, port: int | None, prefect_home: str | None = None) -> None:
        self.api_url = api_url
        self._log = home / "prefect-server.log"
        self._port = port
        self._prefect_home = prefect_home or str(home / "prefect")
        self._process = None if port is None else self._start(port)

    async def healthy(self) -> None:
        """Wait until it answers.

        Raises:
            PrefectUnavailable: It ended, or doesn't answer in time.
        """
        try:
            async with asyncio.timeout(_START_S), httpx.AsyncClient(trust_env=False) as client:
                while self._process is None or self._process.poll() is None:
                    with suppress(httpx.TransportError):
                        if (await client.get(f"{self.api_url}/health")).is_success:
                            return
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise self._unusable(f"it was not healthy after {_START_S:.0f} s") from None
        raise self._unusable("it ended at once")

    async def kept_alive(self) -> None:
        """Start it again whenever it has ended, until cancelled: films wait for it, none fails."""
        if self._port is not None:
            await repeat(self._revive, name="Prefect's server", every_s=_REST_S)

    async def _revive(self) -> None:
        if self._port is not None and self._process is not None and self._process.poll() is not None:
            code = self._process.returncode
            self._process = self._start(self._port)
            log_event(_LOG, "prefect_server_restarted", level=logging.WARNING, outcome=f"it ended with code {code}")

    def stop(self) -> None:
        """End a server of ours and wait for it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self, port: int) -> "subprocess.Popen[bytes]":
        argv = [sys.executable, "-m", "service.prefect.server_child", str(os.getpid())]
        argv += ["--host", "127.0.0.1", "--port", str(port)]
        with self._log.open("ab") as sink:
            return subprocess.Popen(  # noqa: S603 - our own interpreter
                argv,
                # The UI would look for its API at port 4200, wherever it was served from.
                env={**os.environ, "PREFECT_UI_API_URL": self.api_url, "PREFECT_HOME": self._prefect_home},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

    def _unusable(self, reason: str) -> PrefectUnavailable:
        return PrefectUnavailable(url=self.api_url, reason=reason, log=None if self._port is None else str(self._log))


@asynccontextmanager
async def prefect_server(home: Path, *, port: int = 0) -> AsyncIterator[PrefectServer]:
    """Run Prefect's server for the length of the block; if `PREFECT_API_URL` is set, that one is used instead.

    The variable is set for this process at once, so that Prefect finds it whenever it is imported.

    Args:
        home: Our home; the server's log goes there.
        port: The port of API and UI; 0 for any free one.
    """
    known = os.environ.get("PREFECT_API_URL")
    if known:
        yield PrefectServer(known, home, port=None)
        return
    async with own_prefect_server(home, port=port, prefect_home=os.environ.get("PREFECT_HOME")) as server:
        os.environ["PREFECT_API_URL"] = server.api_url
        try:
            yield server
        finally:
            del os.environ["PREFECT_API_URL"]


@asynccontextmanager
async def own_prefect_server(
    home: Path, *, port: int = 0, prefect_home: str | None = None
) -> AsyncIterator[PrefectServer]:
    """Run a Prefect server for the length of the block; nobody but the caller is told of it.

    Args:
        home: Our home; the server's log goes there.
        port: The port of API and UI; 0 for any free one.
        prefect_home: Folder of its database; in `home` if not given.

    Raises:
        AddressUnavailable: Somebody listens there.
    """
    await require_free(port, setting="LONGVIDEO_PREFECT_PORT")
    port = port or _free_port()
    server = PrefectServer(f"http://127.0.0.1:{port}/api", home, port=port, prefect_home=prefect_home)
    try:
        yield server
    finally:
        await asyncio.to_thread(server.stop)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
