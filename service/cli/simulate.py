"""`longvideo simulate`: the simulated vendors in the foreground."""

import os
import sys
from pathlib import Path

from service.http.addresses import HOST, listening


def serve_simulators(home: Path, *, port: int, time_scale: float, faults: Path | None) -> None:
    """Become the simulators' process; it serves until it is stopped and keeps its jobs and books in `home`."""
    listening(HOST, port).close()
    home.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "simulators", "--database", str(home / "simulators.db")]
    argv += ["--assets", str(home / "simulators"), "--port", str(port), "--time-scale", str(time_scale)]
    if faults is not None:
        argv += ["--faults", str(faults)]
    os.execv(sys.executable, argv)  # noqa: S606 - the same program, no shell
