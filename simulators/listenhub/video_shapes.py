"""The shapes of ListenHub's AI video requests, as its tables of `content` and of request parameters give them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Url = Annotated[str, StringConstraints(pattern=r"^(https?://|data:)\S+$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class ImageUrl(_Part):
    """`content[].image_url`; width and height in pixels, size in bytes."""

    url: Url
    width: int | None = None
    height: int | None = None
    size: int | None = None


class MediaUrl(_Part):
    """`content[].video_url` and `content[].audio_url`."""

    url: Url


class TextPart(_Part):
    """`{type: text, text}`."""

    type: Literal["text"]
    text: str


class ImagePart(_Part):
    """`{type: image_url, role, image_url}`."""

    type: Literal["image_url"]
    image_url: ImageUrl
    role: Literal["first_frame", "last_frame", "reference_image"] = "first_frame"


class VideoPart(_Part):
    """`{type: video_url, role, video_url}`."""

    type: Literal["video_url"]
    video_url: MediaUrl
    role: Literal["reference_video"] = "reference_video"


class AudioPart(_Part):
    """`{type: audio_url, role, audio_url}`."""

    type: Literal["audio_url"]
    audio_url: MediaUrl
    role: Literal["reference_audio"] = "reference_audio"


Part = Annotated[TextPart | ImagePart | VideoPart | AudioPart, Field(discriminator="type")]


class VideoRequest(_Part):
    """The body of `POST /v1/video-generation/generate`, of the documented types; unknown fields are ignored."""

    model: Literal["doubao-seedance-2-fast", "doubao-seedance-2-pro", "happyhorse"] = "doubao-seedance-2-fast"
    content: list[Part]
    resolution: Literal["480p", "720p", "1080p"] = "720p"
    ratio: str = "16:9"
    duration: Any = 5  # LH-R14 looks at its type
    generateAudio: bool = True  # noqa: N815 - the wire's name
    seed: int = -1
    inputVideoDuration: int | float = 0  # noqa: N815 - the wire's name
    audioSetting: Literal["auto", "origin"] = "auto"  # noqa: N815 - the wire's name
    referenceImages: list[dict[str, Any]] = []  # noqa: N815 - the wire's name
    referenceVideos: list[dict[str, Any]] = []  # noqa: N815 - the wire's name

    @property
    def texts(self) -> list[TextPart]:
        """All text items."""
        return [part for part in self.content if isinstance(part, TextPart)]

    @property
    def text(self) -> str:
        """The prompt, empty without one."""
        return self.texts[0].text if self.texts else ""

    @property
    def images(self) -> list[ImagePart]:
        """All images, of whatever role."""
        return [part for part in self.content if isinstance(part, ImagePart)]

    @property
    def videos(self) -> list[VideoPart]:
        """All reference videos."""
        return [part for part in self.content if isinstance(part, VideoPart)]

    @property
    def audios(self) -> list[AudioPart]:
        """All reference audios."""
        return [part for part in self.content if isinstance(part, AudioPart)]

    def images_as(self, role: str) -> list[ImagePart]:
        """All images of one role."""
        return [part for part in self.images if part.role == role]

    @property
    def frames(self) -> list[ImagePart]:
        """Images that are frames of the clip."""
        return [part for part in self.images if part.role != "reference_image"]

    @property
    def references(self) -> int:
        """How many reference materials there are, of all kinds."""
        return len(self.images) - len(self.frames) + len(self.videos) + len(self.audios)
