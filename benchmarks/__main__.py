"""All figures in one table: `make bench`, or `python -m benchmarks NAME ...` for some of them.

Each benchmark runs as a process of its own, one after the other; what it prints becomes rows. Above them stands what
they were measured on, because a figure without its machine says nothing.
"""

import os
import platform
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

#: By name: what it measures.
_BENCHMARKS: Final = {
    "film": "make, from 3 to 180 s: growth by segment",
    "makespan": "against the time the vendors' limits allow",
    "density": "films in flight, from 10 to 200: growth by film",
    "ledger": "creates and segments a second",
    "api": "orders and reads a second",
    "audit": "100,000 entries",
    "compose": "against moviepy, one filter graph, a bare remux",
}
_VERSIONS: Final = ("prefect", "fastapi", "sqlalchemy", "moviepy", "imageio-ffmpeg")
_TURNS: Final = 10_000_000


def machine() -> str:
    """Return what the figures are measured on, with the time of a plain Python loop as a measure of its cores."""
    began = time.perf_counter()
    for _ in range(_TURNS):
        pass
    loop_s = time.perf_counter() - began
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB; "
        f"10,000,000 turns of an empty Python loop in {loop_s:.2f} s; {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _rows(name: str) -> tuple[list[str], int]:
    """Run one benchmark, showing its lines as they come; return its rows and exit code."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    rows = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - asked for with PIPE
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.strip() and not line.startswith("figure:"):
                rows.append(f"| `make bench-{name}` | {line.strip().replace('|', '/')} |")
    return rows, process.returncode


def main(names: list[str]) -> int:
    """Run the named benchmarks, all if none is; print the table; 0 if each of them found what it should."""
    if unknown := [name for name in names if name not in _BENCHMARKS]:
        known = "".join(f"\n  {name:10}{what}" for name, what in _BENCHMARKS.items())
        print(f"There is no benchmark {unknown[0]!r}; there are{known}", file=sys.stderr)
        return 2
    rows, failed = [], []
    for name in names or _BENCHMARKS:
        found, code = _rows(name)
        rows += found
        failed += [name] if code else []
    print(f"\n{machine()}\n\n| command | figure |\n|---|---|", *rows, sep="\n")
    for name in failed:
        print(f"bench-{name} did not find what it should", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
