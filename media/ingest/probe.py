"""What a file says of itself, read by PyAV: every packet's times; of the pictures at most the first."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from film.errors import ClipRejected
from media.ingest.safe_open import FileKind, open_untrusted, pictures_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFormat:
    """How a clip's pictures are to be read, told by the first one when decoded."""

    pix_fmt: str
    #: Width of a pixel over its height.
    sample_aspect: Fraction
    #: Degrees the player is told to turn the picture, counter-clockwise: 0, 90, 180 or 270.
    rotation: int
    #: The colour description, by the numbers of ITU-T H.273 (2 = unspecified); range 2 is full, 1 limited.
    color_range: int
    matrix: int
    primaries: int
    transfer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFacts:
    """An audio stream: its codec and length as declared (seconds; 0 = undeclared)."""

    codec: str
    rate_hz: int
    channels: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A video file by its headers and packets."""

    container: str
    codec: str
    codec_tag: str
    width: int
    height: int
    #: Packets that are shown (an edit list may hide some); one packet is one frame in the codecs let in.
    frames: int
    #: Packets the index promises, and how many could be read.
    indexed: int
    packets: int
    #: When the first shown frame stands on the file's clock.
    start_s: float
    #: From the first shown frame's start to the last one's end.
    duration_s: float
    fps: float
    video_streams: int
    audio: SoundFacts | None
    extradata_sha256: str


def probe(path: Path) -> Facts:
    """Read `path` as an MP4 file; no picture is decoded.

    Raises:
        ClipRejected: It is none, or holds no video stream.
    """
    # A first picture of a few hundred kilobytes takes longer to decode than all the rest of a probe.
    with open_untrusted(path, FileKind.MP4, skip_frame="all") as container:
        video = _video(container)
        audio = sound_facts(container.streams.audio[0]) if container.streams.audio else None
        return _facts(container, video, audio)


def read_picture_format(path: Path) -> PictureFormat:
    """Decode the first picture of `path` and tell how all are to be read.

    Raises:
        ClipRejected: There is none that can be decoded.
    """
    with open_untrusted(path, FileKind.MP4) as container:
        video = _video(container)
        video.codec_context.thread_count = 1  # one frame is decoded: threads would only cost their start
        for frame in container.decode(video):
            return PictureFormat(
                pix_fmt=frame.format.name,
                sample_aspect=video.codec_context.sample_aspect_ratio or Fraction(1),
                rotation=int(getattr(frame, "rotation", 0)) % 360,  # not in PyAV's stubs
                color_range=int(frame.color_range),
                matrix=int(frame.colorspace),
                primaries=int(frame.color_primaries),
                transfer=int(frame.color_trc),
            )
    raise ClipRejected(check="decode", expected="a picture", found="none")


def sound_facts(stream: AudioStream) -> SoundFacts:
    """Return what an audio stream declares.

    Raises:
        ClipRejected: It is in no codec that is known here.
    """
    _require_codec(stream)
    context = stream.codec_context
    length = stream.duration * stream.time_base if stream.duration and stream.time_base else 0
    return SoundFacts(
        codec=context.name, rate_hz=context.sample_rate or 0, channels=context.channels, duration_s=float(length)
    )


@dataclass(slots=True)
class _Tally:
    """Counts over one stream's packets."""

    packets: int = 0
    shown: int = 0
    first: int | None = None
    end: int = 0

    def add(self, packet: "Packet[VideoStream]") -> None:
        self.packets += 1
        if packet.is_discard or packet.pts is None:
            return
        self.shown += 1
        self.first = packet.pts if self.first is None else min(self.first, packet.pts)
        self.end = max(self.end, packet.pts + (packet.duration or 0))

    @property
    def length(self) -> int:
        return self.end - (self.first or 0)


def _video(container: InputContainer) -> VideoStream:
    pictures = pictures_of(container)
    if not pictures:
        raise ClipRejected(check="streams", expected="one video stream", found="none")
    _require_codec(pictures[0])
    return pictures[0]


def _facts(container: InputContainer, video: VideoStream, audio: SoundFacts | None) -> Facts:
    context, tally = video.codec_context, _Tally()
    for packet in container.demux(video):
        if packet.size:
            tally.add(packet)
    tick = video.time_base or Fraction(0)
    duration = tally.length * tick
    return Facts(
        container=container.format.name,
        codec=context.codec.canonical_name,
        codec_tag=context.codec_tag,
        width=context.width,
        height=context.height,
        frames=tally.shown,
        indexed=len(video.index_entries),
        packets=tally.packets,
        start_s=float((tally.first or 0) * tick),
        duration_s=float(duration),
        fps=float(tally.shown / duration) if duration else 0.0,
        video_streams=len(pictures_of(container)),
        audio=audio,
        extradata_sha256=hashlib.sha256(context.extradata or b"").hexdigest(),
    )


def _require_codec(stream: AudioStream | VideoStream) -> None:
    # PyAV's stubs don't tell: an unknown codec leaves a stream without a context.
    context: CodecContext | None = stream.codec_context
    if context is None:
        raise ClipRejected(check="codec", expected="one that is known here", found="none")
