"""Loudness by EBU R 128, measured by ffmpeg's scanner: integrated, and the true peak at four times the rate."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ffmpeg

from film.errors import CommandFailed
from media.command import run_ffmpeg
from media.guards import own_input

#: What the scanner says of silence; anything at or below can't be told from it.
FLOOR_LUFS: Final = -70.0

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


async def measure(path: Path, **form: str | int) -> Loudness:
    """Measure a file that this room wrote; `form` describes headerless PCM (f, ar, ac).

    Raises:
        CommandFailed: It can't be read.
    """
    scanned = ffmpeg.input(str(path), **form, **own_input()).audio.filter("ebur128", peak="true", framelog="quiet")
    args = ffmpeg.output(scanned, "-", f="null").compile()[1:]
    report = await run_ffmpeg(["-loglevel", "info", "-nostats", *args], deadline_s=120)
    loudness, peak = _LOUDNESS.findall(report.stderr_tail), _PEAK.findall(report.stderr_tail)
    if not loudness or not peak:
        raise CommandFailed(command="ebur128", code=0, stderr_tail=report.stderr_tail)
    return Loudness(loudness_lufs=_number(loudness[-1], FLOOR_LUFS), true_peak_dbtp=_number(peak[-1], -math.inf))


def _number(text: str, otherwise: float) -> float:
    value = float(text)
    return otherwise if math.isnan(value) else value if value != -math.inf else otherwise
