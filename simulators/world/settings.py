"""What the simulated vendors are made of: who they are, whom they know, how long they take, what they grant."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final


class Vendor(StrEnum):
    """A company with keys and a currency of its own; its name is the first part of its paths."""

    LISTENHUB = "listenhub"
    SENSEAUDIO = "senseaudio"
    VIBEGEN = "vibegen"
    ANTHROPIC = "anthropic"


class Service(StrEnum):
    """One thing a vendor sells; the name fault rules and books use."""

    LISTENHUB_VIDEO = "listenhub-video"
    LISTENHUB_VOICE = "listenhub-voice"
    LISTENHUB_IMAGES = "listenhub-images"
    LISTENHUB_ACCOUNT = "listenhub-account"
    SENSEAUDIO = "senseaudio"
    VIBEGEN = "vibegen"
    ANTHROPIC = "anthropic"

    @property
    def vendor(self) -> Vendor:
        """Whose service it is."""
        return Vendor(self.value.split("-", 1)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key a vendor knows, and the user whose books it writes."""

    vendor: Vendor
    secret: str = field(repr=False)
    user: str


def key_of_command_line(vendor: Vendor, secret: str) -> Key:
    """Return a key given at start; its user's name is a digest, so that the books never show the secret."""
    return Key(vendor=vendor, secret=secret, user="key-" + hashlib.sha256(secret.encode()).hexdigest()[:8])


def _keys(vendor: Vendor, **secrets_of_user: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(
        Key(vendor=vendor, secret=secret, user=user) for user, secrets in secrets_of_user.items() for secret in secrets
    )


#: Two users a vendor (so that "another user's task" can be met) and the placeholders the documents' examples send.
DEFAULT_KEYS: Final = (
    *_keys(
        Vendor.LISTENHUB,
        alpha=("lh_sk_sim_alpha",),
        beta=("lh_sk_sim_beta",),
        document=("$LISTENHUB_API_KEY", "YOUR_API_KEY"),
    ),
    *_keys(
        Vendor.SENSEAUDIO,
        alpha=("sk-sense-sim-alpha",),
        beta=("sk-sense-sim-beta",),
        document=("<token>", "YOUR_API_KEY", "sk-123456..."),
    ),
    *_keys(
        Vendor.VIBEGEN,
        alpha=("sk-video-sim-alpha",),
        beta=("sk-video-sim-beta",),
        document=("YOUR_API_KEY", "sk-video-xxxxxxxxxxxxxxxx"),
    ),
    *_keys(Vendor.ANTHROPIC, alpha=("sk-ant-sim-alpha",), beta=("sk-ant-sim-beta",)),
)

#: Vendor seconds from create to a stored result, by model (field reports and the documents' own words).
GENERATION_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        "happyhorse": 40.0,
        "doubao-seedance-2-fast": 60.0,
        "doubao-seedance-2-pro": 90.0,
        "doubao-seedance-2-0-260128": 100.0,
        "seedance 2.0": 60.0,
        "listenhub-voice-1.0": 12.0,
        "image": 15.0,
    }
)

#: Credits every user starts with. At Anthropic the unit is a millionth of a dollar.
GRANTS: Final[Mapping[Vendor, int]] = MappingProxyType(
    {
        Vendor.LISTENHUB: 1_000_000,
        Vendor.SENSEAUDIO: 1_000_000,
        Vendor.VIBEGEN: 1_000_000,
        Vendor.ANTHROPIC: 1_000_000_000,
    }
)

#: Creates a minute, by the name of the window. ListenHub video and voice: their documents; images: the generic page;
#: vibegen: section 8; SenseAudio publishes none.
CREATES_PER_MINUTE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "doubao-seedance-2-fast": 2,
        "doubao-seedance-2-pro": 2,
        "happyhorse": 5,
        "listenhub-voice-1.0": 5,
        "listenhub-images": 3,
        "senseaudio": 600,
        "vibegen-create": 1000,
        "vibegen-query": 1000,
    }
)

#: Jobs one user may have running at a time. ListenHub Voice (33009) and SenseAudio (400015) name such a limit and
#: neither gives a number: by default one large enough not to hinder.
CONCURRENT_JOBS: Final[Mapping[Service, int]] = MappingProxyType(
    {Service.LISTENHUB_VOICE: 100, Service.SENSEAUDIO: 100}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set when the simulators start. Times are vendor seconds: `time_scale` divides them."""

    database: Path
    assets: Path
    time_scale: float = 20.0
    keys: tuple[Key, ...] = DEFAULT_KEYS
    generation_s: Mapping[str, float] = field(default_factory=lambda: GENERATION_S)
    grants: Mapping[Vendor, int] = field(default_factory=lambda: GRANTS)
    creates_per_minute: Mapping[str, int] = field(default_factory=lambda: CREATES_PER_MINUTE)
    concurrent_jobs: Mapping[Service, int] = field(default_factory=lambda: CONCURRENT_JOBS)
    url_life_s: float = 24 * 3600.0
    vibegen_timeout_s: float = 600.0
    renders_at_once: int = 2
    render_ahead: bool = True  # False: a file is made when a job whose time has come is looked at
