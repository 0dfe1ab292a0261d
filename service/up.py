"""Everything on this machine: one list of services, started in order, each healthy before the next, stopped backwards.

A service is an async context manager that yields once it is healthy: its URL, or what there is to say of it.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from film.errors import PrefectUnavailable
from service.addresses import require_free
from service.api_server import api_parts, listed_voices, serving_api
from service.prefect_server import prefect_server
from service.sender import Sender, send_forever
from service.signals import sigterm
from simulators.launch import launched
from tasks.settings import Settings
from tasks.studio import Studio, open_studio


@dataclass(slots=True, kw_only=True)
class House:
    """What the services share: the settings, how to tell people something, the studio once it is open."""

    settings: Settings
    say: Callable[[str], None]
    studio: Studio | None = None

    def opened(self) -> Studio:
        """Return the studio; the services after it may rely on it."""
        assert self.studio is not None  # noqa: S101 - the list's order
        return self.studio


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its name, and what runs it."""

    name: str
    run: Callable[[House], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def simulators(house: House) -> AsyncIterator[str]:
    """Serve the simulated vendors, unless vendors are real or simulators run elsewhere."""
    settings = house.settings
    if not settings.simulated:
        yield "not needed: vendors are live"
    elif settings.simulators_url:
        yield settings.simulators_url
    else:
        await require_free(settings.simulators_port, setting="LONGVIDEO_SIMULATORS_PORT")
        running = launched(settings.home, time_scale=settings.time_scale, port=settings.simulators_port)
        async with running as url:
            house.settings = settings.model_copy(update={"simulators_url": url})
            yield url


@asynccontextmanager
async def prefect(house: House) -> AsyncIterator[str]:
    """Serve Prefect's API and UI, unless PREFECT_API_URL names a server; one of ours is started again if it ends."""
    async with prefect_server(house.settings.home, port=house.settings.prefect_port) as server:
        house.say(f"Waiting for Prefect at {server.api_url}")
        await server.healthy()
        keeping = asyncio.create_task(server.kept_alive())
        try:
            yield server.api_url.removesuffix("/api")
        finally:
            keeping.cancel()


@asynccontextmanager
async def deployments(house: House) -> AsyncIterator[str]:
    """Have the work pool and the deployments of prefect.yaml there."""
    from service.deploying import deploy  # noqa: PLC0415 - Prefect reads its settings when it is imported

    await deploy(house.settings.home / "prefect-deploy.log")
    yield "prefect.yaml"


@asynccontextmanager
async def studio(house: House) -> AsyncIterator[str]:
    """Open books, store and vendors."""
    async with open_studio(house.settings) as opened:
        house.studio = opened
        yield opened.settings.home.name


@asynccontextmanager
async def worker(house: House) -> AsyncIterator[str]:
    """Make films: dispatcher and in-process worker."""
    from service.serving import serving_films  # noqa: PLC0415 - as above

    async with serving_films(house.opened()):
        yield f"up to {house.settings.films_at_once} films at once"


@asynccontextmanager
async def api(house: House) -> AsyncIterator[str]:
    """Serve the HTTP API, and send the webhooks it promises."""
    opened, settings = house.opened(), house.settings
    links = opened.links
    voices = listed_voices(opened.speakers, opened.clock)
    parts = api_parts(settings, opened.books, links, allowed_origin=opened.allowed_origin, voices=voices)
    sender = Sender(
        books=opened.books, links=links, clock=opened.clock, post=opened.egress.post_webhook, pepper=parts.pepper
    )
    async with serving_api(parts, port=settings.api_port) as url:
        sending = asyncio.create_task(send_forever(sender))
        try:
            yield f"{url}/docs"
        finally:
            sending.cancel()
            await asyncio.wait([sending])


#: `longvideo up`, in order.
UP: Final[Sequence[Service]] = (
    Service(name="simulators", run=simulators),
    Service(name="Prefect", run=prefect),
    Service(name="deployments", run=deployments),
    Service(name="studio", run=studio),
    Service(name="worker", run=worker),
    Service(name="HTTP API and webhooks", run=api),
)
#: `longvideo worker`: one more machine; Prefect's server runs elsewhere, and has the deployments.
WORKER: Final[Sequence[Service]] = (UP[1], *UP[3:5])


async def run_services(services: Sequence[Service], settings: Settings, say: Callable[[str], None]) -> None:
    """Run services until SIGINT or SIGTERM, then stop them backwards; every film is given back, none is canceled.

    Args:
        services: What to run, in order.
        settings: This process's settings.
        say: Told each service once it is healthy.
    """
    house, stopping = House(settings=settings, say=say), asyncio.Event()
    loop, starting = asyncio.get_running_loop(), asyncio.timeout(None)

    def stop() -> None:
        stopping.set()
        with suppress(RuntimeError):  # all have started: there is nothing to interrupt
            starting.reschedule(loop.time())

    loop.add_signal_handler(signal.SIGINT, stop)
    async with sigterm(stop), AsyncExitStack() as stack:
        try:
            async with starting:
                for service in services:
                    say(f"{service.name}: {await stack.enter_async_context(service.run(house))}")
            say("Ready. Ctrl-C stops everything and loses nothing.")
            await stopping.wait()
        except (TimeoutError, PrefectUnavailable):
            if not stopping.is_set():  # Ctrl-C in a terminal ends what a service was waiting for, too
                raise
        say("Stopping: films are given back ...")
    loop.remove_signal_handler(signal.SIGINT)
