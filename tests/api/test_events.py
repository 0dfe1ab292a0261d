"""Live progress: each change told once, in order, resumable, ended by the film's end."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from api.app import build_app
from api.film_feed import EventId, FilmFeed, events_since
from film.ids import FilmId
from film.status import Status
from ledger.films import stages
from ledger.films.snapshots import FilmSnapshot
from ledger.operations.api_keys import IssuedKey
from tests.api.service_context import BASE, ORDER, ServiceUnderTest
from tests.api.test_films import ordered

_TIMES = {status.value: 1000 * place for place, status in enumerate(Status) if not status.terminal}


def look(status: Status, progress: int, *, compose_n: int = 0, passed: str = "") -> FilmSnapshot:
    """Return a look at a film that passed every stage up to `status`, or those named."""
    names = passed.split() or [one.value for one in list(Status)[: list(Status).index(status) + 1]]
    times = {name: _TIMES.get(name, 9000) for name in names}
    return FilmSnapshot(
        status=status,
        awaiting_approval=False,
        progress=progress,
        compose_n=compose_n,
        shots_done=0,
        shots_total=3,
        stage_times_ms=times,
        updated_at_ms=99_000,
    )


@pytest.mark.parametrize(
    ("seen", "since", "told"),
    [
        # a new listener hears where the film stands, not where it was
        (look(Status.GENERATING, 30), None, ["0.4.30"]),
        # nothing happened
        (look(Status.GENERATING, 30), "0.4.30", []),
        # further in the same stage
        (look(Status.GENERATING, 55), "0.4.30", ["0.4.55"]),
        # stages passed between two looks are told, progress never falling
        (look(Status.COMPOSING, 95), "0.3.4", ["0.4.5", "0.5.90", "0.6.95"]),
        (
            look(Status.COMPLETED, 100),
            "0.0.0",
            ["0.1.1", "0.2.3", "0.3.4", "0.4.5", "0.5.90", "0.6.95", "0.7.98", "0.8.100"],
        ),
        # an end that came early tells only what was entered
        (look(Status.CANCELED, 30, passed="queued scripting moderation canceled"), "0.1.1", ["0.2.3", "0.10.30"]),
        # composing again is a round of its own
        (look(Status.COMPLETED, 100, compose_n=1), "0.8.100", ["1.6.100", "1.7.100", "1.8.100"]),
        (look(Status.COMPOSING, 100, compose_n=1), "0.8.100", ["1.6.100"]),
    ],
)
def test_two_looks_amount_to_these_events(seen: FilmSnapshot, since: str | None, told: list[str]) -> None:
    """Ids name round, status and progress, so that any process can go on after any event."""
    event_id = None if since is None else EventId.parse(since)
    assert [str(event.id) for event in events_since(seen, event_id)] == told


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.3.4", "a.b.c", "0.99.0", "-1.0.0", "0.0.999999999999", "٣.1.1"])
def test_a_strange_id_is_no_place(text: str) -> None:
    """Such a listener begins anew."""
    assert EventId.parse(text) is None


async def _events(client: httpx.AsyncClient, film_id: str, **headers: str) -> list[tuple[str, dict[str, Any]]]:
    """Read a film's stream to its end."""
    answer = await client.get(f"/v1/videos/{film_id}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in fields:
            assert fields["event"] == "progress"
            found.append((fields["id"], json.loads(fields["data"])))
    return found


async def test_a_stream_ends_with_the_film_and_resumes(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """The last event is the end; `Last-Event-ID` goes on right after the named one, on whichever replica."""
    film_id = await ordered(client)
    await service.complete(film_id)
    [(last, end)] = await _events(client, film_id)
    assert end == {
        "task_id": film_id,
        "status": "completed",
        "progress": 100,
        "shots_done": 3,
        "shots_total": 3,
        "awaiting_approval": False,
    }
    whole = await _events(client, film_id, **{"Last-Event-ID": "0.0.0"})
    statuses = [event["status"] for _, event in whole]
    assert statuses == [status.value for status in list(Status)[1:9]]
    progress = [event["progress"] for _, event in whole]
    assert progress == sorted(progress)
    for place, (event_id, _) in enumerate(whole):
        assert await _events(client, film_id, **{"Last-Event-ID": event_id}) == whole[place + 1 :]
    assert await _events(client, film_id, **{"Last-Event-ID": last}) == []


async def test_listeners_share_one_look_and_hear_of_every_change(service: ServiceUnderTest) -> None:
    """Ten listeners of two films: one query a turn, each film's changes to its own listeners; then nobody looks."""
    client = service.client((await service.key()).secret)
    films = [FilmId(await ordered(client)) for _ in range(2)]
    turns = asyncio.Semaphore(0)
    looks = 0

    class ByHand:
        """A clock whose sleepers wake when the test says so."""

        now = service.clock.now

        async def sleep(self, _: float) -> None:
            """Wait for the test's word."""
            nonlocal looks
            looks += 1
            await turns.acquire()

    feed = FilmFeed(service.database, ByHand())
    heard: dict[int, list[str]] = {n: [] for n in range(10)}

    async def listen(n: int) -> None:
        async for event in feed.follow(films[n % 2], await feed.look(films[n % 2]), None):
            if event is not None:
                heard[n].append(event.id.status)

    async with asyncio.timeout(120):
        listening = [asyncio.create_task(listen(n)) for n in heard]
        while any(len(told) < 1 for told in heard.values()):  # noqa: ASYNC110 - rows wake nobody
            await asyncio.sleep(0)
        lease = await service.take_lease(films[0])
        await stages.enter_stage(service.database, lease, Status.SCRIPTING)
        turns.release()
        while any(len(heard[n]) < 2 for n in heard if n % 2 == 0):  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert all(heard[n] == ["queued"] for n in heard if n % 2)
        assert looks <= 2
        for film_id in films:
            await client.post(f"/v1/videos/{film_id}/cancel")
        turns.release()
        await asyncio.gather(*listening)
    assert {tuple(told) for told in heard.values()} == {("queued", "scripting", "canceled"), ("queued", "canceled")}


async def test_stopping_ends_every_stream(lite: ServiceUnderTest) -> None:
    """A server that stops doesn't wait for a film's end."""
    client = lite.client((await lite.key()).secret)
    film_id = FilmId((await client.post("/v1/videos", json=ORDER)).json()["task_id"])
    feed = FilmFeed(lite.database, lite.clock)
    stream = feed.follow(film_id, await feed.look(film_id), None)
    assert await anext(stream) is not None
    waiting = asyncio.ensure_future(anext(stream, None))
    await asyncio.sleep(0)
    await feed.stop()
    async with asyncio.timeout(60):
        while await waiting is not None:
            waiting = asyncio.ensure_future(anext(stream, None))
    await stream.aclose()


async def test_sixty_streams_opened_at_once(service: ServiceUnderTest) -> None:
    """However they come, a key follows as many films as it may: whoever is let in is counted before anybody waits."""
    service = service.with_deps(streams_at_once=20)
    app = build_app(service.deps)
    key = await service.key()
    headers = {"Authorization": f"Bearer {key.secret}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=BASE, headers=headers, trust_env=False
    ) as client:
        film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
        streams = [asyncio.create_task(client.get(f"/v1/videos/{film_id}/events")) for _ in range(60)]
        done: set[asyncio.Task[httpx.Response]] = set()
        async with asyncio.timeout(60):
            while len(done) < 40:
                done, _ = await asyncio.wait(streams, return_when=asyncio.FIRST_COMPLETED)
                streams_open = app.state.feed.count_streams(key.key_id)
                assert streams_open <= 20
        assert {stream.result().status_code for stream in done} == {429}
        await client.post(f"/v1/videos/{film_id}/cancel")
        answers = await asyncio.gather(*streams)
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [429] * 40
    assert app.state.feed.count_streams(key.key_id) == 0


async def test_a_key_follows_so_many_films_at_once(lite: ServiceUnderTest) -> None:
    """The third stream of two is 429 with `Retry-After`; another key's is not; one that ended makes room."""
    service = lite.with_deps(streams_at_once=2)
    app = build_app(service.deps)
    feed: FilmFeed = app.state.feed
    mine, other = [await service.key() for _ in range(2)]
    transport = httpx.ASGITransport(app)

    async def asked(key: IssuedKey) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key.secret}"}
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
            film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
            await client.post(f"/v1/videos/{film_id}/cancel")
            return await client.get(f"/v1/videos/{film_id}/events")

    with feed.counting_stream(mine.key_id):
        assert (await asked(mine)).status_code == 200
        with feed.counting_stream(mine.key_id):
            refused = await asked(mine)
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
            assert int(refused.headers["Retry-After"]) > 0
            assert (await asked(other)).status_code == 200
        assert (await asked(mine)).status_code == 200
    assert feed.count_streams(mine.key_id) == 0
