"""One line of narration as it was recorded: where its words begin and end, and its own loudness made everybody's."""

import asyncio
from pathlib import Path
from typing import Final

import numpy as np

from film.canvas import SAMPLE_RATE
from film.errors import ClipRejected
from media.sound.levels import STEP_SAMPLES, Levels, levels, loud_db
from media.sound.loudness import Loudness, measure
from media.sound.pcm import Sound, read_wav, write_wav

#: What every line is brought to before it is laid into the film; the mix raises all of them together.
LINE_LUFS: Final = -23.0
#: A line is raised or lowered so far at most, and its true peak never above this.
LINE_GAIN_DB: Final = 20.0
LINE_PEAK_DBTP: Final = -1.0
#: A shorter line is measured as if it were said over and over: the scanner listens to 0.4 s at once.
_MEASURED_SAMPLES: Final = 3 * SAMPLE_RATE
#: Below this share of its peak (-50 dB) a voice counts as silent; never below 16 of 32768 (-66 dBFS).
_SILENCE_SHARE: Final = 0.00316
_SILENCE_FLOOR: Final = 16
#: Kept before the first and after the last audible sample: 0.5 ms and 50 ms.
_LEAD_SAMPLES: Final = 24
_TAIL_SAMPLES: Final = 2400
#: Words are no fainter than this under the voice's loud moments, for 30 of 50 ms.
_WORDS_DB: Final = 24.0
#: A soft sound at a word's edge counts while it stands out of the room by this, so long at most: 0.25 s.
_ROOM_DB: Final = 6.0
_SOFTSTEP_SAMPLESS: Final = 25


def words_of(path: Path) -> Sound:
    """Return a recorded voice from its first word to its last, without the room's sound around them.

    Raises:
        ClipRejected: It holds only silence.
    """
    sound = read_wav(path)
    level = np.abs(sound.astype(np.int32)).max(axis=1, initial=0)
    threshold = max(_SILENCE_FLOOR, int(level.max(initial=0)) * _SILENCE_SHARE)
    first, last = _words(sound)
    audible = first + np.flatnonzero(level[first:last] >= threshold)
    if not len(audible):
        raise ClipRejected(check="sound", expected="a voice", found="silence")
    return sound[max(0, audible[0] - _LEAD_SAMPLES) : audible[-1] + 1 + _TAIL_SAMPLES]


async def levelled(voice: Sound, folder: Path) -> Sound:
    """Return a voice at the loudness of every line, as far as its peaks and the bounds of the gain let it.

    Raises:
        CommandFailed: It can't be measured.
    """
    told = folder / "told.wav"
    times = -(-_MEASURED_SAMPLES // len(voice))
    await asyncio.to_thread(write_wav, told, np.tile(voice, (times, 1)))
    gain_db = line_gain_db(await measure(told))
    louder = voice.astype(np.float32) * 10 ** (gain_db / 20)
    whole: Sound = np.rint(louder).clip(-32768, 32767).astype(np.int16)
    return whole


def line_gain_db(heard: Loudness) -> float:
    """Return by how much a line is raised, in dB; a line that can't be told from silence stays as it is."""
    if heard.silent:
        return 0.0
    wanted = LINE_LUFS - heard.loudness_lufs
    bounded = max(-LINE_GAIN_DB, min(LINE_GAIN_DB, wanted))
    return min(bounded, LINE_PEAK_DBTP - heard.true_peak_dbtp)


def _words(sound: Sound) -> tuple[int, int]:
    """Return the samples between which the words stand, a soft beginning or end included."""
    found = levels(sound)
    if not len(found):
        return 0, len(sound)
    line = loud_db(found) - _WORDS_DB
    # A click is no word: three steps of five must be as loud.
    steady = np.convolve(found > line, np.ones(5), mode="same") >= 3
    words = np.flatnonzero(steady & (found > line))
    if not len(words):
        return 0, len(sound)
    before, after = found[: words[0]][::-1], found[words[-1] + 1 :]
    first, last = words[0] - _soft(before), words[-1] + 1 + _soft(after)
    return int(first) * STEP_SAMPLES, min(len(sound), (int(last) + 1) * STEP_SAMPLES)


def _soft(beside: Levels) -> int:
    """Return how many of the steps `beside` the words, the nearest first, still belong to them."""
    if not len(beside):
        return 0
    room = float(np.percentile(beside, 75)) + _ROOM_DB
    quiet = np.flatnonzero(beside[:_SOFTSTEP_SAMPLESS] <= room)
    return int(quiet[0]) if len(quiet) else min(len(beside), _SOFTSTEP_SAMPLESS)
