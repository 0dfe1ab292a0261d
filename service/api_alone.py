"""`longvideo api`: the HTTP API by itself, over the database and the store that its makers use."""

import asyncio
import signal

import typer

from film.clock import SystemClock
from service.api_server import api_links, api_parts, origin_of, serve_api, vendor_voices
from service.json_logs import log_json_lines
from service.looking import opened_books
from store.objects import Objects
from tasks.settings import Settings


async def api_alone(settings: Settings, *, host: str, port: int) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit code."""
    log_json_lines()
    clock = SystemClock()
    origin = settings.simulators_url.rstrip("/") if settings.simulated else ""
    async with (
        opened_books(settings) as books,
        vendor_voices(settings, clock, origin=origin if settings.simulated else None) as voices,
    ):
        links = api_links(settings, Objects(settings.objects_url), clock, host=host, port=port)
        parts = api_parts(settings, books, links, allowed_origin=origin_of(origin), voices=voices)
        serving = asyncio.create_task(serve_api(parts, host=host, port=port))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, serving.cancel)
        typer.echo(f"The API is at http://{host}:{port}/docs", err=True)
        await asyncio.wait([serving])
    return 0 if serving.cancelled() else 1
