"""ListenHub Voice: the create request with every documented field, and its rules LV1..LV9 as a table.

Rules LV4 (unknown speaker) and LV10..LV12 (rate, concurrency, credits) can only be kept by the vendor's side.
"""

from typing import Final, Literal

from pydantic import Field

from providers.http.messages import WireRequest
from providers.rules import Rule

MODEL: Final = "listenhub-voice-1.0"
TEXT_CHARACTERS_MAX: Final = 1400


class Voice(WireRequest):
    """Who speaks: a built-in speaker by id, or a reference sound by URL."""

    type: Literal["speaker", "reference"]
    id: str | None = None
    url: str | None = None


class Image(WireRequest):
    """The picture an audio is made from: by URL, or inline as base64."""

    url: str | None = None
    data: str | None = None


class AudioConfig(WireRequest):
    """The output's settings; rates are percent, the pitch semitones."""

    speech_rate: float | None = Field(default=None, alias="speechRate")
    loudness_rate: float | None = Field(default=None, alias="loudnessRate")
    pitch_rate: float | None = Field(default=None, alias="pitchRate")
    format: str | None = None


class VoiceRequest(WireRequest):
    """`POST /v1/listenhub-voice/generate`: every field of the document's table."""

    model: str | None = None
    text: str
    voices: tuple[Voice, ...] | None = None
    image: Image | None = None
    audio_config: AudioConfig | None = Field(default=None, alias="audioConfig")
    duration_hint: float | None = Field(default=None, alias="durationHint")
    watermark: bool | None = None


def _voice_fits(voice: Voice) -> bool:
    if voice.type == "speaker":
        return voice.id is not None and voice.url is None
    return voice.url is not None and voice.id is None


def _config_in_range(request: VoiceRequest) -> bool:
    config = request.audio_config or AudioConfig()
    return (
        -50 <= (config.speech_rate or 0) <= 100
        and -50 <= (config.loudness_rate or 0) <= 100
        and -12 <= (config.pitch_rate or 0) <= 12
        and config.format in {None, "mp3", "wav", "pcm", "ogg_opus"}
    )


def _image_once(request: VoiceRequest) -> bool:
    return request.image is None or (request.image.url is None) != (request.image.data is None)


def _clonable(request: VoiceRequest) -> bool:
    """LV9: official voice types (`zh_female_...`) can't take part in a dialogue; ListenHub's own ids and sounds can."""
    voices = request.voices or ()
    return len(voices) <= 1 or not any(voice.id is not None and _official(voice.id) for voice in voices)


def _official(voice_id: str) -> bool:
    language, _, rest = voice_id.partition("_")
    return len(language) == 2 and language.isalpha() and rest.partition("_")[0] in {"female", "male"}


RULES: Final[tuple[Rule[VoiceRequest], ...]] = (
    Rule("LV1", "voices and image exclude each other", lambda r: not (r.voices and r.image)),
    Rule("LV2", "a speaker has an id, a reference a url", lambda r: all(map(_voice_fits, r.voices or ()))),
    Rule("LV3", "1 to 3 voices", lambda r: r.voices is None or 1 <= len(r.voices) <= 3),
    Rule("LV5", "the text has 1 to 1400 characters", lambda r: 0 < len(r.text.strip()) <= TEXT_CHARACTERS_MAX),
    Rule("LV6", "the hint is 1 to 110 s", lambda r: r.duration_hint is None or 1 <= r.duration_hint <= 110),
    Rule("LV7", "the audio settings are in range", _config_in_range),
    Rule("LV8", "an image comes by url or as data", _image_once),
    Rule("LV9", "a dialogue takes no official voice type", _clonable),
    # Not numbered: the document's only model.
    Rule("LV-model", "the model is listed", lambda r: r.model in {None, MODEL}),
)
