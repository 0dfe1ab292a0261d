"""What a customer may order: every field, its default and its limits. Wrong input ends here: nothing is written.

Source: Long Video API (prompt, duration, webhook_url, limits); all other fields, names and limits are this program's
    own.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo, model_validator
from pydantic.functional_validators import AfterValidator, field_validator

from film.canvas import AspectRatio, Canvas, Resolution, canvas_for
from film.credits import MilliCredits
from film.errors import InvalidRequest
from film.language import TAG, guess_language
from film.plan import Slot, plan_price, segment_plan
from film.profiles import PROFILES, Profile, Provider
from film.sentences import field_reason
from film.text import clean_tree, wish_fault
from film.urls import URL_CHARACTERS_MAX, url_error

PROMPT_CHARACTERS_MAX: Final = 2000
DURATION_S_MIN, DURATION_S_MAX = 3, 180
REFERENCES_MAX: Final = 9
CARD_CHARACTERS_MAX: Final = 80
#: Whose texts may have several lines.
_WITH_LINES: Final = frozenset({"prompt", "title_card", "end_card", "metadata"})


class Subtitles(StrEnum):
    """How narration is shown: not at all, as a stream a player may show, or drawn on the pictures."""

    OFF = "off"
    SOFT = "soft"
    BURNED = "burned"


class Continuity(StrEnum):
    """What holds the film together: reference images in every segment, or each segment begun on the last frame."""

    ANCHORED = "anchored"
    CHAINED = "chained"


def _public_url(url: str, info: ValidationInfo) -> str:
    context = info.context or {}
    fault = None if context.get("stored") else url_error(url, allowed_origin=context.get("allowed_origin"))
    if fault is not None:
        raise ValueError(fault)
    return url


PublicUrl = Annotated[str, StringConstraints(max_length=URL_CHARACTERS_MAX), AfterValidator(_public_url)]
CardText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CARD_CHARACTERS_MAX)]


class _Choice(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class VoiceChoice(_Choice):
    """Narration by a named voice of the voice vendor."""

    voice_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]


class MusicChoice(_Choice):
    """Music from the customer's file, or written from a description; exactly one of the two."""

    url: PublicUrl | None = None
    prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.url is None) == (self.prompt is None):
            raise ValueError("give either url or prompt")
        return self


class FilmRequest(_Choice):
    """A film as ordered; every value is checked and every default filled in."""

    prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=PROMPT_CHARACTERS_MAX)] = (
        Field(description="What the film is about, in any language.")
    )
    duration: Annotated[int, Field(ge=DURATION_S_MIN, le=DURATION_S_MAX)] = Field(
        description="Length of the finished film in seconds, exact to the frame."
    )
    provider: Provider = Field(default=Provider.HAPPYHORSE, strict=False)
    resolution: Resolution = Field(default=Resolution.P720, strict=False)
    aspect_ratio: AspectRatio = Field(default=AspectRatio.WIDE, strict=False)
    language: str = ""
    narration: bool | VoiceChoice = True
    music: bool | MusicChoice = True
    native_sound: bool = False
    subtitles: Subtitles = Field(default=Subtitles.SOFT, strict=False)
    title_card: CardText | None = None
    end_card: CardText | None = None
    continuity: Continuity = Field(default=Continuity.ANCHORED, strict=False)
    reference_images: tuple[PublicUrl, ...] = Field(default=(), strict=False, max_length=REFERENCES_MAX)
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    approve: bool = False
    webhook_url: PublicUrl | None = None
    metadata: dict[str, str] = Field(default_factory=dict)

    @field_validator("language")
    @classmethod
    def _tag(cls, tag: str) -> str:
        if tag and not TAG.match(tag):
            raise ValueError("must be a BCP-47 tag such as zh, en or pt-BR")
        return tag

    @field_validator("metadata")
    @classmethod
    def _small(cls, metadata: dict[str, str]) -> dict[str, str]:
        if len(metadata) > 16:
            raise ValueError("at most 16 keys")
        for key, value in metadata.items():
            if len(key) > 64 or len(value) > 512:
                raise ValueError("keys have at most 64 characters, values at most 512")
        return metadata

    @field_validator("resolution")
    @classmethod
    def _offered(cls, resolution: Resolution, info: ValidationInfo) -> Resolution:
        provider = info.data.get("provider")
        if provider is not None and resolution not in PROFILES[provider].resolutions:
            offered = ", ".join(PROFILES[provider].resolutions)
            raise ValueError(f"{provider} does not render {resolution}; it renders {offered}")
        return resolution

    @field_validator("reference_images")
    @classmethod
    def _few_enough(cls, images: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("continuity") is Continuity.CHAINED and len(images) > 1:
            raise ValueError("with continuity chained at most 1, the first frame of the first segment")
        return images

    @field_validator("seed")
    @classmethod
    def _sent(cls, seed: int | None, info: ValidationInfo) -> int | None:
        provider = info.data.get("provider")
        if seed is not None and provider is not None and not PROFILES[provider].seed:
            raise ValueError(f"{provider} takes no seed")
        return seed

    @model_validator(mode="after")
    def _chainable(self) -> Self:
        if self.continuity is Continuity.CHAINED and not self.profile.first_frame:
            raise ValueError(f"continuity: {self.provider} can't start a clip from a given frame; use anchored")
        return self

    @property
    def profile(self) -> Profile:
        """The ordered model's capability facts."""
        return PROFILES[self.provider]

    @property
    def canvas(self) -> Canvas:
        """The film's picture size."""
        return canvas_for(self.resolution, self.aspect_ratio)

    @property
    def voice_id(self) -> str | None:
        """The voice that was asked for by name, if one was."""
        return self.narration.voice_id if isinstance(self.narration, VoiceChoice) else None

    @property
    def wants_narration(self) -> bool:
        """Whether a voice is to be bought."""
        return self.narration is not False

    @property
    def wants_music(self) -> bool:
        """Whether there is music, bought or brought."""
        return self.music is not False

    @property
    def buys_music(self) -> bool:
        """Whether music is to be bought: it is wanted, and the customer brings no file."""
        return self.wants_music and not (isinstance(self.music, MusicChoice) and self.music.url is not None)

    def plan(self) -> tuple[Slot, ...]:
        """Return the film's segments."""
        return segment_plan(self.duration, self.provider, self.resolution, sound=self.native_sound)

    def prices(self) -> tuple[MilliCredits, ...]:
        """Return each segment's price; their sum is `cost_estimate`."""
        return plan_price(self.plan(), self.provider, self.resolution, sound=self.native_sound)


def parse_request(fields: Mapping[str, Any], *, allowed_origin: str | None = None) -> FilmRequest:
    """Return the checked request, its language guessed where none was named.

    Args:
        fields: The fields as they came: JSON's types, unknown names refused.
        allowed_origin: The simulators' origin in simulated mode; URLs of it are allowed too.

    Raises:
        InvalidRequest: Names the first wrong field and why.
    """
    fault = wish_fault(fields, with_lines=_WITH_LINES)
    if fault is not None:
        raise InvalidRequest(field=fault[0], reason=fault[1])
    try:
        request = FilmRequest.model_validate(dict(fields), context={"allowed_origin": allowed_origin})
    except ValidationError as error:
        raise _first_error(error) from error
    if request.language:
        return request
    return request.model_copy(update={"language": guess_language(request.prompt)})


def load_request(fields: Mapping[str, Any]) -> FilmRequest:
    """Return a request from the row it was stored in: judged when it came in, its texts perhaps by an older rule."""
    return FilmRequest.model_validate(clean_tree(dict(fields)), context={"stored": True})


#: How little of a value these faults say something about; any other kind has looked inside.
_DEPTH: Final = {"model_type": 0, "bool_type": 1}


def _first_error(error: ValidationError) -> InvalidRequest:
    faults = error.errors(include_url=False)
    same_field = [fault for fault in faults if fault["loc"][:1] == faults[0]["loc"][:1]]
    # Of a union's members the one that looked into the value was meant: {"url": ...} is no wrong bool.
    fault = max(same_field, key=lambda fault: _DEPTH.get(fault["type"], len(_DEPTH)))
    reason = field_reason(str(fault["msg"]))
    # A union names its members in the location ("narration", "bool"); the customer's field is the first part.
    field = str(fault["loc"][0]) if fault["loc"] else ""
    if not field:
        field, _, reason = reason.partition(": ")
    if fault["type"] == "extra_forbidden":
        reason = "unknown field"
    elif fault["type"] == "missing":
        reason = "is required"
    return InvalidRequest(field=field, reason=reason)
