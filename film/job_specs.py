"""What is bought from a vendor, as plain values: a clip, an image, a voice. Wires are the adapters' business."""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from film.canvas import AspectRatio, Resolution
from film.ids import FilmId


class Purpose(StrEnum):
    """What an attempt is bought for."""

    SEGMENT = "segment"
    ANCHOR = "anchor"
    NARRATION = "narration"
    MUSIC = "music"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """An image a vendor can read, with the facts some vendors want beside its URL (pixels, bytes)."""

    url: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """One segment to be rendered. Frames (`first_frame`) and references are never both set."""

    prompt: str
    rendered_s: int
    resolution: Resolution
    ratio: AspectRatio
    sound: bool
    references: tuple[ImageRef, ...] = ()
    first_frame: ImageRef | None = None
    last_frame: ImageRef | None = None
    #: The customer's fixed seed; None leaves the seed to the attempt's nonce.
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """One reference image to be drawn."""

    prompt: str
    ratio: AspectRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSpec:
    """Narration (with a voice) or music and effects (without). Text has 1..1400 characters, the hint 1..110 s."""

    text: str
    voice_id: str | None = None
    duration_hint_s: int | None = None


JobSpec = ClipSpec | ImageSpec | SoundSpec

#: What a fingerprint calls each kind. Ledgers and stores hold fingerprints: these words never change.
_KINDS: Final = {ClipSpec: "ClipOrder", ImageSpec: "ImageOrder", SoundSpec: "VoiceOrder"}


def fingerprint(model: str, spec: JobSpec) -> str:
    """Return the content key of an order: equal orders to equal models share it, whatever the attempt's nonce was."""
    text = json.dumps({"model": model, "kind": _KINDS[type(spec)], **asdict(spec)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def uploaded_music_key(film_id: FilmId) -> str:
    """Return the object key of the music a customer brought for a film."""
    return f"sounds/{film_id}/music"
