"""`python -m simulators`: serves every vendor on one port and says where, once it really serves."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from simulators.server import serve
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

_PARENT_LOOK_S = 0.5
_AMOUNTS = {
    "--grant": "credits each user of a vendor starts with",
    "--per-minute": "size of a rate window",
    "--concurrent": "jobs a user of a service may have running",
}


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's options; a wrong one ends the process with 2."""
    parser = argparse.ArgumentParser(prog="python -m simulators", description="Every vendor as a local HTTP server.")
    parser.add_argument("--database", type=Path, required=True, help="file of jobs and books; kept between starts")
    parser.add_argument("--assets", type=Path, required=True, help="folder of clips, voices and uploads")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--time-scale", type=_scale, default=20.0, help="how much faster vendors are than in truth")
    parser.add_argument("--faults", type=_script, help="JSON file of modes and fault rules to start with")
    parser.add_argument(
        "--key", type=_key, action="extend", nargs="+", default=[], metavar="VENDOR=KEY", help="one more key"
    )
    for name, says in _AMOUNTS.items():
        parser.add_argument(
            name, type=_amount, action="extend", nargs="+", default=[], metavar="NAME=NUMBER", help=says
        )
    parser.add_argument("--on-demand", action="store_true", help="make files only when a job due is looked at")
    parser.add_argument("--parent", type=int, help="end when the process with this id is gone")
    return parser.parse_args(argv)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings the options ask for."""
    return Settings(
        database=options.database,
        assets=options.assets.absolute(),
        time_scale=options.time_scale,
        render_ahead=not options.on_demand,
        keys=(*DEFAULT_KEYS, *options.key),
        grants={**GRANTS, **{Vendor(name): amount for name, amount in options.grant}},
        creates_per_minute={**CREATES_PER_MINUTE, **dict(options.per_minute)},
        concurrent_jobs={**CONCURRENT_JOBS, **{Service(name): amount for name, amount in options.concurrent}},
    )


def _scale(text: str) -> float:
    scale = float(text)
    if not scale > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return scale


def _script(text: str) -> FaultScript:
    try:
        return FaultScript.model_validate_json(Path(text).read_bytes())
    except (OSError, ValidationError) as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error


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


async def _watch(parent: int, stop: asyncio.Event) -> None:
    """Set `stop` when the parent process has ended."""
    while _alive(parent):  # noqa: ASYNC110 - another process can't set an event
        await asyncio.sleep(_PARENT_LOOK_S)
    stop.set()


def _alive(process: int) -> bool:
    """Tell whether a process runs; one that has ended but was not yet waited for does not."""
    if Path("/proc/self").exists():
        try:
            stat = Path(f"/proc/{process}/stat").read_text(errors="replace")
        except OSError:
            return False
        # The state letter follows the command's name, which stands in parentheses.
        return stat.rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _announce(url: str) -> None:
    """Write the one line a parent waits for."""
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watch = None if options.parent is None else asyncio.create_task(_watch(options.parent, stop))
    await serve(settings_of(options), stop=stop, started=_announce, port=options.port, script=options.faults)
    if watch is not None:
        watch.cancel()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulators until a signal comes or the parent is gone; returns the process's exit code."""
    options = read_arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
