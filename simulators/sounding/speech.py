"""Narration and dialogue: every line in the voice it is assigned to, spoken, or as syllables of tone without a speaker.

The voice document, "音色": with several voices each line is assigned by a prefix `@音频N`.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulators.sounding.espeak import speak
from simulators.sounding.speakers import SPEAKER_OF_ID, Speaker
from simulators.world.errors import SpeechUnavailable

#: Samples a second of everything said here.
SPEECH_RATE_HZ: Final = 22_050
_PAUSE_S: Final = 0.25
_LINE = re.compile(r"@音频(\d)\s*")
_CJK = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def lines_of(text: str, voices: int) -> list[tuple[int, str]]:
    """Return (index of the voice, line) in order; text before the first prefix belongs to the first voice."""
    pieces = _LINE.split(text)
    lines = [(0, pieces[0].strip())]
    lines += [(int(number) - 1, line.strip()) for number, line in zip(pieces[1::2], pieces[2::2], strict=True)]
    return [(min(max(index, 0), voices - 1), line) for index, line in lines if line]


def cloned(url: str) -> Speaker:
    """Return the voice that a reference recording stands for: always the same one for the same address."""
    digest = hashlib.sha256(url.encode()).digest()
    timbre = ("f1", "f2", "f4", "m1", "m4", "m6")[digest[0] % 6]
    return Speaker(id="cloned", name="cloned", language="", gender="", voice=f"*+{timbre}", pitch=40 + digest[1] % 25)


def voice_of(choice: dict[str, str]) -> Speaker:
    """Return the voice of one item of `voices`."""
    return SPEAKER_OF_ID[choice["id"]] if choice["type"] == "speaker" else cloned(choice["url"])


def say(text: str, voices: Sequence[Speaker], *, speed: float = 1.0, semitones: float = 0.0) -> NDArray[np.int16]:
    """Return all lines of `text` after one another, mono at `SPEECH_RATE_HZ`."""
    silence = np.zeros(int(_PAUSE_S * SPEECH_RATE_HZ), dtype=np.int16)
    pieces: list[NDArray[np.int16]] = []
    for index, line in lines_of(text, len(voices)):
        pieces += [_say_line(line, voices[index], speed, semitones), silence]
    return np.concatenate(pieces) if pieces else silence


def _say_line(line: str, speaker: Speaker, speed: float, semitones: float) -> NDArray[np.int16]:
    voice = speaker.voice.replace("*", _language_of(line))
    pitch = speaker.pitch + round(semitones * 3)
    try:
        samples, rate_hz = speak(_fitting(line, voice), voice=voice, pitch=pitch, speed=speed)
    except SpeechUnavailable:
        return syllables(line, pitch=pitch, speed=speed)
    if rate_hz != SPEECH_RATE_HZ or samples.size == 0:
        return syllables(line, pitch=pitch, speed=speed)
    return samples


def _fitting(line: str, voice: str) -> str:
    """Latin voices spell Chinese out sign by sign ("Chinese letter ..."): let them say something shorter."""
    if _CJK.search(line) and not voice.startswith(("cmn", "ja")):
        return _CJK.sub("la ", line)
    return line


def _language_of(line: str) -> str:
    for pattern, language in ((_KANA, "ja"), (_HANGUL, "ko"), (_CYRILLIC, "ru"), (_CJK, "cmn")):
        if pattern.search(line):
            return language
    return "en-us"


def syllables(line: str, *, pitch: int, speed: float) -> NDArray[np.int16]:
    """Return tones in the rhythm of speech: a syllable for each sign or few letters, a rest at each comma."""
    steps = re.findall(r"[\u3040-\u9fff\uac00-\ud7af]|[^\W\d_]{1,3}|\d|[,.;:!?，。；：！？、]", line)
    digest = hashlib.sha256(line.encode()).digest()
    length = int(0.22 / speed * SPEECH_RATE_HZ)
    time_s = np.arange(length) / SPEECH_RATE_HZ
    shape = np.sin(np.pi * np.arange(length) / length) ** 0.7
    pieces = []
    for position, step in enumerate(steps):
        hertz = 90 + 1.6 * pitch + digest[position % len(digest)] / 5
        tone = sum(np.sin(2 * np.pi * hertz * part * time_s) / part for part in (1, 2, 3))
        silent = not step[0].isalnum()
        pieces.append(np.zeros(length) if silent else tone * shape * 6000)
    return np.concatenate(pieces or [np.zeros(length)]).astype(np.int16)
