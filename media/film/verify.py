"""Verify: the finished file against its plan, by its own packets and boxes; ffmpeg's exit code proves nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from film.canvas import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, TIMESCALE, Canvas
from film.errors import DeliverableRejected
from media.film.mux import LABEL_KEY
from media.film.verify_content import check_captions, check_runs, check_sound, film_runs
from media.mp4.boxes import colours, top_boxes
from media.picture.part import DefectRun, Part
from media.picture.thumbnails import match_keyframes
from media.sound.mix import Mix
from media.sound.voice_fit import FittedVoice
from media.text.subtitles import Caption

TICKS_PER_FRAME: Final = TIMESCALE // FPS

#: ITU-T H.273: primaries, transfer and matrix of BT.709; and ffmpeg's number for limited range.
_BT709: Final = (1, 1, 1)
_LIMITED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """What was found in a film that passed."""

    frames: int
    samples: int
    size_bytes: int
    #: Captions in its subtitle stream; None where it has no such stream.
    captions: int | None
    label: dict[str, str]
    #: Black and frozen runs by the film's frames, from the parts' findings.
    runs: tuple[DefectRun, ...]


@dataclass(slots=True)
class _Times:
    """One stream's packets, in file order."""

    pts: list[int] = field(default_factory=list)
    dts: list[int] = field(default_factory=list)


def verify_film(
    path: Path,
    *,
    frames: int,
    canvas: Canvas,
    captions: Sequence[Caption] | None,
    label_id: str,
    parts: Sequence[Part] = (),
    sound: Mix | None = None,
    narration: Sequence[FittedVoice] = (),
    decode: bool = False,
) -> FilmFacts:
    """Check a finished film against its plan.

    Args:
        path: The film.
        frames: Its exact length.
        canvas: Its picture size.
        captions: What its one subtitle stream says; None for a film without one.
        label_id: The `ProduceID` its implicit label must hold.
        parts: Its parts: each key frame must show what its part shows, and nothing may be black or frozen that isn't
            so in a clip.
        sound: What the mix measured on the AAC track that the film holds as it is: its loudness is checked.
        narration: The voices in it, none of which may have fallen silent.
        decode: Whether to decode every picture too (seconds of CPU; the parts were decoded when they were made).

    Raises:
        DeliverableRejected: The first check that fails, what it expected and what it found.
    """
    _check_boxes(path)
    _require("colours in the file (colr)", expected=(*_BT709, False), found=colours(path))
    try:
        with av.open(str(path), format="mp4", options={"protocol_whitelist": "file"}) as container:
            label = _check_streams(container, canvas=canvas, subtitles=captions is not None, label_id=label_id)
            video, audio = container.streams.video[0], container.streams.audio[0]
            times = _demux(container, video, audio)
            _check_video(video, times[video.index], frames)
            _check_audio(audio, times[audio.index], frames)
        if captions is not None:
            check_captions(path, captions)
        if parts:
            check_runs(parts)
            match_keyframes(path, parts)
        if decode:
            _check_decoded(path, frames)
    except FFmpegError as error:
        raise DeliverableRejected(check="container", expected="a readable MP4", found=str(error)) from error
    if sound is not None:
        check_sound(sound, narration)
    return FilmFacts(
        frames=frames,
        samples=frames * SAMPLES_PER_FRAME,
        size_bytes=path.stat().st_size,
        captions=None if captions is None else len(captions),
        label=label,
        runs=film_runs(parts),
    )


def _require(check: str, *, expected: object, found: object) -> None:
    if expected != found:
        raise DeliverableRejected(check=check, expected=str(expected), found=str(found))


def _check_boxes(path: Path) -> None:
    names = [box.name for box in top_boxes(path)]
    _require("first box", expected="ftyp", found=names[0] if names else "nothing")
    _require("one moov and one mdat", expected=(1, 1), found=(names.count("moov"), names.count("mdat")))
    _require("moov before mdat", expected=True, found=names.index("moov") < names.index("mdat"))


def _check_streams(container: InputContainer, *, canvas: Canvas, subtitles: bool, label_id: str) -> dict[str, str]:
    streams = container.streams
    _require("video streams", expected=1, found=len(streams.video))
    _require("audio streams", expected=1, found=len(streams.audio))
    _require("subtitle streams", expected=int(subtitles), found=len(streams.subtitles))
    video, audio = streams.video[0].codec_context, streams.audio[0].codec_context
    _require("video codec", expected="h264 avc1 yuv420p", found=f"{video.name} {video.codec_tag} {video.pix_fmt}")
    _require("canvas", expected=(canvas.width, canvas.height), found=(video.width, video.height))
    told = tuple(map(int, (video.color_primaries, video.color_trc, video.colorspace, video.color_range)))
    _require("colours in the stream", expected=(*_BT709, _LIMITED), found=told)
    _require("pixel shape", expected=Fraction(1), found=video.sample_aspect_ratio or Fraction(1))
    _require("audio codec", expected=f"aac {SAMPLE_RATE} 2", found=f"{audio.name} {audio.sample_rate} {audio.channels}")
    try:
        label = json.loads(container.metadata.get(LABEL_KEY, ""))
    except ValueError:
        label = {}
    _require("label", expected=("1", label_id), found=(label.get("Label"), label.get("ProduceID")))
    return dict(label)


def _demux(container: InputContainer, *streams: VideoStream | AudioStream) -> dict[int, _Times]:
    times = {stream.index: _Times() for stream in streams}
    for packet in container.demux(*streams):
        if packet.pts is not None and packet.dts is not None:
            times[packet.stream_index].pts.append(packet.pts)
            times[packet.stream_index].dts.append(packet.dts)
    return times


def _check_video(video: VideoStream, times: _Times, frames: int) -> None:
    _require("frames", expected=frames, found=len(times.pts))
    _require("video time base", expected=Fraction(1, TIMESCALE), found=video.time_base)
    shown = sorted(times.pts)
    _require("video start", expected=0, found=shown[0])
    gaps = [at for at, (a, b) in enumerate(pairwise(shown)) if b - a != TICKS_PER_FRAME]
    _require("frame gaps", expected="none", found=f"{len(gaps)}, the first after frame {gaps[0]}" if gaps else "none")
    _require_rising("video", times.dts)
    _require("video length", expected=frames * TICKS_PER_FRAME, found=video.duration)


def _check_audio(audio: AudioStream, times: _Times, frames: int) -> None:
    _require("audio time base", expected=Fraction(1, SAMPLE_RATE), found=audio.time_base)
    _require("audio start", expected=0, found=audio.start_time)
    _require_rising("audio", times.dts)
    _require("audio length", expected=frames * SAMPLES_PER_FRAME, found=audio.duration)
    # A packet is 1024 samples; the encoder's delay stands before 0, hidden by the edit list.
    odd = sum(b - a != 1024 for a, b in pairwise(times.pts))
    _require("audio gaps", expected=0, found=odd)


def _require_rising(stream: str, dts: Sequence[int]) -> None:
    fallen = sum(b <= a for a, b in pairwise(dts))
    _require(f"{stream} decode times rise", expected=0, found=fallen)


def _check_decoded(path: Path, frames: int) -> None:
    with av.open(str(path), format="mp4", options={"err_detect": "explode"}) as container:
        found = sum(not frame.is_corrupt for frame in container.decode(video=0))
    _require("decoded frames", expected=frames, found=found)
