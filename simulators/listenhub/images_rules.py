"""What ListenHub's image generation takes: its public page, and clients of the same backend for the async form."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.listenhub.wire import refusal

INVALID: Final = 29003
PROMPT_MAX: Final = 20_000
#: Models, the provider each belongs to and how many reference images it takes.
MODELS: Final = {
    "gemini-3-pro-image": ("google", 14),
    "gemini-3.1-flash-image": ("google", 14),
    "gpt-image-2": ("openai", 4),
}
DEFAULT_MODEL: Final = {"google": "gemini-3-pro-image", "openai": "gpt-image-2"}


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class FileData(_Part):
    """A reference image by its address."""

    fileUri: str  # noqa: N815 - the wire's name
    mimeType: str  # noqa: N815 - the wire's name


class InlineData(_Part):
    """A reference image in base64."""

    data: str
    mimeType: str  # noqa: N815 - the wire's name


class ReferenceImage(_Part):
    """One of the two forms."""

    fileData: FileData | None = None  # noqa: N815 - the wire's name
    inlineData: InlineData | None = None  # noqa: N815 - the wire's name


class ImageConfig(_Part):
    """Size and ratio."""

    imageSize: Literal["1K", "2K", "4K"] = "1K"  # noqa: N815 - the wire's name
    aspectRatio: Literal["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"] = "1:1"  # noqa: N815 - the wire's name


class ImageRequest(_Part):
    """The body of `POST /v1/images/generation` and of its async form."""

    provider: Literal["google", "openai"]
    model: str | None = None
    prompt: str = Field(min_length=1, max_length=PROMPT_MAX)
    referenceImages: list[ReferenceImage] = []  # noqa: N815 - the wire's name
    imageConfig: ImageConfig = Field(default_factory=ImageConfig)  # noqa: N815 - the wire's name

    @property
    def used_model(self) -> str:
        """The model asked for, else its provider's."""
        return self.model or DEFAULT_MODEL[self.provider]


def check_image(body: dict[str, Any]) -> ImageRequest:
    """Return the request a body asks for.

    Raises:
        Refusal: A field has the wrong type, the model is unknown, or there are too many references.
    """
    try:
        request = ImageRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise refusal(400, INVALID, f"Invalid parameters: {place}: {first['msg']}") from error
    if request.used_model not in MODELS or MODELS[request.used_model][0] != request.provider:
        raise refusal(400, INVALID, f"Invalid parameters: model {request.model} of {request.provider}")
    if len(request.referenceImages) > MODELS[request.used_model][1]:
        raise refusal(400, INVALID, "Invalid parameters: too many reference images")
    for image in request.referenceImages:
        if (image.fileData is None) == (image.inlineData is None):
            raise refusal(400, INVALID, "Invalid parameters: a reference image has either fileData or inlineData")
    return request
