"""Levels: how loud a sound is from moment to moment, in dB of full scale."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from film.canvas import SAMPLE_RATE
from media.sound.pcm import Sound

#: A moment: 10 ms.
STEP_SAMPLES: Final = SAMPLE_RATE // 100
#: Silence can't be told from this.
FLOOR_DB: Final = -100.0
#: What is fainter than the loudest moment by more doesn't count where a sound is judged by its loud ones.
_LOUD_DB: Final = 30.0

Levels = NDArray[np.float64]


def levels(sound: Sound, *, over_steps: int = 1) -> Levels:
    """Return the level of each whole moment, smoothed over as many as wanted."""
    whole = len(sound) // STEP_SAMPLES * STEP_SAMPLES
    steps = sound[:whole].astype(np.float64).reshape(-1, STEP_SAMPLES * sound.shape[1]) / 32768
    power = (steps**2).mean(axis=1)
    if over_steps > 1 and len(power):
        power = np.convolve(power, np.ones(over_steps) / over_steps, mode="same")[: len(power)]
    found: Levels = 10 * np.log10(power + 10 ** (FLOOR_DB / 10))
    return found


def loud_db(found: Levels) -> float:
    """Return the mean level of a sound's loud moments: what it counts as, however long its pauses are."""
    loud = found[found > found.max() - _LOUD_DB]
    return float(10 * np.log10(np.mean(10 ** (loud / 10))))
