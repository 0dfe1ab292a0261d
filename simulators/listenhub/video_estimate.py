"""ListenHub AI video: `POST /v1/video-generation/estimate-credits` ("预估积分")."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from simulators.door import Call
from simulators.listenhub.video_prices import credits_of, tokens_of
from simulators.listenhub.video_rules import (
    ALL_RATIOS,
    COMMON_RATIOS,
    DURATION_S,
    INPUT_DURATION_S,
    RESOLUTIONS,
    SEEDANCE,
    invalid,
)
from simulators.listenhub.wire import refusal, reply


class EstimateRequest(BaseModel):
    """The body: model, resolution and duration are required here."""

    model_config = ConfigDict(strict=True)

    model: Literal["doubao-seedance-2-fast", "doubao-seedance-2-pro", "happyhorse"]
    resolution: Literal["480p", "720p", "1080p"]
    duration: int
    hasVideoInput: bool = False  # noqa: N815 - the wire's name
    inputVideoDuration: int | float = 0  # noqa: N815 - the wire's name
    ratio: str = "16:9"


async def estimate(call: Call) -> Response:
    """Tell what a request would cost; nothing is created."""
    try:
        request = EstimateRequest.model_validate(call.body)
    except ValidationError as error:
        raise invalid(error) from error
    lowest, highest = DURATION_S[request.model]
    ratios = COMMON_RATIOS if request.model in SEEDANCE else ALL_RATIOS
    if (
        not lowest <= request.duration <= highest
        or request.resolution not in RESOLUTIONS[request.model]
        or request.ratio not in ratios
    ):
        raise refusal(400, 32004, "Invalid parameters: unsupported model, duration, resolution or ratio")
    first, last = INPUT_DURATION_S[request.model]
    if request.hasVideoInput and not first <= request.inputVideoDuration <= last:
        raise refusal(400, 32004, f"Invalid parameters: inputVideoDuration must be {first}-{last}")
    tokens = tokens_of(
        resolution=request.resolution,
        duration_s=request.duration,
        input_duration_s=request.inputVideoDuration if request.hasVideoInput else 0,
    )
    return reply({"tokens": tokens, "credits": credits_of(model=request.model, tokens=tokens)})
