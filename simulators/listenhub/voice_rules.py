"""What the ListenHub Voice page allows, one named check a rule (LV1..LV9); windows and credits belong to the books."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from simulators.listenhub.wire import refusal
from simulators.sounding.speakers import SPEAKER_OF_ID
from simulators.world.faults import Modes

NOT_FOUND: Final = 33001
NO_SPEAKER: Final = 33002
INVALID: Final = 33004
TOO_MANY_VOICES: Final = 33005

TEXT_MAX: Final = 1400
IMAGE_LIMIT_BYTES: Final = 10 * 2**20
_PICTURE_HEADS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class Voice(_Part):
    """One of `voices`: `{type: speaker, id}` or `{type: reference, url}`."""

    type: Literal["speaker", "reference"]
    id: str | None = None
    url: HttpUrl | None = None


class Image(_Part):
    """`image`: an address or base64 data, one of the two."""

    url: HttpUrl | None = None
    data: str | None = None


class AudioConfig(_Part):
    """`audioConfig`; the ranges are LV7's."""

    speechRate: int | float = 0  # noqa: N815 - the wire's name
    loudnessRate: int | float = 0  # noqa: N815 - the wire's name
    pitchRate: int | float = 0  # noqa: N815 - the wire's name
    format: str = "mp3"


class VoiceRequest(_Part):
    """The body of `POST /v1/listenhub-voice/generate`, of the documented types; unknown fields are ignored."""

    model: Literal["listenhub-voice-1.0"] = "listenhub-voice-1.0"
    text: str
    voices: list[Voice] | None = None
    image: Image | None = None
    audioConfig: AudioConfig = Field(default_factory=AudioConfig)  # noqa: N815 - the wire's name
    durationHint: int | float | None = None  # noqa: N815 - the wire's name
    watermark: bool = False


class RuleName(StrEnum):
    """The rules, by the numbers of the project's page on wire contracts."""

    TEXT = "LV5"
    VOICES_OR_IMAGE = "LV1"
    VOICE_COUNT = "LV3"
    VOICE_FIELDS = "LV2"
    IMAGE_SOURCE = "LV8"
    CONFIG_RANGE = "LV7"
    DURATION_HINT = "LV6"
    SPEAKER = "LV4"
    OFFICIAL_ALONE = "LV9"


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: what it refuses, and the words and code of the refusal."""

    name: RuleName
    refuses: Callable[[VoiceRequest], bool]
    message: str
    code: int = INVALID


def _mixed(voice: Voice) -> bool:
    if voice.type == "speaker":
        return not voice.id or voice.url is not None
    return not voice.url or voice.id is not None


def _bad_image(image: Image | None) -> bool:
    if image is None:
        return False
    if (image.url is None) == (image.data is None):
        return True
    if image.data is None:
        return False
    try:
        content = base64.b64decode(image.data.partition(";base64,")[2] or image.data, validate=True)
    except (binascii.Error, ValueError):
        return True
    return len(content) > IMAGE_LIMIT_BYTES or not content.startswith(_PICTURE_HEADS)


def _bad_config(config: AudioConfig) -> bool:
    return (
        not -50 <= config.speechRate <= 100
        or not -50 <= config.loudnessRate <= 100
        or not -12 <= config.pitchRate <= 12
        or config.format not in {"mp3", "wav", "pcm", "ogg_opus"}
    )


def _unknown_speaker(request: VoiceRequest) -> bool:
    return any(voice.type == "speaker" and voice.id not in SPEAKER_OF_ID for voice in request.voices or ())


def _official_among_several(request: VoiceRequest) -> bool:
    voices = request.voices or []
    return len(voices) > 1 and any(voice.id in SPEAKER_OF_ID and SPEAKER_OF_ID[voice.id].official for voice in voices)


#: In the order in which they are looked at; the first that refuses answers.
RULES: Final[Sequence[Rule]] = (
    Rule(RuleName.TEXT, lambda r: not 1 <= len(r.text.strip()) <= TEXT_MAX, "text takes 1-1400 characters"),
    Rule(RuleName.VOICES_OR_IMAGE, lambda r: r.voices is not None and r.image is not None, "voices or image, not both"),
    Rule(
        RuleName.VOICE_COUNT,
        lambda r: r.voices is not None and len(r.voices) > 3,
        "at most 3 voices",
        TOO_MANY_VOICES,
    ),
    Rule(
        RuleName.VOICE_FIELDS,
        lambda r: r.voices is not None and (not r.voices or any(map(_mixed, r.voices))),
        "a speaker has an id alone, a reference a url alone",
    ),
    Rule(RuleName.IMAGE_SOURCE, lambda r: _bad_image(r.image), "image has either url or data"),
    Rule(RuleName.CONFIG_RANGE, lambda r: _bad_config(r.audioConfig), "audioConfig out of range"),
    Rule(
        RuleName.DURATION_HINT,
        lambda r: r.durationHint is not None and not 1 <= r.durationHint <= 110,
        "durationHint must be within 1-110",
    ),
    Rule(RuleName.SPEAKER, _unknown_speaker, "speaker voice not found", NO_SPEAKER),
)
OFFICIAL_ALONE: Final = Rule(
    RuleName.OFFICIAL_ALONE, _official_among_several, "an official voice can't speak in a dialogue"
)


def check_voice(body: dict[str, Any], modes: Modes) -> VoiceRequest:
    """Return the request a body asks for.

    Raises:
        Refusal: A field has the wrong type or a rule is broken; the message ends with the rule's name.
    """
    try:
        request = VoiceRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise refusal(400, INVALID, f"Invalid parameters: {place}: {first['msg']}") from error
    for rule in (*RULES, *((OFFICIAL_ALONE,) if modes.lv9 else ())):
        if rule.refuses(request):
            raise refusal(400, rule.code, f"Invalid parameters: {rule.message} [{rule.name.value}]")
    return request
