"""SenseAudio video: the create request with every documented field, and its rules SA-R1..SA-R12 as a table.

Rule SA-R11 (an image that can't be reached) can only be kept by the vendor's side.
"""

from collections import Counter
from typing import Annotated, Final, Literal

from pydantic import Field

from film.job_specs import ImageRef
from providers.http.messages import WireRequest
from providers.rules import Rule

MODEL: Final = "doubao-seedance-2-0-260128"
_IMAGE_BYTES_MAX: Final = 30 * 2**20


class TextContent(WireRequest):
    """The prompt."""

    type: Literal["text"] = "text"
    text: str


class ImageContent(WireRequest):
    """A picture: a frame of the clip or a reference; http, https or a data URL."""

    type: Literal["image"] = "image"
    url: str
    role: Literal["first_frame", "last_frame", "reference"]


class AudioContent(WireRequest):
    """A reference sound."""

    type: Literal["audio"] = "audio"
    audio_url: str


class VideoContent(WireRequest):
    """A reference film."""

    type: Literal["video"] = "video"
    video_url: str


Content = Annotated[TextContent | ImageContent | AudioContent | VideoContent, Field(discriminator="type")]


class ProviderSpecific(WireRequest):
    """Settings of the model; `camera_fixed` stands in the document's example and is refused by its text."""

    generate_audio: bool | None = None
    camera_fixed: bool | None = None


class CreateRequest(WireRequest):
    """`POST /v1/video/create`: every field of the document's table."""

    model: str
    content: tuple[Content, ...]
    duration: int | float
    resolution: str
    ratio: str
    timeout: int | None = None
    watermark: bool | None = None
    provider_specific: ProviderSpecific | None = None

    @property
    def kinds(self) -> Counter[str]:
        """How often each kind of content occurs; pictures by their role."""
        return Counter(item.role if isinstance(item, ImageContent) else item.type for item in self.content)


def _frames_stand_alone(request: CreateRequest) -> bool:
    kinds = request.kinds
    if not kinds["first_frame"] and not kinds["last_frame"]:
        return True
    alone = not (kinds["reference"] or kinds["audio"] or kinds["video"])
    return alone and kinds["first_frame"] == 1 and kinds["last_frame"] <= 1


def _references_counted(request: CreateRequest) -> bool:
    kinds = request.kinds
    return kinds["reference"] <= 9 and kinds["audio"] <= 3 and kinds["video"] <= 3


def _audio_accompanied(request: CreateRequest) -> bool:
    kinds = request.kinds
    return not kinds["audio"] or bool(kinds["reference"] or kinds["video"])


def _camera_unset(request: CreateRequest) -> bool:
    return request.provider_specific is None or request.provider_specific.camera_fixed is None


RULES: Final[tuple[Rule[CreateRequest], ...]] = (
    Rule("SA-R12", "the model is listed", lambda r: r.model == MODEL),
    Rule("SA-R1", "the duration is 4 to 15 whole s", lambda r: isinstance(r.duration, int) and 4 <= r.duration <= 15),
    Rule("SA-R2", "the resolution is 480p or 720p", lambda r: r.resolution in {"480p", "720p"}),
    Rule("SA-R3", "the ratio is listed", lambda r: r.ratio in {"16:9", "4:3", "1:1", "3:4", "9:16"}),
    Rule("SA-R4", "at most 1 text", lambda r: r.kinds["text"] <= 1),
    Rule("SA-R5", "frames: one first, at most one last, nothing else", _frames_stand_alone),
    Rule("SA-R6", "at most 9 images, 3 audios, 3 videos", _references_counted),
    Rule("SA-R7", "audio needs an image or a video", _audio_accompanied),
    Rule("SA-R8", "the timeout is 3600 to 172800 s", lambda r: r.timeout is None or 3600 <= r.timeout <= 172_800),
    Rule("SA-R9", "the content is not empty", lambda r: bool(r.content)),
    Rule("SA-R10", "camera_fixed is not supported", _camera_unset),
)
#: Material rules of the document: 300 to 6000 px a side and 2:5 to 5:2, all four exclusive; 30 MB.
IMAGE_RULES: Final[tuple[Rule[ImageRef], ...]] = (
    Rule(
        "SA-image", "sides of 301 to 5999 px", lambda i: min(i.width, i.height) > 300 and max(i.width, i.height) < 6000
    ),
    Rule("SA-image", "a ratio between 2:5 and 5:2", lambda i: 0.4 < i.width / i.height < 2.5),
    Rule("SA-image", "at most 30 MB", lambda i: i.size_bytes <= _IMAGE_BYTES_MAX),
)
