"""The environment, read once: everything that can be set from outside, with its default and its unit."""

import difflib
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, Self, cast

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from film.errors import MissingKey
from film.profiles import PROFILES, Provider, Vendor

_PREFIX: Final = "LONGVIDEO_"


class Mode(StrEnum):
    """Who makes the film: the vendors, their simulators, or whichever the keys allow."""

    AUTO = "auto"
    SIMULATED = "simulated"
    LIVE = "live"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class Settings(BaseSettings):
    """All settings. `LONGVIDEO_` stands before each name in the environment, keys excepted; `.env` is read."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    mode: Mode = Field(Mode.AUTO, description="`simulated`, `live`, or `auto`: live if a video vendor's key is set.")
    home: Path = Field(Path(".longvideo"), description="Folder of database, store, work files and Prefect's home.")
    database_url: str = Field("", description="Ledger; empty: SQLite in the home. `postgresql+asyncpg://...`.")
    store_url: str = Field("", description="Object store; empty: `file://` in the home. `s3://`, `gs://`, `az://`.")
    simulators_url: str = Field("", description="A running simulator to use; empty: `make` starts its own.")
    time_scale: float = Field(20.0, gt=0, description="How many times faster the simulated vendors are.")
    local_credits: str = Field("", description="Credits the local account has; empty: what each film needs.")
    segment_attempts: int = Field(2, ge=1, le=5, description="Paid tries per segment; the second only where it helps.")
    listenhub_daily_cap: Decimal | None = Field(None, ge=0, description="ListenHub credits a day (UTC); empty: no cap.")
    senseaudio_daily_cap: Decimal | None = Field(None, ge=0, description="Rendered seconds a day at SenseAudio.")
    vibegen_daily_cap: Decimal | None = Field(None, ge=0, description="vibegen credits a day (UTC); empty: no cap.")
    producer: str = Field("LongVideo", description="Name of the service in the film's label of generated content.")
    label_line: str = Field("", description="Line drawn on every film's pictures, such as `AI 生成`; empty: none.")
    writer_model: str = Field("claude-sonnet-5-5", description="Model that writes the script.")
    judge_model: str = Field("claude-haiku-5-5", description="Model that moderates.")
    happyhorse_per_minute: int = Field(5, ge=1, description="Submits a minute that ListenHub allows for happyhorse.")
    seedance_per_minute: int = Field(2, ge=1, description="Submits a minute that ListenHub allows for Seedance.")
    voice_per_minute: int = Field(5, ge=1, description="Submits a minute that ListenHub Voice allows.")
    image_per_minute: int = Field(3, ge=1, description="Images a minute that ListenHub allows.")
    films_at_once: int = Field(200, ge=1, description="Films one worker process makes at once; they mostly wait.")
    prefect_port: int = Field(4200, ge=0, le=65535, description="Port of `up`'s Prefect server and UI; 0: a free one.")
    simulators_port: int = Field(8460, ge=0, le=65535, description="Port of `up`'s simulators; 0: a free one.")
    api_port: int = Field(8450, ge=1, le=65535, description="Port of `up`'s HTTP API.")
    public_url: str = Field("", description="Where the HTTP API is reached; empty: loopback, no callbacks.")
    secret: SecretStr = Field(SecretStr(""), description="Signs links, callbacks, keys; empty: made in the home.")
    account_films_at_once: int = Field(20, ge=0, description="Unfinished films an API account may have; 0: no limit.")
    orders_a_minute: int = Field(60, ge=0, description="Films an API key may order a minute; 0: no limit.")
    streams_at_once: int = Field(20, ge=0, description="Films an API key may follow live at once; 0: no limit.")
    idempotency_strict: bool = Field(
        default=False, description="Answer a reused Idempotency-Key with another body by 422."
    )
    metrics_token: SecretStr = Field(SecretStr(""), description="Bearer token of the API's /metrics; empty: none.")
    keep_parts_days: int = Field(30, ge=0, description="Days an ended film's clips are kept; 0: for good.")
    keep_films_days: int = Field(0, ge=0, description="Days an ended film is kept at all; 0: for good.")
    log_level: LogLevel = Field(
        LogLevel.INFO, description="Least that is logged by `up`, `worker`, `api`; set: by all."
    )
    log_format: LogFormat = Field(LogFormat.TEXT, description="`text` or `json`: how a line of the log is written.")
    crash_at: str = Field("", description="For proofs only: the failpoint at which the process kills itself.")
    listenhub_url: str = Field("https://api.marswave.ai/openapi", description="Base URL of ListenHub.")
    senseaudio_url: str = Field("https://api.senseaudio.cn", description="Base URL of SenseAudio.")
    vibegen_url: str = Field("https://vibegen.art/api/v1", description="Base URL of vibegen.")
    anthropic_url: str = Field("https://api.anthropic.com", description="Base URL of Claude, without /v1.")
    listenhub_api_key: SecretStr = Field(SecretStr(""), validation_alias="LISTENHUB_API_KEY", description="ListenHub.")
    senseaudio_api_key: SecretStr = Field(
        SecretStr(""), validation_alias="SENSEAUDIO_API_KEY", description="SenseAudio."
    )
    vibegen_api_key: SecretStr = Field(SecretStr(""), validation_alias="VIBEGEN_API_KEY", description="vibegen.")
    anthropic_api_key: SecretStr = Field(SecretStr(""), validation_alias="ANTHROPIC_API_KEY", description="Claude.")

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(("postgresql+asyncpg://", "sqlite+aiosqlite://")):
            raise ValueError("must begin with postgresql+asyncpg:// (or sqlite+aiosqlite://)")
        return url

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        # The home must mean the same folder in every process that is started from here.
        object.__setattr__(self, "home", self.home.expanduser().absolute())
        return self

    @property
    def simulated(self) -> bool:
        """Whether the simulators make the films."""
        if self.mode is Mode.AUTO:
            return not any(self.key_of(vendor) for vendor in Vendor)
        return self.mode is Mode.SIMULATED

    @property
    def ledger_url(self) -> str:
        """The ledger's URL, defaults filled in."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'longvideo.db'}"

    @property
    def objects_url(self) -> str:
        """The store's URL, defaults filled in."""
        return self.store_url or f"file://{self.home / 'store'}"

    def key_of(self, vendor: Vendor) -> str:
        """Return a video vendor's key, empty if none is set."""
        return cast("SecretStr", getattr(self, f"{vendor}_api_key")).get_secret_value()

    def url_of(self, vendor: Vendor) -> str:
        """Return a video vendor's base URL."""
        return str(getattr(self, f"{vendor}_url"))

    def daily_cap_of(self, vendor: Vendor) -> Decimal | None:
        """Return the most a vendor may cost in a day (UTC), in its own currency; None if there is no cap."""
        return cast("Decimal | None", getattr(self, f"{vendor}_daily_cap"))

    def require_keys(self, provider: Provider, *, listenhub: bool) -> None:
        """Check that live mode has every key a film needs.

        Raises:
            MissingKey: Names the variable and what it is needed for.
        """
        if self.simulated:
            return
        vendor = PROFILES[provider].vendor
        needed = [(self.key_of(vendor), f"{vendor.upper()}_API_KEY", f"video by {provider}")]
        needed.append((self.anthropic_api_key.get_secret_value(), "ANTHROPIC_API_KEY", "script"))
        if listenhub:
            key = self.key_of(Vendor.LISTENHUB)
            needed.append((key, "LISTENHUB_API_KEY", "narration, music or generated reference image"))
        for key, variable, needed_for in needed:
            if not key:
                raise MissingKey(variable=variable, needed_for=needed_for)


def misspelled_settings() -> Sequence[tuple[str, str]]:
    """Return each name of the environment and of `.env` that sets nothing but is nearly a setting's, and that setting.

    A misspelled daily cap would be no cap at all: silence could cost money.
    """
    given = {name.upper() for source in (EnvSettingsSource, DotEnvSettingsSource) for name in source(Settings).env_vars}
    settings = {
        str(field.validation_alias or f"{_PREFIX}{name.upper()}") for name, field in Settings.model_fields.items()
    }
    # All of ours begin alike, which would make any two of them similar.
    by_ending = {setting.removeprefix(_PREFIX): setting for setting in settings}
    strangers = sorted(name for name in given - settings if name.startswith(_PREFIX))
    nearest = {
        name: difflib.get_close_matches(name.removeprefix(_PREFIX), by_ending, n=1, cutoff=0.8) for name in strangers
    }
    return [(name, by_ending[close[0]]) for name, close in nearest.items() if close]
