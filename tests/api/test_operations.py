"""For whoever runs it: alive, ready, in figures; vendors' callbacks; the offer."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from api.deps import VoiceOffer
from film.callbacks import CallbackAddress
from film.errors import ProviderUnavailable, StoreUnavailable
from ledger.database import schema
from ledger.operations.heartbeats import ProcessKind, record_heartbeat
from ledger.purchases.rate_limit import block_submits
from store.objects import Objects
from tests.api.service_context import NO_RATE_LIMIT, ORDER, ServiceUnderTest

CALLBACKS = CallbackAddress(public_url="http://films.test", secret=b"callbacks")


class _Gone(Objects):
    """A store that is not there any more."""

    async def size_of(self, key: str) -> int | None:
        """Say so."""
        raise StoreUnavailable(where=key, reason="gone")


async def test_ready_means_that_films_will_be_made(service: ServiceUnderTest) -> None:
    """Not without a dispatcher seen within the last 60 seconds; health needs nothing."""
    client = service.client()
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json()["error"]["message"] == "Not ready: no dispatcher is alive."
    await record_heartbeat(service.database, "dsp_1", ProcessKind.DISPATCHER)
    assert (await client.get("/readyz")).json() == {"status": "ready"}
    service.clock.time += 61
    gone = await client.get("/readyz")
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "5")


async def test_not_ready_without_its_store(lite: ServiceUnderTest) -> None:
    """A store that can't be asked is named."""
    await record_heartbeat(lite.database, "dsp_1", ProcessKind.DISPATCHER)
    objects = _Gone(f"file://{lite.folder / 'store'}")
    served = lite.with_deps(links=replace(lite.deps.links, objects=objects))
    answer = await served.client().get("/readyz")
    assert answer.json()["error"]["message"] == "Not ready: the store can't be asked."


async def test_the_books_in_figures(service: ServiceUnderTest) -> None:
    """Films by status, tries, credits, queue age and stage seconds are what the rows say; only with the token."""
    client = service.with_deps(metrics_token="let me see").client((await service.key()).secret)
    for _ in range(2):
        last = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
    await service.complete(last)
    await block_submits(service.database, NO_RATE_LIMIT, for_s=1)
    assert (await client.get("/metrics")).status_code == 404
    text = (await client.get("/metrics", headers={"Authorization": "Bearer let me see"})).text
    lines = set(text.splitlines())
    assert {
        'longvideo_films{status="queued"} 1.0',
        'longvideo_films{status="completed"} 1.0',
        'longvideo_films{status="failed"} 0.0',
        'longvideo_attempts{state="ready",vendor="listenhub"} 3.0',
        'longvideo_submits_429{model="happyhorse",vendor="listenhub"} 1.0',
        "longvideo_credits_held 467.5",
        "longvideo_credits_posted 467.5",
        'longvideo_stage_seconds{stage="scripting"} 1.0',
    } <= lines
    [age] = [line for line in lines if line.startswith("longvideo_queue_age_seconds ")]
    assert float(age.split()[1]) == 11.0  # the maker's eleven seconds


@pytest.mark.parametrize(
    ("nonce", "mac", "status"),
    [
        (1, None, 204),
        (1, "0" * 64, 404),  # not our address
        (2, None, 404),  # nobody's nonce
        ("x", "0" * 64, 404),
        ("9" * 30, "0" * 64, 404),
    ],
)
async def test_a_callback_leaves_a_hint_and_decides_nothing(
    lite: ServiceUnderTest, nonce: int | str, mac: str | None, status: int
) -> None:
    """204 at the address that vibegen was told; anything else is not there. The film stays as it is."""
    client = lite.with_deps(callbacks=CALLBACKS).client((await lite.key()).secret)
    film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
    await lite.make_ready(await lite.take_lease(film_id), 0)
    async with lite.database.transaction() as rows:
        await rows.execute(schema.attempt.update().values(vendor="vibegen"))
    before = (await client.get(f"/v1/videos/{film_id}")).json()
    address = f"/callbacks/vibegen/{nonce}/{mac or CALLBACKS.mac(int(nonce))}"
    for _ in range(2):
        assert (await lite.with_deps(callbacks=CALLBACKS).client().post(address, content=b"{")).status_code == status
    assert (await client.get(f"/v1/videos/{film_id}")).json() == before
    async with lite.database.snapshot() as conn:
        assert len((await conn.scalars(select(schema.callback.c.attempt))).all()) == (status == 204)
    assert (await lite.client().post(address)).status_code == 404  # a service that was never told its public address


async def test_the_offer_is_the_profiles(lite: ServiceUnderTest) -> None:
    """Providers with lengths, resolutions and exact rates; the narrators the voice vendor lists."""
    voice = VoiceOffer(voice_id="v1", name="晨", language="zh", gender="female")

    async def voices() -> list[VoiceOffer]:
        return [voice]

    client = lite.with_deps(voices=voices).client((await lite.key()).secret)
    offers = {one["id"]: one for one in (await client.get("/v1/providers")).json()["data"]}
    assert list(offers) == ["happyhorse", "seedance-fast", "seedance-pro", "senseaudio", "vibegen"]
    assert offers["happyhorse"]["clip_lengths"] == list(range(3, 16))
    rates = {(one["resolution"], one["rendered_seconds"]): one["cost"] for one in offers["happyhorse"]["rates"]}
    assert (rates["720p", 8], rates["1080p", 3]) == (220, 141.6)
    assert (await client.get("/v1/voices")).json()["data"] == [voice.model_dump()]


async def test_a_vendor_that_cannot_be_asked_is_503(lite: ServiceUnderTest) -> None:
    """In the envelope, with a time to come again."""

    async def voices() -> list[VoiceOffer]:
        raise ProviderUnavailable(provider="listenhub", detail="no answer")

    client = lite.with_deps(voices=voices).client((await lite.key()).secret)
    answer = await client.get("/v1/voices")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert "listenhub" not in answer.text


async def test_the_statement_adds_up(service: ServiceUnderTest) -> None:
    """Every entry leaves the balance the next one starts from; pages hold each once."""
    client = service.client((await service.key(credits_="1000")).secret)
    film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
    await service.fail(film_id, ready=1)
    found, after, more = [], {}, True
    while more:
        page = (await client.get("/v1/credits/entries", params={"limit": 4, **after})).json()
        found += page["data"]
        after, more = {"after": page["last_id"]}, page["has_more"]
    assert [entry["kind"] for entry in reversed(found)] == ["grant"] + ["hold"] * 6 + ["post"] + ["void"] * 4
    for part, total in (("available", 835), ("reserved", 0)):
        entries = [entry for entry in reversed(found) if entry["part"] == part]
        assert sum(entry["amount"] for entry in entries) == entries[-1]["balance_after"] == total
    assert {entry["task_id"] for entry in found} == {None, film_id}
