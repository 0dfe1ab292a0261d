"""The clips' own sounds, one beside the other: each is moved towards the others, within bounds."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from media.sound.levelling import PEAK_LIMIT_DBTP, QUIET_LUFS
from media.sound.loudness import measure

#: A clip's own sound is moved so far towards the others at most.
NATIVE_GAIN_DB: Final = 8.0


async def native_gains(sounds: Sequence[Path]) -> list[float]:
    """Return by how much each clip's own sound moves towards the median of all; what only hisses stays."""
    heard = [await measure(sound) for sound in sounds]
    loud = [each.loudness_lufs for each in heard if each.loudness_lufs >= QUIET_LUFS]
    if not loud:
        return [0.0] * len(sounds)
    middle = median(loud)
    return [
        min(
            max(-NATIVE_GAIN_DB, min(NATIVE_GAIN_DB, middle - each.loudness_lufs)),
            max(0.0, PEAK_LIMIT_DBTP - each.true_peak_dbtp),
        )
        if each.loudness_lufs >= QUIET_LUFS
        else 0.0
        for each in heard
    ]
