"""How long a film takes here, what it weighs, and whether it is exact: `python -m benchmarks.film [SECONDS ...]`.

Each film is made by the `longvideo` command in a home of its own, Prefect's cold start included, and then decoded.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import psutil  # type: ignore[import-untyped]

from film.canvas import FPS

_DURATIONS_S = (3, 9, 17, 30, 61, 180)
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One film: wall seconds, the command's own peak memory, and what isn't exact about it."""

    duration_s: int
    wall_s: float
    peak_rss_mb: float
    faults: tuple[str, ...]

    def line(self) -> str:
        """Return the README's row."""
        exact = "; ".join(self.faults) or "exact"
        return f"{self.duration_s:>3} s 720p: {self.wall_s:5.1f} s wall, peak RSS {self.peak_rss_mb:.0f} MB, {exact}"


def measure(duration_s: int) -> Figure:
    """Make a film of `duration_s` seconds and look at it."""
    with tempfile.TemporaryDirectory(prefix="longvideo-bench-") as folder:
        out = Path(folder) / "film.mp4"
        command = [sys.executable, "-c", "from service.cli.main import main; main()", "make", "城市清晨的延时风光"]
        command += ["--duration", str(duration_s), "--out", str(out)]
        environment = {**os.environ, "LONGVIDEO_MODE": "simulated", "LONGVIDEO_HOME": f"{folder}/home"}
        began = time.monotonic()
        process = psutil.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(_LOOK_S)
        wall_s = time.monotonic() - began
        faults = film_faults(out, duration_s) if process.wait() == 0 else (f"exit code {process.returncode}",)
    return Figure(duration_s=duration_s, wall_s=wall_s, peak_rss_mb=peak / 2**20, faults=faults)


def film_faults(path: Path, duration_s: int) -> tuple[str, ...]:
    """Return what isn't exact about a film, decoding every frame of it; an independent look, nothing of `media`."""
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        subtitles = len(film.streams.subtitles)
        lengths = [Fraction(stream.duration or 0) * Fraction(stream.time_base or 0) for stream in (video, audio)]
        starts = (video.start_time, audio.start_time)
        codecs = (video.codec_context.name, video.codec_context.pix_fmt, audio.codec_context.name, audio.rate)
        stamps = [Fraction(frame.pts or 0) * Fraction(video.time_base or 0) for frame in film.decode(video)]
    data = path.read_bytes()
    checks = {
        f"{len(stamps)} frames": len(stamps) == FPS * duration_s,
        f"lengths {[float(length) for length in lengths]}": lengths == [duration_s, duration_s],
        f"starts {starts}": starts == (0, 0),
        f"codecs {codecs}": codecs == ("h264", "yuv420p", "aac", 48_000),
        f"{subtitles} subtitle streams": subtitles == 1,
        "odd frame gaps": stamps == [Fraction(number, FPS) for number in range(len(stamps))],
        "moov after mdat": 0 <= data.find(b"moov") < data.find(b"mdat"),
    }
    return tuple(name for name, fine in checks.items() if not fine)


def main() -> int:
    """Print a line a film; the exit code tells whether all are exact."""
    figures = []
    for duration_s in [int(word) for word in sys.argv[1:]] or _DURATIONS_S:
        figures.append(measure(duration_s))
        print(figures[-1].line(), flush=True)
    exact = sum(not figure.faults for figure in figures)
    print(f"films {len(figures)}, exact {exact}")
    return 0 if exact == len(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
