"""Voices of the tests: bursts of a harmonic tone in the rhythm of syllables, and the power of what is heard."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .conftest import MakeClip

RATE = 48_000
#: Syllables: bursts of a harmonic tone, 120 ms on, 60 ms off.
SPEECH = "aevalsrc='(lt(mod(t,0.18),0.12))*(0.3*sin(880*t)+0.2*sin(2640*t)+0.1*sin(9000*t))':s={rate}:d={length}"


def power_db(signal: NDArray[np.float64]) -> float:
    return 10 * np.log10(np.mean(signal**2) + 1e-12)


async def speech(make: MakeClip, length: float, *, rate: int = 24_000, suffix: str = ".wav", lead: float = 0) -> Path:
    silence = ("-af", f"adelay={round(lead * 1000)}:all=1,apad=pad_dur=0.4")
    return await make("-f", "lavfi", "-i", SPEECH.format(rate=rate, length=length), "-ac", "1", *silence, suffix=suffix)
