"""What the API is made of: handed in by whoever serves it, so that it reads no environment and knows no vendor."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from film.callbacks import CallbackAddress
from film.request import FilmRequest
from ledger.database.engine import Database
from ledger.films.limits import UNLIMITED, OrderLimits
from store.links import Links


class VoiceOffer(BaseModel):
    """A narrator who can be asked for by name."""

    model_config = ConfigDict(frozen=True)

    voice_id: str = Field(description="What `narration.voice_id` takes.")
    name: str
    language: str = Field(description="BCP-47 tag of the language the voice speaks.")
    gender: str


def _anything(request: FilmRequest) -> None:
    del request


def _no_failpoint(point: str) -> None:
    del point


async def _nobody() -> Sequence[VoiceOffer]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """The API's parts. Defaults are those of a service without limits, narrators and callbacks."""

    database: Database
    links: Links
    #: Peppers the hashes of keys.
    pepper: bytes = field(repr=False)
    simulated: bool
    #: The one origin that URLs may lead to besides public addresses: the simulators'.
    allowed_origin: str | None = None
    limits: OrderLimits = UNLIMITED
    #: Films a key may follow live at once, in one process; 0 is no limit.
    streams_at_once: int = 0
    #: Refuse an Idempotency-Key that comes again with another body, instead of answering with its film.
    idempotency_strict: bool = False
    #: Raises what this installation can't make of a request that is right in itself.
    require_makeable: Callable[[FilmRequest], None] = _anything
    #: The narrators on offer; raises ProviderUnavailable.
    voices: Callable[[], Awaitable[Sequence[VoiceOffer]]] = _nobody
    callbacks: CallbackAddress | None = None
    #: Bearer token of `/metrics`; empty: there are none to be had.
    metrics_token: str = field(default="", repr=False)
    #: Failpoints, for proofs.
    failpoint: Callable[[str], None] = _no_failpoint


async def get_deps(request: Request) -> Deps:
    """Return the parts of the app that serves `request`."""
    deps: Deps = request.app.state.deps
    return deps


HasDeps = Annotated[Deps, Depends(get_deps)]
