"""Everything on this machine: one list of services, started in order, each healthy before the next, stopped backwards.

A service is an async context manager that yields once it is healthy: its URL, or what there is to say of it.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from app.context import AppContext, open_context
from app.settings import Settings
from film.errors import PrefectUnavailable
from service.http.addresses import require_free
from service.http.server import api_deps, cached_voices, serving_api
from service.http.webhooks import Sender, send_forever
from service.prefect.server import prefect_server
from service.worker.signals import on_sigterm
from simulators.launch import launched


@dataclass(slots=True, kw_only=True)
class ServiceContext:
    """What the services share: the settings, how to tell people something, the app context once it is open."""

    settings: Settings
    say: Callable[[str], None]
    app: AppContext | None = None

    def opened_app(self) -> AppContext:
        """Return the app context; the services after it may rely on it."""
        assert self.app is not None  # noqa: S101 - the list's order
        return self.app


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its name, and what runs it."""

    name: str
    run: Callable[[ServiceContext], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def simulators(services: ServiceContext) -> AsyncIterator[str]:
    """Serve the simulated vendors, unless vendors are real or simulators run elsewhere."""
    settings = services.settings
    if not settings.simulated:
        yield "not needed: vendors are live"
    elif settings.simulators_url:
        yield settings.simulators_url
    else:
        await require_free(settings.simulators_port, setting="LONGVIDEO_SIMULATORS_PORT")
        running = launched(settings.home, time_scale=settings.time_scale, port=settings.simulators_port)
        async with running as url:
            services.settings = settings.model_copy(update={"simulators_url": url})
            yield url


@asynccontextmanager
async def prefect(services: ServiceContext) -> AsyncIterator[str]:
    """Serve Prefect's API and UI, unless PREFECT_API_URL names a server; one of ours is started again if it ends."""
    async with prefect_server(services.settings.home, port=services.settings.prefect_port) as server:
        services.say(f"Waiting for Prefect at {server.api_url}")
        await server.healthy()
        keeping = asyncio.create_task(server.kept_alive())
        try:
            yield server.api_url.removesuffix("/api")
        finally:
            keeping.cancel()


@asynccontextmanager
async def deployments(services: ServiceContext) -> AsyncIterator[str]:
    """Have the work pool and the deployments of prefect.yaml there."""
    from service.prefect.deploy import deploy  # noqa: PLC0415 - Prefect reads its settings when it is imported

    await deploy(services.settings.home / "prefect-deploy.log")
    yield "prefect.yaml"


@asynccontextmanager
async def open_app(services: ServiceContext) -> AsyncIterator[str]:
    """Open database, store and vendors."""
    async with open_context(services.settings) as opened:
        services.app = opened
        yield opened.settings.home.name


@asynccontextmanager
async def worker(services: ServiceContext) -> AsyncIterator[str]:
    """Make films: dispatcher and in-process worker."""
    from service.worker.process import running_worker  # noqa: PLC0415 - as above

    async with running_worker(services.opened_app()):
        yield f"up to {services.settings.films_at_once} films at once"


@asynccontextmanager
async def api(services: ServiceContext) -> AsyncIterator[str]:
    """Serve the HTTP API, and send the webhooks it promises."""
    opened, settings = services.opened_app(), services.settings
    links = opened.links
    voices = cached_voices(opened.speakers, opened.clock)
    deps = api_deps(settings, opened.database, links, allowed_origin=opened.allowed_origin, voices=voices)
    sender = Sender(
        database=opened.database, links=links, clock=opened.clock, post=opened.egress.post_webhook, pepper=deps.pepper
    )
    async with serving_api(deps, port=settings.api_port) as url:
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
    Service(name="studio", run=open_app),
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
    service_context, stopping = ServiceContext(settings=settings, say=say), asyncio.Event()
    loop, starting = asyncio.get_running_loop(), asyncio.timeout(None)

    def stop() -> None:
        stopping.set()
        with suppress(RuntimeError):  # all have started: there is nothing to interrupt
            starting.reschedule(loop.time())

    loop.add_signal_handler(signal.SIGINT, stop)
    async with on_sigterm(stop), AsyncExitStack() as stack:
        try:
            async with starting:
                for service in services:
                    say(f"{service.name}: {await stack.enter_async_context(service.run(service_context))}")
            say("Ready. Ctrl-C stops everything and loses nothing.")
            await stopping.wait()
        except (TimeoutError, PrefectUnavailable):
            if not stopping.is_set():  # Ctrl-C in a terminal ends what a service was waiting for, too
                raise
        say("Stopping: films are given back ...")
    loop.remove_signal_handler(signal.SIGINT)
