"""A service of one process: the API, the sender, and a loop that makes what is ordered. Prints its base and a key.

`python -m tests.e2e.service_process PORT`, with the environment the command reads.
"""

import asyncio
import json
import sys

from ledger.accounts import create_account, grant_once
from ledger.keys import create_key
from ledger.processes import ProcessKind, tell_alive
from ledger.showing import Page, film_page
from service.api_server import api_parts, listed_voices, origin_of, serving_api
from service.sender import Sender, send_forever
from tasks.links import house_links
from tasks.secret import house_secret
from tasks.settings import Settings
from tasks.studio import Studio, open_studio


async def make(studio: Studio, key_id: str) -> None:
    """Make a key's queued films one after the other, as a dispatcher would; tell that it is there."""
    from flows.long_video import produce_film

    while True:
        await tell_alive(studio.books, "dsp_test", ProcessKind.DISPATCHER)
        known, _ = await film_page(studio.books, key_id, Page(limit=10))
        for shown in known:
            if not shown.film.status.terminal:
                await produce_film(shown.film.id, return_state=True)
        await asyncio.sleep(0.2)


async def serve(port: int) -> None:
    """Serve until killed."""
    settings = Settings(_env_file=None)
    async with open_studio(settings) as studio, asyncio.TaskGroup() as group:
        secret = house_secret(settings)
        account = await create_account(studio.books, "acme")
        await grant_once(studio.books, account, 10_000_000, reason="")
        key = await create_key(studio.books, account, pepper=secret)
        links = house_links(settings, studio.objects, studio.clock, port=port)
        origin = origin_of(settings.simulators_url)
        voices = listed_voices(studio.speakers, studio.clock)
        parts = api_parts(settings, studio.books, links, allowed_origin=origin, voices=voices)
        sender = Sender(
            books=studio.books, links=links, clock=studio.clock, post=studio.egress.post_webhook, pepper=secret
        )
        group.create_task(send_forever(sender))
        async with serving_api(parts, port=port) as base:
            sys.stdout.write(json.dumps({"base": base, "key": key.secret}) + "\n")
            sys.stdout.flush()
            await make(studio, key.key_id)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
