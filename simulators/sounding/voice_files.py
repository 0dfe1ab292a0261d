"""A voice job's file: speech where voices were ordered, a bed of music where only text was; encoded as asked."""

import asyncio
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from media.command import run_ffmpeg
from simulators.sounding.bed import BED_RATE_HZ, bed
from simulators.sounding.speech import SPEECH_RATE_HZ, say, voice_of
from simulators.world.jobs import Job

#: Samples a second of a finished file.
FILE_RATE_HZ: Final = 24_000
_CODECS: Final[Mapping[str, tuple[str, ...]]] = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-f", "mp3"),
    "wav": ("-c:a", "pcm_s16le", "-f", "wav"),
    "pcm": ("-c:a", "pcm_s16le", "-f", "s16le"),
    "ogg_opus": ("-c:a", "libopus", "-b:a", "64k", "-f", "ogg"),
}
#: The file's ending, by audioConfig.format.
ENDING_OF_FORMAT: Final = {"mp3": "mp3", "wav": "wav", "pcm": "pcm", "ogg_opus": "ogg"}


def expected_s(text: str, duration_hint_s: float | None) -> float:
    """Return about how long a job will sound, seconds: its hint, else by its signs (Chinese ones count double)."""
    if duration_hint_s is not None:
        return duration_hint_s
    signs = sum(2.0 if "\u3000" <= sign <= "\u9fff" else 1.0 for sign in text)
    return max(1.0, min(110.0, signs / 9))


async def make_voice(job: Job, folder: Path) -> Mapping[str, Any]:
    """Write the job's file into `folder`; returns its exact length in seconds and the price that follows from it."""
    samples, rate_hz = await asyncio.to_thread(_sound, job)
    duration_s = round(len(samples) / rate_hz, 3)
    config = job.params.get("audioConfig") or {}
    gain = 10 ** (config.get("loudnessRate", 0) / 100 * 6 / 20)
    layout = ["-ac", str(samples.shape[1] if samples.ndim == 2 else 1)]
    await run_ffmpeg(
        ["-f", "s16le", "-ar", str(rate_hz), *layout, "-i", "pipe:0", "-af", f"volume={gain:.4f}",
         "-ar", str(FILE_RATE_HZ), "-threads", "1", *_CODECS[job.facts["format"]], folder / job.facts["file"]],
        deadline_s=120,
        stdin=samples.tobytes(),
    )  # fmt: skip
    return {"duration_s": duration_s, "price": max(1, math.ceil(duration_s * job.facts["price_per_s"]))}


def _sound(job: Job) -> tuple[NDArray[np.int16], int]:
    voices = [voice_of(choice) for choice in job.params.get("voices") or []]
    if not voices and "image" not in job.params:
        return bed(job.text, expected_s(job.text, job.params.get("durationHint"))), BED_RATE_HZ
    config = job.params.get("audioConfig") or {}
    speed = 1 + config.get("speechRate", 0) / 100
    spoken = say(
        job.text,
        voices or [voice_of({"type": "reference", "url": "narrator"})],
        speed=speed,
        semitones=config.get("pitchRate", 0),
    )
    return spoken, SPEECH_RATE_HZ
