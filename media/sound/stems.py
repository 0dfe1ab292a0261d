"""Stems: film-long headerless PCM files into which sounds are written at their absolute sample.

Empty stretches are holes in the file; a sound is copied in pieces, so memory doesn't grow with the film.
"""

from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from film.canvas import SAMPLE_RATE
from media.sound.levels import FLOOR_DB, STEP_SAMPLES, levels, loud_db
from media.sound.pcm import BYTES_PER_SAMPLE, CHANNELS, Sound, chunks, read_wav, wav_samples

#: How ffmpeg is told what a stem holds.
STEM_FORM: Final[dict[str, str | int]] = {"f": "s16le", "ar": SAMPLE_RATE, "ac": CHANNELS}
#: Faded at both edges of a clip's own sound, so that a cut doesn't click: 5 ms.
EDGE_SAMPLES: Final = SAMPLE_RATE // 200
#: The overlap in which a looped bed's end passes into its beginning, at most: a second.
LOOP_SAMPLES: Final = SAMPLE_RATE
#: The bed's fade at the film's end, at most: three seconds.
FADE_SAMPLES: Final = 3 * SAMPLE_RATE

#: Music is heard from 30 dB under its loud moments on, and fades from 6 dB under them; judged over 0.4 s.
_HEARD_DB: Final = 30.0
_FULL_DB: Final = 6.0
_SMOOTH_STEPS: Final = 40
_NO_MUSIC_DB: Final = -80.0


def make_stem(path: Path, *, samples: int) -> None:
    """Make a silent stem of `samples` samples."""
    with path.open("wb") as file:
        file.truncate(samples * BYTES_PER_SAMPLE)


def lay(stem: Path, sound: Path, *, start_sample: int, edges: bool, gain_db: float = 0.0) -> None:
    """Write a WAV file into a stem from `start_sample` on; what stands there is added to, not replaced.

    Args:
        stem: A file of `make_stem`; what would go beyond its end is left out.
        sound: A WAV file of this room's form.
        start_sample: Where its first sample goes.
        edges: Whether to fade its first and last 5 ms.
        gain_db: By how much it is raised or lowered.
    """
    length, done = wav_samples(sound), 0
    with stem.open("r+b") as file:
        for piece in chunks(sound):
            louder = _louder(piece, gain_db) if gain_db else piece
            shaped = _edged(louder, done, length) if edges else louder
            _add(file, start_sample + done, shaped, stem.stat().st_size // BYTES_PER_SAMPLE)
            done += len(piece)


def lay_bed(stem: Path, music: Path, *, samples: int) -> None:
    """Fill a stem with music: looped through equal-power overlaps if it is too short, faded at the end."""
    tune = _tune(read_wav(music), samples=samples)
    overlap = min(LOOP_SAMPLES, len(tune) // 4)
    start = 0
    with stem.open("r+b") as file:
        while start < samples:
            last = start + len(tune) >= samples
            _add(file, start, _passed(tune, overlap, rising=start > 0, falling=not last), samples)
            start += len(tune) - overlap
            if last:
                break
    _fade_out(stem, samples=samples)


def _tune(music: Sound, *, samples: int) -> Sound:
    """Return music without the silence before it; if it must be looped also without its fading end."""
    found = levels(music, over_steps=_SMOOTH_STEPS)
    loud = loud_db(found) if len(found) else FLOOR_DB
    if loud <= _NO_MUSIC_DB:
        return music
    heard, full = np.flatnonzero(found > loud - _HEARD_DB), np.flatnonzero(found > loud - _FULL_DB)
    half = _SMOOTH_STEPS // 2  # the smoothing hears a sound so much before it begins
    first = (int(heard[0]) + half) * STEP_SAMPLES if heard[0] > 0 else 0
    last = int(heard[-1]) + 1
    if last * STEP_SAMPLES - first >= samples:
        return music[first:]
    body = int(full[-1]) + 1
    last = body if body * STEP_SAMPLES - first > (last * STEP_SAMPLES - first) // 2 else last
    return music[first : len(music) if last >= len(found) - half else last * STEP_SAMPLES]


def _passed(tune: Sound, overlap: int, *, rising: bool, falling: bool) -> Sound:
    if not (rising or falling) or overlap == 0:
        return tune
    shaped = tune.copy()
    angle = (np.arange(overlap, dtype=np.float32) + 0.5) / overlap * np.pi / 2
    if rising:
        shaped[:overlap] = _scaled(shaped[:overlap], np.sin(angle))
    if falling:
        shaped[-overlap:] = _scaled(shaped[-overlap:], np.cos(angle))
    return shaped


def _louder(piece: Sound, gain_db: float) -> Sound:
    louder: Sound = np.rint(piece * np.float32(10 ** (gain_db / 20))).clip(-32768, 32767).astype(np.int16)
    return louder


def _edged(piece: Sound, done: int, length: int) -> Sound:
    at = done + np.arange(len(piece), dtype=np.float32)
    gain = np.minimum(np.minimum(at + 0.5, length - at - 0.5) / EDGE_SAMPLES, 1.0)
    return piece if gain.min() >= 1.0 else _scaled(piece, gain.astype(np.float32))


def _fade_out(stem: Path, *, samples: int) -> None:
    count = min(FADE_SAMPLES, samples // 3)
    with stem.open("r+b") as file:
        file.seek((samples - count) * BYTES_PER_SAMPLE)
        tail = np.frombuffer(file.read(count * BYTES_PER_SAMPLE), np.int16).reshape(-1, CHANNELS)
        gain = np.cos((np.arange(count, dtype=np.float32) + 1) / count * np.pi / 2)
        file.seek((samples - count) * BYTES_PER_SAMPLE)
        file.write(_scaled(tail, gain).tobytes())


def _scaled(sound: Sound, gain: NDArray[np.float32]) -> Sound:
    scaled: Sound = np.rint(sound * gain[:, np.newaxis]).astype(np.int16)
    return scaled


def _add(file: BinaryIO, start: int, piece: Sound, limit: int) -> None:
    piece = piece[: max(0, limit - start)]
    file.seek(start * BYTES_PER_SAMPLE)
    there = np.frombuffer(file.read(len(piece) * BYTES_PER_SAMPLE), np.int16).reshape(-1, CHANNELS)
    total = np.clip(there.astype(np.int32) + piece, -32768, 32767).astype(np.int16)
    file.seek(start * BYTES_PER_SAMPLE)
    file.write(total.tobytes())
