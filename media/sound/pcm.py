"""Plain PCM (48 kHz, stereo, s16le) by the sample: where sound is placed, one frame of sound is four bytes."""

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from film.canvas import SAMPLE_RATE

CHANNELS: Final = 2
BYTES_PER_SAMPLE: Final = 2 * CHANNELS
#: Samples read at once: a second and a third, so that memory doesn't grow with the film.
CHUNK_SAMPLES: Final = 65_536

Sound = NDArray[np.int16]


def write_silence(path: Path, *, samples: int) -> None:
    """Write a WAV file of `samples` silent samples."""
    with wave.open(str(path), "wb") as file:
        _describe(file)
        file.writeframes(bytes(samples * BYTES_PER_SAMPLE))


def write_wav(path: Path, sound: Sound) -> None:
    """Write `sound` (int16, one row a sample, two columns) as a WAV file."""
    with wave.open(str(path), "wb") as file:
        _describe(file)
        file.writeframes(np.ascontiguousarray(sound).tobytes())


def read_wav(path: Path) -> Sound:
    """Return a whole WAV file of this room's form."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, CHANNELS)


def wav_samples(path: Path) -> int:
    """Return how many samples a WAV file of this room's form holds."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes()


def chunks(path: Path) -> Iterator[Sound]:
    """Yield a WAV file of this room's form piece by piece."""
    with wave.open(str(path), "rb") as file:
        while data := file.readframes(CHUNK_SAMPLES):
            yield np.frombuffer(data, np.int16).reshape(-1, CHANNELS)


def _describe(file: wave.Wave_write) -> None:
    file.setnchannels(CHANNELS)
    file.setsampwidth(2)
    file.setframerate(SAMPLE_RATE)
