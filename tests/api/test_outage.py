"""The database goes away under the API and comes back: streams go on, newcomers are told, /readyz says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from api.film_feed import FilmFeed
from film.clock import SystemClock
from film.ids import FilmId
from film.status import Status
from ledger.database.engine import Database
from ledger.films import stages
from ledger.operations.heartbeats import ProcessKind, record_heartbeat
from tests.api.service_context import ORDER, ServiceUnderTest
from tests.api.serving import free_port, served
from tests.databases import administer


@asynccontextmanager
async def outage(postgres: str, url: str) -> AsyncIterator[None]:
    """Let a PostgreSQL database end every connection and take none for the length of the block."""
    name = urlsplit(url).path.removeprefix("/")
    await administer(postgres, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - our name
    await administer(postgres, end)
    try:
        yield
    finally:
        await administer(postgres, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_stream_outlives_its_database(service: ServiceUnderTest, postgres: str, url: str) -> None:
    """A stream that was open before goes on after; one that begins meanwhile is 503 with `Retry-After`, as /readyz."""
    await record_heartbeat(service.database, "dsp_1", ProcessKind.DISPATCHER)
    key, port = await service.key(), free_port()
    headers = {"Authorization": f"Bearer {key.secret}"}
    async with (
        asyncio.timeout(60),
        served(replace(service.deps, links=replace(service.deps.links, clock=SystemClock())), port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client,
    ):
        film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
        lease = await service.take_lease(film_id)
        async with client.stream("GET", f"/v1/videos/{film_id}/events") as stream:
            lines = stream.aiter_lines()
            assert '"queued"' in await _data(lines)
            async with outage(postgres, url):
                for path in ("/readyz", f"/v1/videos/{film_id}/events"):
                    answer = await client.get(path)
                    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert (await client.get("/readyz")).status_code == 200
            await stages.enter_stage(service.database, lease, Status.SCRIPTING)
            assert '"scripting"' in await _data(lines)


async def _data(lines: AsyncIterator[str]) -> str:
    async for line in lines:
        if line.startswith("data: "):
            return line
    raise AssertionError("the stream has ended")


async def test_a_stream_is_never_silent(lite: ServiceUnderTest) -> None:
    """Signs of life come by time alone: a database that answers nothing at all, not even an error, holds none up."""
    client = lite.client((await lite.key()).secret)
    film_id = FilmId((await client.post("/v1/videos", json=ORDER)).json()["task_id"])
    feed = FilmFeed(_SilentBooks(), lite.clock, quiet_s=0.01)
    async with asyncio.timeout(30):
        stream = feed.follow(film_id, await FilmFeed(lite.database, lite.clock).look(film_id), None)
        heard = [await anext(stream) for _ in range(4)]
        await stream.aclose()
    assert [event and event.id.status for event in heard] == ["queued", None, None, None]


class _SilentBooks(Database):
    """Books whose database never answers."""

    def __init__(self) -> None:
        """Open nothing."""

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError
        yield
