"""What can be ordered: providers with their abilities and rates, and the narrators."""

from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import HasCaller
from api.deps import HasDeps, VoiceOffer
from api.openapi import errors
from api.video import Credits
from film.canvas import AspectRatio, Resolution
from film.credits import credits_number
from film.pricing import segment_price
from film.profiles import PROFILES, Profile, Provider

router: Final = APIRouter(prefix="/v1", tags=["offer"])


class Rate(BaseModel):
    """What one rendered clip costs."""

    resolution: Resolution
    rendered_seconds: int
    native_sound: bool
    cost: Credits


class ProviderOffer(BaseModel):
    """What a provider can do."""

    id: Provider
    resolutions: list[Resolution]
    aspect_ratios: list[AspectRatio]
    clip_lengths: list[int] = Field(description="Seconds that can be rendered as one segment.")
    seed: bool = Field(description="Takes a `seed`.")
    chained: bool = Field(description="Can begin a segment on a given frame: `continuity` may be `chained`.")
    reference_images_max: int
    rates: list[Rate] = Field(description="By rendered length; a film costs the sum of its segments.")


class ProviderOffers(BaseModel):
    """All providers."""

    object: Literal["list"]
    data: list[ProviderOffer]


class VoiceOffers(BaseModel):
    """All narrators."""

    object: Literal["list"]
    data: list[VoiceOffer]


@router.get("/providers", responses=errors())
async def list_providers(caller: HasCaller) -> ProviderOffers:
    """Return who renders: lengths, resolutions, ratios, rates and abilities."""
    del caller
    return ProviderOffers(object="list", data=[_offer(PROFILES[provider]) for provider in Provider])


@router.get("/voices", responses=errors())
async def list_voices(deps: HasDeps, caller: HasCaller) -> VoiceOffers:
    """Return the narrators that `narration.voice_id` may name."""
    del caller
    return VoiceOffers(object="list", data=list(await deps.voices()))


def _offer(profile: Profile) -> ProviderOffer:
    return ProviderOffer(
        id=profile.provider,
        resolutions=list(profile.resolutions),
        aspect_ratios=list(AspectRatio),
        clip_lengths=list(profile.lengths_s),
        seed=profile.seed,
        chained=profile.first_frame,
        reference_images_max=profile.reference_images_max,
        rates=[
            Rate(
                resolution=resolution,
                rendered_seconds=seconds,
                native_sound=sound,
                cost=credits_number(segment_price(profile.provider, resolution, rendered_s=seconds, sound=sound)),
            )
            for resolution in profile.resolutions
            for seconds in profile.lengths_s
            for sound in (False, True)
        ],
    )
