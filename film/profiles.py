"""What each provider's model can do: capability facts, each with the document section that states it.

The plan, the request check, the price and the prompts read these; nothing else knows a vendor's limits.
LV = seed Long Video API; LH = seed ListenHub video; SA = seed SenseAudio; VG = seed vibegen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from film.canvas import Resolution


class Provider(StrEnum):
    """Who renders the segments; the request's `provider`."""

    HAPPYHORSE = "happyhorse"
    SEEDANCE_FAST = "seedance-fast"
    SEEDANCE_PRO = "seedance-pro"
    SENSEAUDIO = "senseaudio"
    VIBEGEN = "vibegen"


class Vendor(StrEnum):
    """Who is paid: one account, one key, one currency each."""

    LISTENHUB = "listenhub"
    SENSEAUDIO = "senseaudio"
    VIBEGEN = "vibegen"


class Correlation(StrEnum):
    """How a job whose reply was lost is found again in the vendor's list."""

    SEED = "seed"  # the list echoes params.seed, unique per attempt
    PROMPT = "prompt"  # only text and time can be matched
    NONE = "none"  # there is no list


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One model's facts. Lengths are whole seconds, limits are per key and minute."""

    provider: Provider
    vendor: Vendor
    model: str
    #: Every length that can be rendered, ascending.
    lengths_s: tuple[int, ...]
    resolutions: tuple[Resolution, ...]
    prompt_characters_max: int
    submits_per_minute: int
    #: Jobs at once per key; None = not limited by the document.
    jobs_at_once: int | None
    generation_s: int
    reference_images_max: int
    first_frame: bool
    seed: bool
    correlation: Correlation
    reports_credits: bool
    #: Whether it posts to an address of ours when a job has ended: a hint, never a fact.
    calls_back: bool
    #: How long a result's URL lives; None = no end is documented.
    url_life_s: int | None
    source: str

    @property
    def shortest_s(self) -> int:
        """The shortest length it renders, in seconds."""
        return self.lengths_s[0]

    @property
    def continuous(self) -> bool:
        """Whether every whole second between its shortest and its longest length can be ordered."""
        return len(self.lengths_s) == self.lengths_s[-1] - self.lengths_s[0] + 1


_P480, _P720, _P1080 = Resolution.P480, Resolution.P720, Resolution.P1080
_DAY_S: Final = 86_400


def _listenhub(provider: Provider, **facts: object) -> Profile:
    shared: dict[str, object] = {
        "vendor": Vendor.LISTENHUB,
        "jobs_at_once": None,
        "reference_images_max": 9,  # LH input content
        "first_frame": True,
        "seed": True,  # LH create
        "correlation": Correlation.SEED,  # LH task list echoes params.seed
        "reports_credits": True,  # creditCharged
        "calls_back": False,
        "url_life_s": None,  # re-hosted, no end stated
        "source": "ListenHub video: models and limits",
    }
    return Profile(provider=provider, **{**shared, **facts})  # type: ignore[arg-type]


PROFILES: Final[Mapping[Provider, Profile]] = {
    Provider.HAPPYHORSE: _listenhub(
        Provider.HAPPYHORSE,
        model="happyhorse",
        lengths_s=tuple(range(3, 16)),
        resolutions=(_P720, _P1080),
        prompt_characters_max=2500,
        submits_per_minute=5,
        generation_s=40,
    ),
    Provider.SEEDANCE_FAST: _listenhub(
        Provider.SEEDANCE_FAST,
        model="doubao-seedance-2-fast",
        lengths_s=tuple(range(4, 16)),
        resolutions=(_P480, _P720),
        prompt_characters_max=500,
        submits_per_minute=2,
        generation_s=60,
    ),
    Provider.SEEDANCE_PRO: _listenhub(
        Provider.SEEDANCE_PRO,
        model="doubao-seedance-2-pro",
        lengths_s=tuple(range(4, 16)),
        resolutions=(_P480, _P720, _P1080),
        prompt_characters_max=500,
        submits_per_minute=2,
        generation_s=90,
    ),
    Provider.SENSEAUDIO: Profile(
        provider=Provider.SENSEAUDIO,
        vendor=Vendor.SENSEAUDIO,
        model="doubao-seedance-2-0-260128",
        lengths_s=tuple(range(4, 16)),  # SA model facts: 4 to 15, integers
        resolutions=(_P480, _P720),  # SA model facts; 1080p stands only in the general enum
        prompt_characters_max=500,  # the same model as Seedance at ListenHub; SA states none
        submits_per_minute=60,  # SA states none: a setting
        jobs_at_once=1,  # field reports: one at once per key
        generation_s=100,
        reference_images_max=9,
        first_frame=True,
        seed=False,
        correlation=Correlation.NONE,
        reports_credits=False,
        calls_back=False,
        url_life_s=_DAY_S,  # not documented: the family's usual life
        source="SenseAudio video: model facts",
    ),
    Provider.VIBEGEN: Profile(
        provider=Provider.VIBEGEN,
        vendor=Vendor.VIBEGEN,
        model="seedance 2.0",
        lengths_s=(5, 10),  # VG section 1
        resolutions=(_P480, _P720, _P1080),
        prompt_characters_max=2000,  # VG section 8
        submits_per_minute=1000,  # VG section 8
        jobs_at_once=None,
        generation_s=60,  # VG section 11: 30 to 120 s
        reference_images_max=9,  # VG names no number; the customer's own limit is this program's
        first_frame=False,  # image_urls have no roles
        seed=False,
        correlation=Correlation.PROMPT,
        reports_credits=False,
        calls_back=True,  # VG section 10: callback_url
        url_life_s=_DAY_S,  # VG section 11
        source="vibegen: sections 1, 7, 8, 11",
    ),
}
