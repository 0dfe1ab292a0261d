"""What SenseAudio's create takes, one named check a rule (SA-R1..SA-R12).

The page is "创建视频生成任务": the table of top-level parameters, "content 元素", "模型说明", "素材格式要求".
"""

import base64
import binascii
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from simulators.drawing.pictures import picture_at
from simulators.senseaudio.wire import BUSY, INVALID, refusal
from simulators.world.faults import Modes

_Kind = TypeVar("_Kind", bound=BaseModel)
MODEL: Final = "doubao-seedance-2-0-260128"
IMAGE_LIMIT_BYTES: Final = 30 * 2**20
_FORMATS: Final = frozenset({"JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"})

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
ImageUrl = Annotated[str, StringConstraints(pattern=r"^(https?://\S+|data:image/[\w.+-]+;base64,.+)$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class TextPart(_Part):
    """`{type: text, text}`."""

    type: Literal["text"]
    text: str


class ImagePart(_Part):
    """`{type: image, url, role}`; the URL stands beside the type, not in an object as at other vendors."""

    type: Literal["image"]
    url: ImageUrl
    role: Literal["first_frame", "last_frame", "reference"] = "reference"


class AudioPart(_Part):
    """`{type: audio, audio_url}`."""

    type: Literal["audio"]
    audio_url: Url


class VideoPart(_Part):
    """`{type: video, video_url}`."""

    type: Literal["video"]
    video_url: Url


Part = Annotated[TextPart | ImagePart | AudioPart | VideoPart, Field(discriminator="type")]


class ProviderSpecific(_Part):
    """`provider_specific`; what it does not know is ignored (SA-R10)."""

    generate_audio: bool = False


class CreateRequest(_Part):
    """The body of `POST /v1/video/create`, of the documented types; unknown fields are ignored."""

    model: str
    content: list[Part]
    duration: Any  # SA-R1 looks at its type
    resolution: str
    ratio: str
    timeout: int | None = None
    watermark: bool = True
    provider_specific: ProviderSpecific = Field(default_factory=ProviderSpecific)

    @property
    def text(self) -> str:
        """The prompt, empty without one."""
        return next((part.text for part in self.content if isinstance(part, TextPart)), "")

    def parts(self, kind: type[_Kind]) -> list[_Kind]:
        """All items of one kind."""
        return [part for part in self.content if isinstance(part, kind)]

    def images_as(self, role: str) -> list[ImagePart]:
        """All images of one role."""
        return [part for part in self.parts(ImagePart) if part.role == role]

    @property
    def frames(self) -> list[ImagePart]:
        """Images that are frames of the clip."""
        return [part for part in self.parts(ImagePart) if part.role != "reference"]


class RuleName(StrEnum):
    """The rules, by the numbers of the project's page on wire contracts."""

    MODEL = "SA-R12"
    DURATION = "SA-R1"
    RESOLUTION = "SA-R2"
    RATIO = "SA-R3"
    ONE_TEXT = "SA-R4"
    FRAMES = "SA-R5"
    REFERENCES = "SA-R6"
    AUDIO_ALONE = "SA-R7"
    TIMEOUT = "SA-R8"
    EMPTY = "SA-R9"
    UNREACHABLE = "SA-R11"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: what it refuses, in which words, with which status and reference code."""

    name: RuleName
    refuses: Callable[[CreateRequest], bool]
    message: str
    status: int = 400
    ref_code: int = INVALID


def _bad_frames(request: CreateRequest) -> bool:
    if not request.frames:
        return False
    others = len(request.images_as("reference")) + len(request.parts(AudioPart)) + len(request.parts(VideoPart))
    firsts, lasts = len(request.images_as("first_frame")), len(request.images_as("last_frame"))
    return others > 0 or firsts != 1 or lasts > 1


def _bad_references(request: CreateRequest) -> bool:
    images = len(request.images_as("reference"))
    return images > 9 or len(request.parts(AudioPart)) > 3 or len(request.parts(VideoPart)) > 3


def _audio_alone(request: CreateRequest) -> bool:
    visual = len(request.parts(ImagePart)) + len(request.parts(VideoPart))
    return bool(request.parts(AudioPart)) and visual == 0


def _bad_picture(request: CreateRequest) -> bool:
    """Tell whether a picture sent as data breaks the document's limits of format, size and sides."""
    return any(part.url.startswith("data:") and not _legal(part.url) for part in request.parts(ImagePart))


def _legal(url: str) -> bool:
    try:
        content = base64.b64decode(url.partition(",")[2], validate=True)
        with Image.open(io.BytesIO(content)) as picture:
            width, height, form = picture.width, picture.height, picture.format
    except (binascii.Error, ValueError, UnidentifiedImageError, OSError):
        return False
    sides = min(width, height) > 300 and max(width, height) < 6000
    return form in _FORMATS and len(content) <= IMAGE_LIMIT_BYTES and sides and 0.4 < width / height < 2.5


#: In the order in which they are looked at; the first that refuses answers.
RULES: Final[Sequence[Rule]] = (
    # A client's error that is answered as the server's own (field reports).
    Rule(RuleName.MODEL, lambda r: r.model != MODEL, "系统繁忙", 500, BUSY),
    Rule(RuleName.DURATION, lambda r: type(r.duration) is not int or not 4 <= r.duration <= 15, "不支持的视频时长"),
    Rule(RuleName.RESOLUTION, lambda r: r.resolution not in {"480p", "720p"}, "不支持的分辨率"),
    Rule(RuleName.RATIO, lambda r: r.ratio not in {"16:9", "4:3", "1:1", "3:4", "9:16"}, "不支持的宽高比"),
    Rule(RuleName.ONE_TEXT, lambda r: len(r.parts(TextPart)) > 1, "text 最多 1 条"),
    Rule(RuleName.FRAMES, _bad_frames, "首帧必传,且首尾帧与参考素材不可混用"),
    Rule(RuleName.REFERENCES, _bad_references, "参考图片最多 9 张,音频 3 条,视频 3 条"),
    Rule(RuleName.AUDIO_ALONE, _audio_alone, "仅传 audio 不合法"),
    Rule(RuleName.TIMEOUT, lambda r: r.timeout is not None and not 3600 <= r.timeout <= 172800, "timeout 超出范围"),
    Rule(RuleName.PICTURE, _bad_picture, "图片格式、尺寸或大小不支持"),
)
EMPTY: Final = Rule(RuleName.EMPTY, lambda r: not r.content, "content 不能为空")


def check_create(body: dict[str, Any], modes: Modes, assets: Path) -> CreateRequest:
    """Return the request a body asks for.

    Raises:
        Refusal: A field has the wrong type or a rule is broken; the message ends with the rule's name.
    """
    try:
        request = CreateRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise refusal(400, INVALID, f"参数错误: {place}: {first['msg']}") from error
    for rule in (*RULES, *((EMPTY,) if modes.sa_r9 else ())):
        if rule.refuses(request):
            raise refusal(rule.status, rule.ref_code, f"{rule.message} [{rule.name.value}]")
    if modes.sa_r11 and any(picture_at(part.url, assets) is None for part in request.parts(ImagePart)):
        raise refusal(400, INVALID, f"图片链接无效 [{RuleName.UNREACHABLE.value}]")
    return request
