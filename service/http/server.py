"""The HTTP API as a process: uvicorn around the app, its limits, and a stop in order."""

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import uvicorn
from fastapi import FastAPI

from api.app import build_app
from api.deps import Deps, VoiceOffer
from api.middleware import HEAD_BYTES_MAX
from app.catalog import VENDORS
from app.failpoints import kill_at_failpoint
from app.secret import load_secret
from app.settings import Settings
from film.callbacks import CallbackAddress
from film.clock import Clock
from film.language import guess_language
from film.profiles import Vendor
from ledger.database.engine import Database
from ledger.films.limits import OrderLimits
from providers import registry
from providers.http.clients import Connection, Timeouts
from providers.ports import Voices
from purchasing.context import no_failpoint
from service.http.addresses import HOST, listening
from service.http.header_timeout import HeaderTimeoutProtocol
from simulators.launch import SIMULATED_KEYS
from store.links import Links
from tasks.films.ordering import require_makeable

#: The most connections at once; more are told to come again.
_CONNECTIONS_MAX: Final = 1000
_IDLE_S: Final = 10
#: Between two looks at whether the server answers.
_LOOK_S: Final = 0.05
#: How long answers that are under way may take when the server stops.
_STOP_S: Final = 10
#: Voices change seldom: the list is read at most so often.
_VOICES_S: Final = 600.0

ListVoices = Callable[[], Awaitable[Sequence[VoiceOffer]]]


def api_deps(
    settings: Settings, database: Database, links: Links, *, allowed_origin: str | None, voices: ListVoices
) -> Deps:
    """Return the API's parts as the settings say.

    Args:
        settings: The environment.
        database: The ledger.
        links: What mints links to stored files.
        allowed_origin: The simulators' origin, None in live mode.
        voices: Lists the narrators.
    """
    secret = load_secret(settings)
    return Deps(
        database=database,
        links=links,
        pepper=secret,
        simulated=settings.simulated,
        allowed_origin=allowed_origin,
        limits=OrderLimits(films_at_once=settings.account_films_at_once, orders_a_minute=settings.orders_a_minute),
        streams_at_once=settings.streams_at_once,
        idempotency_strict=settings.idempotency_strict,
        require_makeable=functools.partial(require_makeable, settings=settings),
        voices=voices,
        callbacks=CallbackAddress(public_url=settings.public_url, secret=secret) if settings.public_url else None,
        metrics_token=settings.metrics_token.get_secret_value(),
        failpoint=kill_at_failpoint(settings.crash_at) if settings.crash_at else no_failpoint,
    )


def cached_voices(speakers: Voices, clock: Clock) -> ListVoices:
    """Return what lists a vendor's narrators, asking it once in ten minutes."""
    known: Sequence[VoiceOffer] = ()
    until = float("-inf")

    async def voices() -> Sequence[VoiceOffer]:
        nonlocal known, until
        if clock.now() >= until:
            found = await speakers.speakers()
            known = [
                VoiceOffer(voice_id=one.voice_id, name=one.name, language=one.language, gender=one.gender)
                for one in found
            ]
            until = clock.now() + _VOICES_S
        return known

    return voices


@asynccontextmanager
async def vendor_voices(settings: Settings, clock: Clock, *, origin: str | None) -> AsyncIterator[ListVoices]:
    """Lend what lists the narrators of ListenHub, or of its simulator at `origin`."""
    simulated = Connection(
        base_url=f"{origin}/{VENDORS[Vendor.LISTENHUB].simulator_path}", key=SIMULATED_KEYS[Vendor.LISTENHUB]
    )
    live = Connection(base_url=settings.url_of(Vendor.LISTENHUB), key=settings.key_of(Vendor.LISTENHUB))
    connection = live if origin is None else simulated
    async with registry.open_vendor_client(Vendor.LISTENHUB, connection, timeouts=Timeouts()) as client:
        yield cached_voices(registry.speakers(client), clock)


def origin_of(url: str) -> str | None:
    """Return a URL's origin, None of an empty one."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(url)) if url else None


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: whoever runs it decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_api(deps: Deps, listener: socket.socket) -> None:
    """Serve the API until cancelled; then take no new request, end live streams and finish the answers under way.

    Args:
        deps: What the API works with.
        listener: Where it listens.
    """
    app = build_app(deps)
    server = _Server(_config(app))
    # What the first order would otherwise wait for: the model that tells a prompt's language.
    await asyncio.to_thread(guess_language, "a calm morning")
    serving = asyncio.create_task(server.serve([listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await app.state.feed.stop()
        await serving
        raise


@asynccontextmanager
async def serving_api(deps: Deps, *, port: int) -> AsyncIterator[str]:
    """Serve the API on the loopback interface for the length of the block; yield its URL once it answers.

    Raises:
        AddressUnavailable: It can't listen there.
    """
    url = f"http://{HOST}:{port}"
    with listening(HOST, port, setting="LONGVIDEO_API_PORT") as listener:
        serving = asyncio.create_task(serve_api(deps, listener))
        try:
            await _answers(url, serving)
            yield url
        finally:
            serving.cancel()
            await asyncio.wait([serving])


async def _answers(url: str, serving: "asyncio.Task[None]") -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        while not serving.done():
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{url}/healthz")).is_success:
                    return
            await asyncio.sleep(_LOOK_S)
    await serving  # it ended by itself: say why


def _config(app: FastAPI) -> uvicorn.Config:
    options: dict[str, Any] = {
        "http": HeaderTimeoutProtocol,
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "limit_concurrency": _CONNECTIONS_MAX,
        "timeout_keep_alive": _IDLE_S,
        "timeout_graceful_shutdown": _STOP_S,
        "h11_max_incomplete_event_size": HEAD_BYTES_MAX,
    }
    return uvicorn.Config(app, **options)
