"""Starting the simulators as a process of their own, from the processes that need them in simulated mode."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from simulators.world.settings import DEFAULT_KEYS

#: The key of each simulated vendor's first user: what this house orders with.
SIMULATED_KEYS: Final[Mapping[str, str]] = {key.vendor.value: key.secret for key in reversed(DEFAULT_KEYS)}

_STOP_S: Final = 5.0


@asynccontextmanager
async def launched(home: Path, *, time_scale: float, faults: Path | None = None, port: int = 0) -> AsyncIterator[str]:
    """Run the simulators for the length of the block and yield their base URL.

    Their jobs and books stay in `home`: the next process finds every job where its clock says it must be.

    Args:
        home: Folder of `simulators.db`, of the files they made and of their log.
        time_scale: How many times faster they are than the vendors.
        faults: A file of scripted faults.
        port: Their port; 0 for any free one.
    """
    home.mkdir(parents=True, exist_ok=True)
    argv = ["--database", str(home / "simulators.db"), "--assets", str(home / "simulators"), "--port", str(port)]
    argv += ["--time-scale", str(time_scale), "--parent", str(os.getpid())]
    if faults is not None:
        argv += ["--faults", str(faults)]
    with (home / "simulators.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "simulators",
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            # Ctrl-C in a terminal is meant for the film: it must still be able to settle with its vendors.
            start_new_session=True,
        )
    try:
        yield await _address(process, home)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _address(process: asyncio.subprocess.Process, home: Path) -> str:
    assert process.stdout is not None  # noqa: S101 - asked for with PIPE
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the simulators did not start; {home / 'simulators.log'} says why")
    return str(json.loads(line)["url"])
