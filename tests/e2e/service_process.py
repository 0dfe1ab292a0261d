"""A service of one process: the API, the sender, and a loop that makes what is ordered. Prints its base and a key.

`python -m tests.e2e.service_process PORT`, with the environment the command reads.
"""

import asyncio
import json
import sys

from app.context import AppContext, open_context
from app.links import file_links
from app.secret import load_secret
from app.settings import Settings
from ledger.credits.accounts import create_account, grant_once
from ledger.films.queries import Page, list_films_of_key
from ledger.operations.api_keys import create_key
from ledger.operations.heartbeats import ProcessKind, record_heartbeat
from service.http.server import api_deps, cached_voices, origin_of, serving_api
from service.http.webhooks import Sender, send_forever


async def make(ctx: AppContext, key_id: str) -> None:
    """Make a key's queued films one after the other, as a dispatcher would; tell that it is there."""
    from flows.long_video import produce_film

    while True:
        await record_heartbeat(ctx.database, "dsp_test", ProcessKind.DISPATCHER)
        known, _ = await list_films_of_key(ctx.database, key_id, Page(limit=10))
        for view in known:
            if not view.film.status.terminal:
                await produce_film(view.film.id, return_state=True)
        await asyncio.sleep(0.2)


async def serve(port: int) -> None:
    """Serve until killed."""
    settings = Settings(_env_file=None)
    async with open_context(settings) as ctx, asyncio.TaskGroup() as group:
        secret = load_secret(settings)
        account = await create_account(ctx.database, "acme")
        await grant_once(ctx.database, account, 10_000_000, reason="")
        key = await create_key(ctx.database, account, pepper=secret)
        links = file_links(settings, ctx.objects, ctx.clock, port=port)
        origin = origin_of(settings.simulators_url)
        voices = cached_voices(ctx.speakers, ctx.clock)
        deps = api_deps(settings, ctx.database, links, allowed_origin=origin, voices=voices)
        sender = Sender(
            database=ctx.database, links=links, clock=ctx.clock, post=ctx.egress.post_webhook, pepper=secret
        )
        group.create_task(send_forever(sender))
        async with serving_api(deps, port=port) as base:
            sys.stdout.write(json.dumps({"base": base, "key": key.secret}) + "\n")
            sys.stdout.flush()
            await make(ctx, key.key_id)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
