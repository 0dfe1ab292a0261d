"""Loudness by EBU R 128, measured by ffmpeg's scanner: integrated, and the true peak at four times the rate."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ffmpeg

from film.canvas import SAMPLE_RATE
from film.errors import CommandFailed
from media.command import run_ffmpeg
from media.ingest.safe_open import trusted_input

#: What the scanner says of silence; anything at or below can't be told from it.
FLOOR_LUFS: Final = -70.0

#: A film is silent where it is fainter than this for as long as this.
SILENCE_DB: Final = -60
SILENCE_S: Final = 1.0

_SILENCE = re.compile(r"^lavfi\.silence_(start|end)(?:\.\d+)?=([\d.]+)", re.MULTILINE)
_LOUDNESS = re.compile(r"^\s+I:\s+(-?[\d.]+|-inf|nan) LUFS", re.MULTILINE)
_PEAK = re.compile(r"^\s+Peak:\s+(-?[\d.]+|-inf|nan) dBFS", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """How loud a file is as a whole, and its highest true peak; silence is (-70, -inf)."""

    loudness_lufs: float
    true_peak_dbtp: float

    @property
    def silent(self) -> bool:
        """Whether the scanner heard nothing."""
        return self.loudness_lufs <= FLOOR_LUFS


async def measure(path: Path, *, form: Mapping[str, str | int] | None = None, silences: Path | None = None) -> Loudness:
    """Measure a file that this room wrote.

    Args:
        path: The file.
        form: What headerless PCM holds (f, ar, ac).
        silences: Where to note its silent runs, for `silent_runs`.

    Raises:
        CommandFailed: It can't be read.
    """
    scanned = ffmpeg.input(str(path.absolute()), **(form or {}), **trusted_input()).audio.filter(
        "ebur128", peak="true", framelog="quiet"
    )
    if silences is not None:
        scanned = scanned.filter("silencedetect", n=f"{SILENCE_DB}dB", d=SILENCE_S)
        scanned = scanned.filter("ametadata", mode="print", file=silences.name)
    args = ffmpeg.output(scanned, "-", f="null").compile()[1:]
    command = ["-loglevel", "info", "-nostats", *args]
    report = await run_ffmpeg(command, deadline_s=120, folder=None if silences is None else silences.parent)
    loudness, peak = _LOUDNESS.findall(report.stderr_tail), _PEAK.findall(report.stderr_tail)
    if not loudness or not peak:
        raise CommandFailed(command="ebur128", code=0, stderr_tail=report.stderr_tail)
    return Loudness(loudness_lufs=_number(loudness[-1], FLOOR_LUFS), true_peak_dbtp=_number(peak[-1], -math.inf))


def silent_runs(silences: Path, *, samples: int) -> tuple[tuple[int, int], ...]:
    """Return the runs that `measure` noted: first sample, and the one after the last; an open one ends at `samples`."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for edge, second in _SILENCE.findall(silences.read_text(encoding="utf-8") if silences.exists() else ""):
        at = min(samples, round(float(second) * SAMPLE_RATE))
        if edge == "start":
            start = at
        elif start is not None:
            runs.append((start, at))
            start = None
    return tuple(runs if start is None else [*runs, (start, samples)])


def _number(text: str, otherwise: float) -> float:
    value = float(text)
    return otherwise if math.isnan(value) else value if value != -math.inf else otherwise
