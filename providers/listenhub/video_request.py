"""ListenHub video: the create request with every documented field, and its rules LH-R1..LH-R23 as a table.

Rules LH-R24..LH-R28 (key, rate, credits, ownership, charging) can only be kept by the vendor's side.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from providers.http.messages import WireRequest
from providers.rules import Rule

HAPPYHORSE: Final = "happyhorse"
SEEDANCE_FAST: Final = "doubao-seedance-2-fast"
SEEDANCE_PRO: Final = "doubao-seedance-2-pro"
#: Explicit seeds; -1 asks for a random one (the vendor's tools: HappyHorse 31 bits, Seedance 32).
_SEED_MAX: Final = {True: 2**31 - 1, False: 2**32 - 1}

_SEEDANCE_RATIOS: Final = frozenset({"16:9", "4:3", "1:1", "3:4", "9:16", "21:9"})
_HAPPYHORSE_RATIOS: Final = _SEEDANCE_RATIOS | {"4:5", "5:4"}
_FRAMES: Final = frozenset({"first_frame", "last_frame"})
_IMAGE_BYTES_MAX: Final = 30 * 2**20
_VIDEO_BYTES_MAX: Final = 50 * 2**20


class MediaUrl(WireRequest):
    """Where a picture, film or sound lies."""

    url: str


class TextContent(WireRequest):
    """The prompt."""

    type: Literal["text"] = "text"
    text: str


class ImageContent(WireRequest):
    """A picture: a frame of the clip or a reference."""

    type: Literal["image_url"] = "image_url"
    role: Literal["first_frame", "last_frame", "reference_image"]
    image_url: MediaUrl


class VideoContent(WireRequest):
    """A reference film."""

    type: Literal["video_url"] = "video_url"
    role: Literal["reference_video"] = "reference_video"
    video_url: MediaUrl


class AudioContent(WireRequest):
    """A reference sound."""

    type: Literal["audio_url"] = "audio_url"
    role: Literal["reference_audio"] = "reference_audio"
    audio_url: MediaUrl


Content = Annotated[TextContent | ImageContent | VideoContent | AudioContent, Field(discriminator="type")]


class ImageFacts(WireRequest):
    """A remote picture's pixels and bytes, which Seedance wants beside its URL (the vendor's SDK; LH-R23)."""

    role: Literal["first_frame", "last_frame", "reference_image"]
    width: int
    height: int
    size: int | None = None


class VideoFacts(WireRequest):
    """A remote film's pixels, seconds, frames per second and bytes, which Seedance wants beside its URL."""

    role: Literal["reference_video"] = "reference_video"
    width: int
    height: int
    duration: float | None = None
    fps: float | None = None
    size: int | None = None


class VideoRequest(WireRequest):
    """`POST /v1/video-generation/generate`: every field of the document's table, plus the SDK's media facts."""

    model: str
    content: tuple[Content, ...]
    resolution: str
    ratio: str
    duration: int | float
    generate_audio: bool | None = Field(default=None, alias="generateAudio")
    seed: int | None = None
    input_video_duration: int | None = Field(default=None, alias="inputVideoDuration")
    audio_setting: Literal["auto", "origin"] | None = Field(default=None, alias="audioSetting")
    reference_images: tuple[ImageFacts, ...] | None = Field(default=None, alias="referenceImages")
    reference_videos: tuple[VideoFacts, ...] | None = Field(default=None, alias="referenceVideos")

    @property
    def texts(self) -> Sequence[TextContent]:
        """The prompts among the content."""
        return [item for item in self.content if isinstance(item, TextContent)]

    @property
    def images(self) -> Sequence[ImageContent]:
        """The pictures among the content."""
        return [item for item in self.content if isinstance(item, ImageContent)]

    @property
    def videos(self) -> Sequence[VideoContent]:
        """The films among the content."""
        return [item for item in self.content if isinstance(item, VideoContent)]

    @property
    def audios(self) -> Sequence[AudioContent]:
        """The sounds among the content."""
        return [item for item in self.content if isinstance(item, AudioContent)]

    @property
    def roles(self) -> Counter[str]:
        """How often each role occurs."""
        return Counter(item.role for item in self.content if not isinstance(item, TextContent))

    @property
    def happyhorse(self) -> bool:
        """Whether the rules of HappyHorse hold; otherwise Seedance's do."""
        return self.model == HAPPYHORSE


def _longest_text(request: VideoRequest) -> int:
    return max((len(item.text) for item in request.texts), default=0)


def _duration_in(request: VideoRequest, shortest_s: int, longest_s: int) -> bool:
    return shortest_s <= request.duration <= longest_s


def _input_in_range(request: VideoRequest) -> bool:
    shortest_s, longest_s = (3, 60) if request.happyhorse else (2, 15)
    return not request.videos or shortest_s <= (request.input_video_duration or shortest_s) <= longest_s


def _one_kind_of_role(request: VideoRequest) -> bool:
    return not (request.roles.keys() & _FRAMES and request.roles.keys() - _FRAMES)


def _media_described(request: VideoRequest) -> bool:
    if request.happyhorse:
        return True
    images = Counter(item.role for item in request.images)
    told = Counter(facts.role for facts in request.reference_images or ())
    return images == told and len(request.videos) == len(request.reference_videos or ())


def _media_fits(request: VideoRequest) -> bool:
    return all(map(_image_fits, request.reference_images or ())) and all(
        map(_video_fits, request.reference_videos or ())
    )


def _image_fits(image: ImageFacts) -> bool:
    """SA material rules, the same model family: 300 to 6000 px a side, 2:5 to 5:2, 30 MB."""
    return (
        min(image.width, image.height) >= 300
        and max(image.width, image.height) <= 6000
        and 0.4 < image.width / image.height < 2.5
        and (image.size or 0) <= _IMAGE_BYTES_MAX
    )


def _video_fits(video: VideoFacts) -> bool:
    return (
        409_600 <= video.width * video.height <= 927_408
        and 24 <= (video.fps or 24) <= 60
        and (video.size or 0) <= _VIDEO_BYTES_MAX
    )


RULES: Final[tuple[Rule[VideoRequest], ...]] = (
    Rule("LH-R1", "content has 1 to 16 elements", lambda r: 1 <= len(r.content) <= 16),
    Rule("LH-R2", "at most 1 text", lambda r: len(r.texts) <= 1),
    Rule("LH-R3", "at most 9 images", lambda r: len(r.images) <= 9),
    Rule("LH-R4", "at most 3 videos", lambda r: len(r.videos) <= 3),
    Rule("LH-R5", "at most 3 audios", lambda r: len(r.audios) <= 3),
    Rule("LH-R6", "Seedance text has at most 500 characters", lambda r: r.happyhorse or _longest_text(r) <= 500),
    Rule("LH-R7", "text has at most 2500 characters", lambda r: _longest_text(r) <= 2500),
    Rule("LH-R8", "fast has no 1080p", lambda r: (r.model, r.resolution) != (SEEDANCE_FAST, "1080p")),
    Rule("LH-R9", "happyhorse has no 480p", lambda r: (r.model, r.resolution) != (HAPPYHORSE, "480p")),
    Rule("LH-R10", "Seedance has no 4:5 and 5:4", lambda r: r.happyhorse or r.ratio not in {"4:5", "5:4"}),
    Rule("LH-R11", "the ratio is one of the listed", lambda r: r.ratio in _HAPPYHORSE_RATIOS),
    Rule("LH-R12", "Seedance lasts 4 to 15 s", lambda r: r.happyhorse or _duration_in(r, 4, 15)),
    Rule("LH-R13", "happyhorse lasts 3 to 15 s", lambda r: not r.happyhorse or _duration_in(r, 3, 15)),
    Rule("LH-R14", "the duration is whole seconds", lambda r: isinstance(r.duration, int)),
    Rule("LH-R15", "a last frame needs a first", lambda r: not r.roles["last_frame"] or r.roles["first_frame"] > 0),
    Rule("LH-R16", "frames and references don't mix", _one_kind_of_role),
    Rule("LH-R17", "happyhorse takes no last frame", lambda r: not (r.happyhorse and r.roles["last_frame"])),
    Rule("LH-R18", "happyhorse takes no audio", lambda r: not (r.happyhorse and r.audios)),
    Rule("LH-R19", "audio needs an image or a video", lambda r: not r.audios or bool(r.images or r.videos)),
    Rule("LH-R20", "a video needs inputVideoDuration", lambda r: not r.videos or bool(r.input_video_duration)),
    Rule("LH-R21", "inputVideoDuration fits the model", _input_in_range),
    Rule("LH-R22", "at most 1 first and 1 last frame", lambda r: max(r.roles[role] for role in _FRAMES) <= 1),
    Rule("LH-R23", "Seedance is told each medium's pixels", _media_described),
    Rule("LH-R23", "media keep the size limits", _media_fits),
    # Not numbered: what the tables of the document list.
    Rule("LH-model", "the model is listed", lambda r: r.model in {HAPPYHORSE, SEEDANCE_FAST, SEEDANCE_PRO}),
    Rule("LH-resolution", "the resolution is listed", lambda r: r.resolution in {"480p", "720p", "1080p"}),
    Rule("LH-seed", "the seed fits the model", lambda r: -1 <= (r.seed or 0) <= _SEED_MAX[r.happyhorse]),
    Rule("LH-prompt", "a text is not blank", lambda r: all(item.text.strip() for item in r.texts)),
)
