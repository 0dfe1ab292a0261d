"""Levelling: the gain at which a limited sound has the film's loudness, found by trying, measured as delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from media.sound.loudness import Loudness

#: The film's loudness, how far it may be off before the gain is set anew, and from where on that is a finding.
TARGET_LUFS: Final = -14.0
TOLERANCE_LU: Final = 0.3
SHORT_LU: Final = 0.5
#: No true peak above this once it is AAC; the limiter stands lower, because the codec adds to peaks.
PEAK_LIMIT_DBTP: Final = -1.0
CEILING_DBTP: Final = -1.5
#: What is fainter than this is room noise: it is left as it is.
QUIET_LUFS: Final = -50.0
#: A limiter may eat this much of the gain; beyond it only distortion grows.
LIMITED_DB: Final = 16.0
#: One step of the search, at most.
_STEP_DB: Final = 8.0
#: What a decibel of gain brings through the limiter, at least and at most, in LU; and what is guessed at first.
_SLOPES: Final = (0.25, 1.1)
_FIRST_SLOPE: Final = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a sound is raised and limited."""

    gain_db: float
    ceiling_dbtp: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One setting, and what was measured of it as AAC."""

    setting: Setting
    heard: Loudness

    @property
    def peak_holds(self) -> bool:
        """Whether it may be delivered at all."""
        return self.heard.true_peak_dbtp <= PEAK_LIMIT_DBTP

    @property
    def off_lu(self) -> float:
        """How far it is under the target (negative: above)."""
        return TARGET_LUFS - self.heard.loudness_lufs

    @property
    def good(self) -> bool:
        """Whether nothing is left to be done."""
        return self.peak_holds and abs(self.off_lu) <= TOLERANCE_LU


def first_setting(before: Loudness) -> Setting:
    """Return the setting for a sound that needs no limiter."""
    return Setting(gain_db=TARGET_LUFS - before.loudness_lufs, ceiling_dbtp=CEILING_DBTP)


def next_setting(before: Loudness, tries: Sequence[Try]) -> Setting | None:
    """Return what to try next: by the secant through the two nearest tries; None where nothing more can be won."""
    last = tries[-1]
    over_db = last.heard.true_peak_dbtp - PEAK_LIMIT_DBTP
    ceiling = last.setting.ceiling_dbtp - (over_db + 0.1 if over_db > 0 else 0.0)
    limited = before.true_peak_dbtp + last.setting.gain_db > last.setting.ceiling_dbtp
    step = last.off_lu / (_slope(tries) if limited else 1.0)
    most = first_setting(before).gain_db + LIMITED_DB
    gain = min(most, last.setting.gain_db + max(-_STEP_DB, min(_STEP_DB, step)))
    found = Setting(gain_db=gain, ceiling_dbtp=ceiling)
    return None if any(found == tried.setting for tried in tries) else found


def best(tries: Sequence[Try]) -> Try | None:
    """Return the try to deliver: its peak holds and it is nearest to the target; None if no peak holds."""
    return min((one for one in tries if one.peak_holds), key=lambda one: abs(one.off_lu), default=None)


def plain_setting(before: Loudness) -> Setting:
    """Return the setting at which every peak holds without a limiter, with room for what the codec adds."""
    return Setting(gain_db=2 * CEILING_DBTP - before.true_peak_dbtp, ceiling_dbtp=CEILING_DBTP)


def _slope(tries: Sequence[Try]) -> float:
    last = tries[-1]
    others = [one for one in tries[:-1] if abs(one.setting.gain_db - last.setting.gain_db) > 0.05]
    if not others:
        return _FIRST_SLOPE
    near = min(others, key=lambda one: abs(one.off_lu))
    rise = (last.heard.loudness_lufs - near.heard.loudness_lufs) / (last.setting.gain_db - near.setting.gain_db)
    return max(_SLOPES[0], min(_SLOPES[1], rise))
