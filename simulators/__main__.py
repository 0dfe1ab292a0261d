"""`python -m simulators`: serves every vendor on one port and says where, once it really serves."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from simulators.app import build_app
from simulators.connection import ResettableProtocol
from simulators.makers import makers
from simulators.vibegen.callbacks import call_back
from simulators.world.faults import FaultScript
from simulators.world.settings import (
    CONCURRENT_JOBS,
    CREATES_PER_MINUTE,
    DEFAULT_KEYS,
    GRANTS,
    Key,
    Service,
    Settings,
    Vendor,
    key_of_command_line,
)
from simulators.world.world import open_world

_PARENT_LOOK_S = 0.5
_AMOUNTS = {
    "--grant": "credits each user of a vendor starts with",
    "--per-minute": "size of a rate window",
    "--concurrent": "jobs a user of a service may have running",
}


class _Server(uvicorn.Server):
    """Uvicorn that announces itself and leaves the signals to this module, so that the world is closed in order."""

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
        """Stop gently on SIGTERM and SIGINT; unlike the original, don't raise them again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        """End serving: finish the requests under way, for a second at most."""
        self.should_exit = True


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators", description="Every vendor as a local HTTP server.")
    parser.add_argument("--database", type=Path, required=True, help="file of jobs and books; kept between starts")
    parser.add_argument("--assets", type=Path, required=True, help="folder of clips, voices and uploads")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--time-scale", type=float, default=20.0, help="how much faster vendors are than in truth")
    parser.add_argument("--faults", type=Path, help="JSON file of modes and fault rules to start with")
    parser.add_argument("--key", type=_key, action="append", default=[], metavar="VENDOR=KEY", help="one more key")
    for name, says in _AMOUNTS.items():
        parser.add_argument(name, type=_amount, action="append", default=[], metavar="NAME=NUMBER", help=says)
    parser.add_argument("--parent", type=int, help="end when the process with this id is gone")
    return parser.parse_args(argv)


def _key(text: str) -> Key:
    vendor, _, secret = text.partition("=")
    if vendor not in set(Vendor) or not secret:
        raise argparse.ArgumentTypeError(f"wanted VENDOR=KEY with one of {', '.join(Vendor)}")
    return key_of_command_line(Vendor(vendor), secret)


def _amount(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isdigit() or name not in {*GRANTS, *CREATES_PER_MINUTE, *CONCURRENT_JOBS}:
        raise argparse.ArgumentTypeError(f"wanted NAME=NUMBER, got {text}")
    return name, int(number)


async def _watch(parent: int, server: _Server) -> None:
    """Stop the server when the parent process has ended."""
    while _alive(parent):  # noqa: ASYNC110 - another process can't set an event
        await asyncio.sleep(_PARENT_LOOK_S)
    server.stop()


def _alive(process: int) -> bool:
    """Tell whether a process runs; one that has ended but was not yet waited for does not."""
    stat = Path(f"/proc/{process}/stat")
    if stat.parent.parent.joinpath("self").exists():
        # The state letter follows the command's name, which stands in parentheses.
        return stat.exists() and stat.read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def serve(settings: Settings, *, port: int, script: FaultScript | None, parent: int | None) -> None:
    """Serve until a signal comes or the parent is gone."""
    async with open_world(settings, makers(settings.assets)) as world:
        if script is not None:
            await world.faults.replace(script)
        config = uvicorn.Config(
            build_app(world),
            host="127.0.0.1",
            port=port,
            http=ResettableProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
        beside: list[asyncio.Task[None]] = []

        def started(url: str) -> None:
            beside.append(asyncio.create_task(call_back(world, url)))
            # The one line a parent waits for.
            sys.stdout.write(json.dumps({"url": url}) + "\n")
            sys.stdout.flush()

        server = _Server(config, started)
        if parent is not None:
            beside.append(asyncio.create_task(_watch(parent, server)))
        await server.serve()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulators; returns the process's exit code."""
    options = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    script = None
    if options.faults is not None:
        try:
            script = FaultScript.model_validate_json(options.faults.read_bytes())
        except (OSError, ValidationError) as error:
            sys.stderr.write(f"--faults {options.faults}: {error}\n")
            return 2
    settings = Settings(
        database=options.database,
        assets=options.assets.absolute(),
        time_scale=options.time_scale,
        keys=(*DEFAULT_KEYS, *options.key),
        grants={**GRANTS, **{Vendor(name): amount for name, amount in options.grant}},
        creates_per_minute={**CREATES_PER_MINUTE, **dict(options.per_minute)},
        concurrent_jobs={**CONCURRENT_JOBS, **{Service(name): amount for name, amount in options.concurrent}},
    )
    asyncio.run(serve(settings, port=options.port, script=script, parent=options.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
