"""What composing costs against the usual ways: `python -m benchmarks.compose`; the last line holds the figures.

Every way runs in a process of its own, in turn, round after round, so that a busy machine is busy for all alike.
CPU seconds (user + system, children included) are the figure, less those of starting Python; the median of the rounds
counts.
"""

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

from benchmarks.compose_material import Material, prepare
from benchmarks.families import family
from film.canvas import Resolution
from media.command import ffmpeg_path
from media.ingest.probe import probe

#: The cheap ways are run more often than the dear ones: their figures are smaller and noisier, while one run
#: of a dear one lasts for minutes and averages its own noise.
CHEAP: Final = ("start", "join", "remux", "compose", "last_clip", "conform_one", "encode_one")
DEAR: Final = ("graph", "moviepy")
FEW_SEGMENTS: Final = 4
SAMPLE_S: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took: CPU seconds, and the highest sum of its processes' resident memory in bytes."""

    cpu_s: float
    peak_bytes: int


class _Watch:
    """Adds up the resident memory of a process and its children while it runs."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(psutil.Process(pid),))
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self, process: psutil.Process) -> None:
        while not self._stop.wait(SAMPLE_S):
            total = 0
            try:
                for each in family(process):
                    total += each.memory_info().rss
            except psutil.Error:
                continue  # one of them has just ended
            self.peak_bytes = max(self.peak_bytes, total)


def run(way: str, material: Material) -> Cost:
    """Run one way in a child and return what it cost."""
    started = _children_cpu_s()
    arguments = [way, str(material.folder), material.resolution.value, str(material.segments)]
    child = subprocess.Popen([sys.executable, "-m", "benchmarks.compose_ways", *arguments])
    watch = _Watch(child.pid)
    code = child.wait()
    watch.stop()
    if code != 0:
        raise RuntimeError(f"{way} ended with code {code}")
    return Cost(cpu_s=_children_cpu_s() - started, peak_bytes=watch.peak_bytes)


def probe_ratio(clip: Path, *, rounds: int) -> str:
    """Return how many times faster our probe is than an ffprobe process, in words.

    None is shipped, so it is the machine's own if there is one; else ffmpeg itself is asked, which tells less, sooner.
    """
    ffprobe = shutil.which("ffprobe")
    asked = [ffprobe, "-v", "error", "-show_format", "-show_streams"] if ffprobe else [ffmpeg_path(), "-i"]
    ours, theirs = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        probe(clip)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        subprocess.run([*asked, clip], check=False, capture_output=True)
        theirs.append(time.perf_counter() - started)
    ratio = statistics.median(theirs) / statistics.median(ours)
    return f"probe {ratio:.1f}x faster than an {'ffprobe' if ffprobe else 'ffmpeg -i'} process"


def compare(material: Material, *, rounds: int, dear_rounds: int) -> dict[str, Cost]:
    """Run all ways in turn and return each one's median cost."""
    found: dict[str, list[Cost]] = defaultdict(list)
    for number in range(rounds):
        for way in (*CHEAP, *(DEAR if number < dear_rounds else ())):
            cost = run(way, material)
            found[way].append(cost)
            print(f"  round {number + 1} {material.resolution} {way:<11} {cost.cpu_s:8.2f} CPU s", flush=True)
    return {
        way: Cost(
            cpu_s=statistics.median(cost.cpu_s for cost in costs),
            peak_bytes=int(statistics.median(cost.peak_bytes for cost in costs)),
        )
        for way, costs in found.items()
    }


def figures(material: Material, costs: dict[str, Cost], few: Cost) -> list[str]:
    """Return the figures of one resolution in words, and print the table behind them."""
    print(f"{material.resolution}, {material.segments} segments, {sum(material.frames) // 24} s:")
    for way, cost in sorted(costs.items(), key=lambda item: item[1].cpu_s):
        print(f"  {way:<11} {cost.cpu_s:8.2f} CPU s  {cost.peak_bytes / 2**20:7.0f} MiB")
    start_s = costs["start"].cpu_s
    cpu = {way: cost.cpu_s - start_s for way, cost in costs.items() if way != "start"}
    peak = {way: cost.peak_bytes for way, cost in costs.items()}
    return [
        f"{material.resolution}: join {cpu['moviepy'] / cpu['join']:.0f}x less CPU than moviepy",
        f"{cpu['graph'] / cpu['join']:.0f}x less than one graph",
        f"{cpu['join'] / cpu['remux']:.1f}x a bare remux",
        f"whole stage {cpu['moviepy'] / cpu['compose']:.1f}x less than moviepy",
        f"last clip to film {cpu['last_clip']:.1f} CPU s",
        f"conform {cpu['conform_one'] / cpu['encode_one']:.2f}x a plain encode",
        f"peak memory 1/{peak['moviepy'] / peak['compose']:.0f} of moviepy's",
        f"{few.peak_bytes / 2**20:.0f} MiB at {FEW_SEGMENTS} segments",
        f"{peak['compose'] / 2**20:.0f} MiB at {material.segments}",
    ]


def _children_cpu_s() -> float:
    usage = psutil.Process().cpu_times()
    return float(usage.children_user + usage.children_system)


def main() -> None:
    """Make the material, run the rounds, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dear-rounds", type=int, default=1, help="rounds of the two slow ways")
    parser.add_argument("--segments", type=int, default=23)
    parser.add_argument("--resolutions", nargs="+", type=Resolution, default=[Resolution.P720, Resolution.P1080])
    parser.add_argument("--folder", type=Path, default=None, help="keep the material here for the next time")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-compose-") as temporary:
        folder = wishes.folder or Path(temporary)
        said: list[str] = []
        for resolution in wishes.resolutions:
            material = Material(folder=folder, resolution=resolution, segments=wishes.segments)
            few = Material(folder=folder, resolution=resolution, segments=min(FEW_SEGMENTS, wishes.segments))
            asyncio.run(prepare(few))
            little = run("compose", few)
            asyncio.run(prepare(material))
            costs = compare(material, rounds=wishes.rounds, dear_rounds=wishes.dear_rounds)
            said += figures(material, costs, little)
        said.append(probe_ratio(material.clips[0], rounds=9))
    print("; ".join(said))


if __name__ == "__main__":
    main()
