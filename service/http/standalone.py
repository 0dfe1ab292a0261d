"""`longvideo api`: the HTTP API by itself, over the database and the store that its workers use."""

import asyncio
import signal

from app.ledger import open_ledger
from app.links import file_links
from app.settings import Settings
from ledger.database.clock import DatabaseClock
from service.http.addresses import listening
from service.http.server import api_deps, origin_of, serve_api, vendor_voices
from service.shown import say
from store.objects import Objects


async def api_alone(settings: Settings, *, host: str, port: int) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit code."""
    clock = DatabaseClock()
    origin = settings.simulators_url.rstrip("/") if settings.simulated else ""
    async with (
        open_ledger(settings, clock) as database,
        vendor_voices(settings, clock, origin=origin if settings.simulated else None) as voices,
    ):
        links = file_links(settings, Objects(settings.objects_url), clock, host=host, port=port)
        deps = api_deps(settings, database, links, allowed_origin=origin_of(origin), voices=voices)
        with listening(host, port) as listener:
            serving = asyncio.create_task(serve_api(deps, listener))
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, serving.cancel)
            say(f"The API is at http://{host}:{port}/docs", err=True)
            await asyncio.wait([serving])
            if not serving.cancelled():
                await serving  # it ended by itself: say why
    return 0
