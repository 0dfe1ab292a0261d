"""Validation: cheap checks on a foreign file, in the order in which they protect the next one.

What passes may still be damaged inside its pictures; only the strict decode of the conform step shows that.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from film.canvas import FPS
from film.errors import ClipRejected
from media.ingest.probe import Facts, SoundFacts, probe, sound_facts
from media.ingest.safe_open import FileKind, open_untrusted

CLIP_LIMIT_BYTES: Final = 256 * 2**20
SOUND_LIMIT_BYTES: Final = 64 * 2**20
IMAGE_LIMIT_BYTES: Final = 20 * 2**20
CODECS: Final = ("h264", "hevc", "av1")
PIXEL_LIMIT: Final = 4096 * 2304
CLIP_LIMIT_S: Final = 20.0
FPS_LIMIT: Final = 61.0
SOUND_LIMIT_S: Final = 1200.0
#: Frames a clip may be short of its planned length, half a second: its last one is held as long.
MISSING_FRAMES_LIMIT: Final = FPS // 2
IMAGE_FORMATS: Final = ("PNG", "JPEG", "WEBP")

_SOUND_CODECS: Final = {
    FileKind.MP3: ("mp3", "mp3float"),
    FileKind.WAV: ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8"),
    FileKind.OGG: ("vorbis", "opus"),
    FileKind.FLAC: ("flac",),
    FileKind.MP4: ("aac",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """A still picture by its header."""

    format: str
    width: int
    height: int


def validate_clip(path: Path, *, kept_s: int) -> Facts:
    """Let a vendor's clip in, of which `kept_s` seconds will be kept.

    Returns:
        Its facts.

    Raises:
        ClipRejected: Which check it fails.
    """
    _require_size(path, CLIP_LIMIT_BYTES)
    if _head(path)[4:8] != b"ftyp":
        raise ClipRejected(check="magic", expected="an MP4 file (ftyp)", found=repr(_head(path)[:12]))
    facts = probe(path)
    wanted = kept_s * FPS - MISSING_FRAMES_LIMIT
    held = round(facts.duration_s * FPS)
    _require(
        ("video streams", "1", facts.video_streams, facts.video_streams == 1),
        ("codec", "/".join(CODECS), facts.codec, facts.codec in CODECS),
        ("pixels", f"1..{PIXEL_LIMIT}", f"{facts.width}x{facts.height}", _sane(facts.width, facts.height)),
        ("duration", f"<= {CLIP_LIMIT_S:g} s", facts.duration_s, 0 < facts.duration_s <= CLIP_LIMIT_S),
        ("frame rate", f"<= {FPS_LIMIT:g}", facts.fps, facts.fps <= FPS_LIMIT),
        ("packets", f"{facts.indexed}, as its index says", facts.packets, facts.packets >= facts.indexed),
        ("length", f">= {wanted} frames at {FPS} fps", held, held >= wanted),
    )
    return facts


def validate_sound(path: Path) -> SoundFacts:
    """Let a voice or a piece of music in (mp3, wav, ogg, flac, m4a; 20 minutes at most).

    Returns:
        Its facts; the length in seconds is counted from its packets.

    Raises:
        ClipRejected: Which check it fails.
    """
    _require_size(path, SOUND_LIMIT_BYTES)
    kind = sound_kind(path)
    with open_untrusted(path, kind) as container:
        if len(container.streams.audio) != 1:
            raise ClipRejected(check="streams", expected="one audio stream", found=str(len(container.streams.audio)))
        stream = container.streams.audio[0]
        declared = sound_facts(stream)
        ticks = sum(packet.duration or 0 for packet in container.demux(stream))
        length_s = float(ticks * stream.time_base) if stream.time_base else 0.0
    codecs = _SOUND_CODECS[kind]
    _require(
        ("codec", "/".join(codecs), declared.codec, declared.codec in codecs),
        ("sample rate", "8000..192000 Hz", declared.rate_hz, 8000 <= declared.rate_hz <= 192_000),
        ("channels", "1..8", declared.channels, 1 <= declared.channels <= 8),
        ("duration", f"0.02..{SOUND_LIMIT_S:g} s", length_s, 0.02 <= length_s <= SOUND_LIMIT_S),
    )
    return SoundFacts(codec=declared.codec, rate_hz=declared.rate_hz, channels=declared.channels, duration_s=length_s)


def validate_image(path: Path) -> ImageFacts:
    """Let a still picture in (PNG, JPEG or WebP), decoding it once.

    Raises:
        ClipRejected: Which check it fails.
    """
    _require_size(path, IMAGE_LIMIT_BYTES)
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            facts = ImageFacts(format=image.format or "", width=image.width, height=image.height)
            _require(("pixels", f"1..{PIXEL_LIMIT}", image.size, _sane(image.width, image.height)))
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ClipRejected(check="image", expected="/".join(IMAGE_FORMATS), found=str(error)) from error
    return facts


def sound_kind(path: Path) -> FileKind:
    """Return which sound format a file begins as.

    Raises:
        ClipRejected: None that is let in.
    """
    head = _head(path)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return FileKind.WAV
    if head[:4] == b"OggS":
        return FileKind.OGG
    if head[:4] == b"fLaC":
        return FileKind.FLAC
    if head[4:8] == b"ftyp":
        return FileKind.MP4
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return FileKind.MP3
    raise ClipRejected(check="magic", expected="mp3, wav, ogg, flac or m4a", found=repr(head))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def _sane(width: int, height: int) -> bool:
    return width >= 16 and height >= 16 and width * height <= PIXEL_LIMIT


def _require_size(path: Path, limit_bytes: int) -> None:
    size = path.stat().st_size
    if not 0 < size <= limit_bytes:
        raise ClipRejected(check="size", expected=f"1..{limit_bytes} bytes", found=str(size))


def _require(*checks: tuple[str, str, object, bool]) -> None:
    for check, expected, found, holds in checks:
        if not holds:
            raise ClipRejected(check=check, expected=expected, found=str(found))
