"""What can be bought, and from whom: the one list of vendors and of their models that everything else walks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.settings import Settings
from film.profiles import PROFILES, Provider, Vendor
from providers.registry import LISTENHUB_MODELS


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFacts:
    """What is said of a vendor beside its models."""

    #: What it charges in, as a person reads it after a number.
    unit: str
    #: Where its simulator answers, below the simulators' own address.
    simulator_path: str


VENDORS: Final[Mapping[Vendor, VendorFacts]] = {
    Vendor.LISTENHUB: VendorFacts(unit="ListenHub credits", simulator_path="listenhub/openapi"),
    Vendor.SENSEAUDIO: VendorFacts(unit="s rendered at SenseAudio", simulator_path="senseaudio"),
    Vendor.VIBEGEN: VendorFacts(unit="vibegen credits", simulator_path="vibegen/api/v1"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model that can be bought."""

    #: As people name it: a provider, `voice` or `images`.
    name: str
    vendor: Vendor
    #: As the vendor names it.
    model: str
    #: Who renders segments by it; None for voices and images.
    provider: Provider | None
    #: Submits a minute, from the vendor's document; the setting of the operator, where there is one, overrules it.
    submits_per_minute: int
    setting: str | None
    #: Jobs at once per key; None: not limited.
    jobs_at_once: int | None
    #: Whether the vendor tells what a job cost.
    reports_credits: bool
    calls_back: bool

    def submits(self, settings: Settings) -> int:
        """Return how many submits a minute one key may make."""
        return self.submits_per_minute if self.setting is None else int(getattr(settings, self.setting))


def _video(provider: Provider) -> Model:
    profile = PROFILES[provider]
    setting = None
    if profile.vendor is Vendor.LISTENHUB:
        setting = "happyhorse_per_minute" if provider is Provider.HAPPYHORSE else "seedance_per_minute"
    return Model(
        name=provider,
        vendor=profile.vendor,
        model=profile.model,
        provider=provider,
        submits_per_minute=profile.submits_per_minute,
        setting=setting,
        jobs_at_once=profile.jobs_at_once,
        reports_credits=profile.reports_credits,
        calls_back=profile.calls_back,
    )


def _listenhub(name: str, model: str, *, setting: str, submits: int, reports_credits: bool) -> Model:
    return Model(
        name=name,
        vendor=Vendor.LISTENHUB,
        model=model,
        provider=None,
        submits_per_minute=submits,
        setting=setting,
        jobs_at_once=None,
        reports_credits=reports_credits,
        calls_back=False,
    )


VIDEO_MODELS: Final[Mapping[Provider, Model]] = {provider: _video(provider) for provider in Provider}
#: Tasks of voices tell `creditCharged` (seed ListenHub Voice); the page of images tells nothing.
VOICE: Final = _listenhub(
    "voice", LISTENHUB_MODELS["voice"], setting="voice_per_minute", submits=5, reports_credits=True
)
IMAGES: Final = _listenhub(
    "images", LISTENHUB_MODELS["image"], setting="image_per_minute", submits=3, reports_credits=False
)
MODELS: Final = (*VIDEO_MODELS.values(), VOICE, IMAGES)
