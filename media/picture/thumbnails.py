"""Glances: how every sixth frame of a part should look, in 16 x 10 pixels, taken before its encode.

A finished film is held against them at its key frames: the right picture stands at the right time, whatever was joined.
Decoding key frames alone costs a fiftieth of decoding the film.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import av
import ffmpeg
import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from film.canvas import FPS, TIMESCALE
from film.errors import DeliverableRejected
from media.mp4.avc import IDR, unit_kinds
from media.picture.part import Part

#: Every so many frames a thumbnail is taken.
STEP: Final = 6
_WIDTH, _HEIGHT = 16, 10
#: Luma, and two planes of a quarter of it.
_BYTES: Final = _WIDTH * _HEIGHT * 3 // 2
#: Mean difference of luma (0..255) up to which a thumbnail counts as the same; an encode moves it by less than one.
SAME: Final = 8.0

Thumbnail = NDArray[np.int16]


def write_thumbnails(stream: Any, into: Path) -> Any:
    """Return the ffmpeg-python output that writes the thumbnails of a part's `stream`."""
    few = stream.filter("select", f"not(mod(n,{STEP}))").filter("scale", _WIDTH, _HEIGHT, flags="area")
    return ffmpeg.output(few, str(into), f="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough")


def read_thumbnails(path: Path) -> list[Thumbnail]:
    """Return the luma of a part's thumbnails."""
    pictures = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, _BYTES)
    return [picture[: _WIDTH * _HEIGHT].astype(np.int16) for picture in pictures]


def match_keyframes(film: Path, parts: Sequence[Part]) -> int:
    """Compare the film's key frames with the parts' thumbnails, and return how many were compared.

    Raises:
        DeliverableRejected: A part doesn't begin with a key frame, or a picture isn't the planned one.
        FFmpegError: The film can't be decoded.
    """
    wanted: dict[int, Thumbnail] = {}
    begins: dict[int, int] = {}
    start = 0
    for index, part in enumerate(parts):
        begins[start] = index
        thumbnails = read_thumbnails(part.thumbnails)
        wanted |= {start + STEP * number: thumbnail for number, thumbnail in enumerate(thumbnails)}
        start += part.frames
    compared = 0
    for frame, seen in _key_frames(film):
        begins.pop(frame, None)
        if (planned := wanted.get(frame)) is None:
            continue
        compared += 1
        off = float(np.abs(seen - planned).mean())
        if off > SAME:
            raise DeliverableRejected(
                check="pictures", expected=f"the planned picture at frame {frame}", found=f"one that is {off:.0f} off"
            )
    if begins:
        raise DeliverableRejected(
            check="key frame at each cut",
            expected=f"one in each of {len(parts)} segments",
            found=f"none at the start of {sorted(begins.values())}",
        )
    return compared


def _key_frames(film: Path) -> Iterator[tuple[int, Thumbnail]]:
    with av.open(str(film), format="mp4", options={"protocol_whitelist": "file"}) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        for packet in container.demux(video):
            if packet.size and not (packet.is_keyframe and IDR in unit_kinds(bytes(packet))):
                continue  # some encoders also mark pictures that need others before them
            for frame in packet.decode():
                yield round((frame.pts or 0) * FPS / TIMESCALE), _thumbnail(frame)


def _thumbnail(frame: VideoFrame) -> Thumbnail:
    small = frame.reformat(width=_WIDTH, height=_HEIGHT, format="yuv420p", interpolation="AREA")
    luma = np.frombuffer(bytes(small.planes[0]), np.uint8).reshape(_HEIGHT, -1)[:, :_WIDTH]
    return luma.reshape(-1).astype(np.int16)
