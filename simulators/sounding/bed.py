"""Music and atmosphere: a soft pad of four chords with a plucked line over it, as long as was asked for."""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Samples a second of a bed; two channels.
BED_RATE_HZ: Final = 24_000
_PROGRESSIONS: Final = (
    ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)),
    ((0, 3, 7), (8, 12, 15), (3, 7, 10), (10, 14, 17)),
    ((0, 4, 7), (5, 9, 12), (9, 12, 16), (7, 11, 14)),
    ((0, 7, 12), (5, 9, 14), (2, 5, 9), (7, 11, 16)),
)
_CHORD_S: Final = 4.0
_FADE_S: Final = 1.2


def bed(text: str, duration_s: float) -> NDArray[np.int16]:
    """Return a stereo bed for `text`, always the same for the same text and length; shape (samples, 2)."""
    digest = hashlib.sha256(text.encode()).digest()
    total = round(duration_s * BED_RATE_HZ)
    chords = _PROGRESSIONS[digest[0] % len(_PROGRESSIONS)]
    root_hz = 110.0 * 2 ** (digest[1] % 8 / 12)
    left, right = np.zeros(total), np.zeros(total)
    length = round(_CHORD_S * BED_RATE_HZ)
    for position, start in enumerate(range(0, total, length)):
        chord = chords[position % len(chords)]
        count = min(length, total - start)
        pad = _pad(chord, root_hz, count)
        plucks = _plucks(chord, root_hz, count, digest, position)
        left[start : start + count] += pad + plucks * 0.5
        right[start : start + count] += pad * 0.9 + plucks * 0.8
    fade = round(min(_FADE_S, duration_s / 4) * BED_RATE_HZ)
    envelope = np.ones(total)
    if fade:
        envelope[:fade] = np.linspace(0, 1, fade)
        envelope[-fade:] = np.linspace(1, 0, fade)
    both = np.stack([left, right], axis=1) * envelope[:, None]
    peak = float(np.max(np.abs(both))) if total else 0.0
    return (both / peak * 12_000).astype(np.int16) if peak > 0 else both.astype(np.int16)


def _pad(chord: tuple[int, ...], root_hz: float, count: int) -> NDArray[np.float64]:
    time_s = np.arange(count) / BED_RATE_HZ
    swell = np.sin(np.pi * np.arange(count) / max(count, 1)) ** 0.5
    voices = np.zeros(count)
    for step in chord:
        hertz = root_hz * 2 ** (step / 12)
        voices += np.sin(2 * np.pi * hertz * time_s) + 0.4 * np.sin(2 * np.pi * hertz * 2.003 * time_s)
    return voices * swell * 0.3


def _plucks(chord: tuple[int, ...], root_hz: float, count: int, digest: bytes, position: int) -> NDArray[np.float64]:
    line = np.zeros(count)
    length = round(0.5 * BED_RATE_HZ)
    for beat, start in enumerate(range(0, count, length)):
        step = chord[digest[(position * 8 + beat) % len(digest)] % len(chord)] + 24
        part = np.arange(min(length, count - start)) / BED_RATE_HZ
        line[start : start + part.size] += np.sin(2 * np.pi * root_hz * 2 ** (step / 12) * part) * np.exp(-6 * part)
    return line * 0.35
