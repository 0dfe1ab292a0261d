"""What is seen, heard and read in a finished film, held against what was planned: its parts, its voices, its captions.

A dark or still or silent moment is judged by where it comes from: what a clip or a voice has of its own may stay.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import av
import numpy as np

from film.canvas import SAMPLE_RATE
from film.errors import DeliverableRejected
from media.picture.black_freeze import unexplained_runs
from media.picture.part import DefectRun, Part
from media.sound.levelling import PEAK_LIMIT_DBTP, TARGET_LUFS
from media.sound.mix import Mix
from media.sound.pcm import read_wav
from media.sound.voice_fit import FittedVoice
from media.text.subtitles import Caption, plain_text

#: How far a film's loudness may be off.
LOUDNESS_BOUND_LU: Final = 0.5
#: A voice counts as heard where its 10 ms are above this share of its peak (-40 dB).
_HEARD_SHARE: Final = 0.01
_HEARD_SAMPLES: Final = SAMPLE_RATE // 100
#: So much of a voice may fall into silence, in seconds: breaths, and where two measures differ.
_LOST_S: Final = 0.25
#: How far a caption's times may be off, in seconds.
_CAPTION_S: Final = 0.0015


def check_runs(parts: Sequence[Part]) -> None:
    """Check that nothing is black or frozen by our doing.

    Raises:
        DeliverableRejected: The first such run, by the film's frames.
    """
    start = 0
    for index, part in enumerate(parts):
        for run in unexplained_runs(part):
            first, last = start + run.start_frame, start + run.end_frame
            raise DeliverableRejected(
                check=f"{run.fault} frames",
                expected="none that the clips don't have",
                found=f"frames {first}..{last - 1}, in segment {index}",
            )
        start += part.frames


def film_runs(parts: Sequence[Part]) -> tuple[DefectRun, ...]:
    """Return the parts' black and frozen runs by the film's frames; runs that meet at a join become one."""
    runs: list[DefectRun] = []
    start = 0
    for part in parts:
        for run in part.runs:
            moved = DefectRun(fault=run.fault, start_frame=start + run.start_frame, end_frame=start + run.end_frame)
            touching = [old for old in runs if old.fault == moved.fault and old.end_frame == moved.start_frame]
            for old in touching:
                runs.remove(old)
                moved = DefectRun(fault=moved.fault, start_frame=old.start_frame, end_frame=moved.end_frame)
            runs.append(moved)
        start += part.frames
    return tuple(runs)


def check_sound(sound: Mix, narration: Sequence[FittedVoice]) -> None:
    """Check the film's loudness, and that no line of narration fell silent.

    Raises:
        DeliverableRejected: It is too loud, too faint or too high, or a line isn't heard.
    """
    _check_loudness(sound)
    for line in narration:
        for first, last in sound.silent_runs:
            if _heard_s(line, first, last) > _LOST_S:
                raise DeliverableRejected(
                    check="narration",
                    expected=f"a voice from {_seconds(line.start_sample)} to {_seconds(line.end_sample)}",
                    found=f"silence from {_seconds(first)} to {_seconds(last)}",
                )


def check_captions(film: Path, captions: Sequence[Caption]) -> None:
    """Check that the film's subtitle stream says what was planned, when it was planned.

    Raises:
        DeliverableRejected: The first caption that differs.
        FFmpegError: The stream can't be read.
    """
    with av.open(str(film), format="mp4", options={"protocol_whitelist": "file"}) as container:
        stream = container.streams.subtitles[0]
        tick = float(stream.time_base or 0)
        found = [
            (_mov_text(bytes(packet)), packet.pts * tick, (packet.duration or 0) * tick)
            for packet in container.demux(stream)
            if packet.size > 2 and packet.pts is not None  # an empty text fills a gap
        ]
    if len(found) != len(captions):
        raise DeliverableRejected(check="captions", expected=str(len(captions)), found=str(len(found)))
    for (text, start_s, length_s), planned in zip(found, captions, strict=True):
        wanted_s = planned.start_sample / SAMPLE_RATE, planned.end_sample / SAMPLE_RATE
        off_s = max(abs(start_s - wanted_s[0]), abs(start_s + length_s - wanted_s[1]))
        if text != plain_text(planned.rows) or off_s > _CAPTION_S:
            raise DeliverableRejected(
                check="captions",
                expected=f"{plain_text(planned.rows)!r} from {wanted_s[0]:.3f} to {wanted_s[1]:.3f} s",
                found=f"{text!r} from {start_s:.3f} to {start_s + length_s:.3f} s",
            )


def _check_loudness(sound: Mix) -> None:
    if sound.silent:
        return
    off_lu = TARGET_LUFS - sound.loudness_lufs
    if abs(off_lu - sound.short_lu) > LOUDNESS_BOUND_LU:
        raise DeliverableRejected(
            check="loudness",
            expected=f"{TARGET_LUFS:g} +- {LOUDNESS_BOUND_LU:g} LUFS",
            found=f"{sound.loudness_lufs:g}",
        )
    if sound.true_peak_dbtp > PEAK_LIMIT_DBTP:
        raise DeliverableRejected(
            check="true peak", expected=f"<= {PEAK_LIMIT_DBTP:g} dBTP", found=f"{sound.true_peak_dbtp:g}"
        )


def _mov_text(packet: bytes) -> str:
    """Return a sample's text (3GPP TS 26.245, 5.17: two bytes of length, then the text)."""
    return packet[2 : 2 + int.from_bytes(packet[:2], "big")].decode(errors="replace")


def _heard_s(line: FittedVoice, first: int, last: int) -> float:
    """Return for how many seconds the line says something between two samples of the film."""
    if first >= line.end_sample or last <= line.start_sample:
        return 0.0
    level = np.abs(read_wav(line.sound).astype(np.int32)).max(axis=1)
    said = level[max(0, first - line.start_sample) : last - line.start_sample] > _HEARD_SHARE * level.max()
    whole = len(said) // _HEARD_SAMPLES * _HEARD_SAMPLES
    return float(said[:whole].reshape(-1, _HEARD_SAMPLES).any(axis=1).sum() * _HEARD_SAMPLES / SAMPLE_RATE)


def _seconds(sample: int) -> str:
    return f"{sample / SAMPLE_RATE:.2f} s"
