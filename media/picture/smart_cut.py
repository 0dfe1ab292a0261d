"""Copying: a clip that already fits the film keeps its packets; a frame too many is taken off by a closed-prefix cut.

The longest run of packets, in decode order, that holds exactly the frames 0..k-1 is kept as it is; only the frames
k..N-1, two or three, are encoded anew behind it, with parameter sets of their own id. So that all parts of a film stay
one stream, every copied part carries both pairs of parameter sets, used or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Final

import av
from av.packet import Packet
from av.video.stream import VideoStream

from film.canvas import FPS, TIMESCALE, Canvas
from film.errors import ClipRejected
from media import encoding
from media.ingest.probe import Facts, PictureFormat
from media.ingest.safe_open import FileKind, open_untrusted, pictures_of
from media.ingest.validate import MISSING_FRAMES_LIMIT
from media.mp4.avc import IDR, PARAMETER_SETS, read_avcc, set_ids, unit_kinds, write_avcc
from media.picture.part import Mode

TICKS_PER_FRAME: Final = TIMESCALE // FPS
#: A clip's packets may be this far from their frame's time, in seconds; coarser time bases round.
_JITTER_S: Final = 0.0015
_UNSPECIFIED: Final = 2
_BT709: Final = 1
_FULL_RANGE: Final = 2

#: The tail: few frames, so quality costs nothing; no B-frames, so it ends where it should.
TAIL: Final[dict[str, str | int | None]] = {
    "c:v": "libx264",
    "preset": "medium",
    "crf": 12,
    "profile:v": "high",
    "bf": 0,
    "x264-params": "sps-id=1",
    "threads": encoding.THREADS,
    "fps_mode": "passthrough",
    "enc_time_base": f"1:{FPS}",
    "video_track_timescale": TIMESCALE,
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
    "color_range": "tv",
    "map_metadata": -1,
    "f": "mp4",
}

#: The clip's first packet behind parameter sets that name the film's colours; only these are read. No pixel changes.
HEAD: Final[dict[str, str | int | None]] = {
    "c": "copy",
    "frames:v": 1,
    "bsf:v": (
        "h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1:video_full_range_flag=0"
    ),
    "map_metadata": -1,
    "f": "mp4",
}
#: Untagged pictures of fewer lines are BT.601 to every player (`media/picture/scaling`): they must be converted.
_TALL: Final = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPlan:
    """How a clip is cut without encoding it."""

    #: Packets kept as they are: they hold the frames 0..kept-1.
    kept: int
    frames: int
    #: Each packet's frame, in decode order.
    order: tuple[int, ...]
    #: Frames by which decoding runs ahead of showing.
    reorder: int

    @property
    def tail_start(self) -> int:
        """First frame of the tail; where nothing is to be encoded the last frame, for its parameter sets only."""
        return min(self.kept, self.frames - 1)

    @property
    def mode(self) -> Mode:
        """How the part comes about."""
        return Mode.COPIED if self.kept == self.frames else Mode.PREFIX_CUT


def plan_cut(clip: Path, facts: Facts, picture_format: PictureFormat, *, canvas: Canvas, frames: int) -> CutPlan | None:
    """Return how `clip` can become a part of `frames` frames without an encode, or None if it can't.

    It can't if anything about it differs from the film but the number of frames: codec, size, pixels, colours, frame
    rate, hidden frames, parameter sets inside the stream. Frames missing at its end are encoded as its tail.
    """
    if not _fits(facts, picture_format, canvas) or facts.frames < frames - MISSING_FRAMES_LIMIT:
        return None
    with open_untrusted(clip, FileKind.MP4) as container:
        video = pictures_of(container)[0]
        sets = read_avcc(video.codec_context.extradata or b"")
        if sets is None or set_ids(sets) != _ids(0):
            return None
        order = _display_order(container.demux(video), video.time_base or Fraction(0))
        reorder = video.codec_context.reorder_depth
    if order is None or max(index - shown for index, shown in enumerate(order)) > reorder:
        return None
    highest = list(accumulate(order[:frames], max))
    kept = max((k for k, top in enumerate(highest, start=1) if top == k - 1), default=0)
    return CutPlan(kept=kept, frames=frames, order=order, reorder=reorder) if kept else None


def write_cut(clip: Path, cut_plan: CutPlan, *, head: Path, tail: Path, into: Path) -> None:
    """Write the video-only part: the clip's own packets, then the tail's.

    Args:
        clip: The clip that `plan_cut` was asked about.
        cut_plan: Its answer.
        head: The clip's beginning, copied by `HEAD`.
        tail: The frames from `cut.tail_start` on, encoded by `TAIL`.
        into: The part's picture file.

    Raises:
        ClipRejected: The tail isn't what was asked for.
    """
    with (
        open_untrusted(clip, FileKind.MP4) as source,
        av.open(str(head)) as beginning,
        av.open(str(tail)) as ending,
        av.open(str(into), "w", format="mp4", options={"video_track_timescale": str(TIMESCALE)}) as output,
    ):
        video, last = pictures_of(source)[0], ending.streams.video[0]
        described = beginning.streams.video[0]
        first, second = (read_avcc(stream.codec_context.extradata or b"") for stream in (described, last))
        if first is None or second is None or set_ids(second) != _ids(1):
            raise ClipRejected(check="tail", expected="parameter sets with id 1", found="others")
        stream = output.add_stream_from_template(described, opaque=True)
        stream.codec_context.extradata = write_avcc(first, second)
        stream.time_base = Fraction(1, TIMESCALE)
        packets = _filled(source.demux(video))
        for index in range(cut_plan.kept):
            output.mux(_timed(next(packets), stream, index, cut_plan.order[index], cut_plan.reorder))
        for index, packet in enumerate(_filled(ending.demux(last)), start=cut_plan.kept):
            if index < cut_plan.frames:
                output.mux(_timed(packet, stream, index, index, cut_plan.reorder))


def _ids(number: int) -> tuple[frozenset[int], frozenset[int]]:
    return frozenset({number}), frozenset({number})


def _fits(facts: Facts, picture_format: PictureFormat, canvas: Canvas) -> bool:
    return (
        (facts.codec, facts.codec_tag, picture_format.pix_fmt) == ("h264", "avc1", "yuv420p")
        and (facts.width, facts.height) == (canvas.width, canvas.height)
        and facts.packets == facts.frames
        and picture_format.sample_aspect == 1
        and picture_format.rotation == 0
        and (picture_format.matrix == _BT709 or min(canvas.width, canvas.height) >= _TALL)
        and {picture_format.matrix, picture_format.primaries, picture_format.transfer} <= {_BT709, _UNSPECIFIED}
        and picture_format.color_range != _FULL_RANGE
    )


def _display_order(packets: Iterator["Packet[VideoStream]"], tick: Fraction) -> tuple[int, ...] | None:
    """Each packet's frame number, or None where the packets are no steady 24 frames a second or begin with no IDR."""
    times: list[int] = []
    for packet in _filled(packets):
        kinds = unit_kinds(bytes(packet))
        if packet.pts is None or any(kind in PARAMETER_SETS for kind in kinds) or (not times and IDR not in kinds):
            return None
        times.append(packet.pts)
    start = min(times)
    order = tuple(round((time - start) * tick * FPS) for time in times)
    off_s = max(abs((time - start) * tick - Fraction(at, FPS)) for time, at in zip(times, order, strict=True))
    return order if off_s <= _JITTER_S and sorted(order) == list(range(len(order))) else None


def _filled(packets: Iterator["Packet[VideoStream]"]) -> Iterator["Packet[VideoStream]"]:
    return (packet for packet in packets if packet.size)


def _timed(
    packet: "Packet[VideoStream]", stream: VideoStream, index: int, shown: int, reorder: int
) -> "Packet[VideoStream]":
    packet.stream = stream
    packet.time_base = Fraction(1, TIMESCALE)
    packet.pts = shown * TICKS_PER_FRAME
    packet.dts = (index - reorder) * TICKS_PER_FRAME
    # Without it the last frame would have no length.
    packet.duration = TICKS_PER_FRAME
    return packet
