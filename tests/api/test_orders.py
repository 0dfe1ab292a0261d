"""Orders: what is answered, what is held, and that twins are one film."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from film.errors import MissingKey
from film.request import FilmRequest
from ledger.audit.run import check_books
from ledger.films.limits import OrderLimits
from ledger.operations.api_keys import revoke_key, rotate_key
from tests.api.service_context import ORDER, PEPPER, ServiceUnderTest

#: The fields of a Video and of its detail, in the documented order.
VIDEO = (
    *("task_id", "object", "status", "awaiting_approval", "progress", "shots_done", "shots_total", "result_url"),
    *("poster_url", "subtitles_url", "duration", "provider", "resolution", "aspect_ratio", "prompt", "cost_estimate"),
    *("cost_actual", "error", "metadata", "retry_of", "simulated", "created_at", "updated_at", "completed_at"),
)


async def test_an_order_is_answered_with_its_film(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """202 with every field of a Video, defaults filled in, its cost held."""
    answer = await client.post("/v1/videos", json={"prompt": "城市清晨的延时风光", "duration": 60})
    assert answer.status_code == 202
    video = answer.json()
    assert tuple(video) == VIDEO
    told = [video[name] for name in ("object", "status", "progress", "shots_total", "cost_estimate", "cost_actual")]
    assert told == ["video", "queued", 0, 8, 1650, None]
    told = [video[name] for name in ("provider", "resolution", "aspect_ratio", "error", "metadata", "simulated")]
    assert told == ["happyhorse", "720p", "16:9", None, {}, True]
    assert (await client.get("/v1/credits")).json() == {"balance": 100000, "reserved": 1650, "available": 98350}
    await check_books(service.database)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prompt": "x"}, "duration: is required"),
        ({"prompt": "x", "duration": 2}, "duration: should be greater than or equal to 3"),
        ({"prompt": "x", "duration": 181}, "duration: should be less than or equal to 180"),
        ({"prompt": "x", "duration": 30.5}, "duration: should be a valid integer"),
        ({"prompt": "x", "duration": "30"}, "duration: should be a valid integer"),
        ({"prompt": "  ", "duration": 30}, "prompt: String should have at least 1 character"),
        ({"prompt": "\ud800", "duration": 30}, "prompt: "),  # half a character
        ({"prompt": "x" * 2001, "duration": 30}, "prompt: "),
        ({"duration": 30}, "prompt: is required"),
        ({"prompt": "x", "duration": 30, "resolution": "480p"}, "resolution: happyhorse does not render 480p"),
        ({"prompt": "x", "duration": 30, "provider": "sora"}, "provider: "),
        ({"prompt": "x", "duration": 30, "colour": "red"}, "colour: unknown field"),
        ({"prompt": "x", "duration": 30, "webhook_url": "http://127.0.0.1/"}, "webhook_url: must be a public http"),
        ({"prompt": "x", "duration": 30, "metadata": {"a": 1}}, "metadata: "),
        ({"prompt": "x", "duration": 30, "metadata": {str(n): "" for n in range(17)}}, "metadata: at most 16 keys"),
        ({"prompt": "x", "duration": 30, "reference_images": ["https://example.com/x.png"] * 10}, "reference_images: "),
    ],
)
async def test_a_wrong_field_is_named(lite: ServiceUnderTest, fields: dict[str, Any], message: str) -> None:
    """400 invalid_request, `field: reason`; nothing is written."""
    client = lite.client((await lite.key()).secret)
    answer = await client.post("/v1/videos", content=json.dumps(fields), headers={"Content-Type": "application/json"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_request")
    assert error["message"].lower().startswith(message.lower())
    assert (await client.get("/v1/videos")).json()["data"] == []


async def test_too_little_credit_writes_nothing(service: ServiceUnderTest) -> None:
    """402 with both amounts; the Idempotency-Key is not used up."""
    client = service.client((await service.key(credits_="100")).secret)
    headers = {"Idempotency-Key": "one"}
    answer = await client.post("/v1/videos", json=ORDER, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (402, "insufficient_credits")
    assert error["details"] == {"needed": "467.5", "available": "100"}
    assert (await client.get("/v1/credits")).json() == {"balance": 100, "reserved": 0, "available": 100}
    cheap = await client.post("/v1/videos", json={**ORDER, "duration": 3}, headers=headers)
    assert (cheap.status_code, "idempotent-replayed" in cheap.headers) == (202, False)


async def test_what_the_house_cannot_make_is_refused_without_its_secrets(lite: ServiceUnderTest) -> None:
    """A vendor's missing key is the operator's affair: no variable is named."""

    def refuse(_: FilmRequest) -> None:
        raise MissingKey(variable="VIBEGEN_API_KEY", needed_for="video")

    client = lite.with_deps(require_makeable=refuse).client((await lite.key()).secret)
    answer = await client.post("/v1/videos", json=ORDER)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("provider: ")
    assert "VIBEGEN" not in answer.text


@pytest.mark.parametrize(
    ("duration", "more", "segments", "cost"),
    [
        (8, {}, [8], 220),
        (9, {}, [5, 4], 247.5),
        (17, {}, [6, 6, 5], 467.5),
        (30, {}, [8, 8, 7, 7], 825),
        (60, {"resolution": "1080p"}, [8, 8, 8, 8, 7, 7, 7, 7], 2832),
        (61, {"resolution": "1080p"}, [8, 8, 8, 8, 8, 7, 7, 7], 2879.2),
        (180, {}, [8] * 19 + [7] * 4, 4950),
        (180, {"resolution": "1080p"}, [8] * 19 + [7] * 4, 8496),
        (17, {"provider": "vibegen"}, [7, 5, 5], 105),
        (3, {"provider": "seedance-fast", "resolution": "480p"}, [3], 72),  # four are rendered
    ],
)
async def test_an_estimate_is_exact(
    lite: ServiceUnderTest, duration: int, more: dict[str, str], segments: list[int], cost: float
) -> None:
    """The documented table, as JSON numbers without noise; a prompt isn't needed."""
    client = lite.client((await lite.key()).secret)
    answer = await client.post("/v1/videos/estimate", json={"duration": duration, **more})
    assert answer.json() == {"cost_estimate": cost, "segments": segments}
    assert "0000" not in answer.text


@pytest.mark.parametrize("form", ["order-1", '"order-1"'])
async def test_the_same_key_again_answers_with_its_film(
    service: ServiceUnderTest, client: httpx.AsyncClient, form: str
) -> None:
    """202 and `Idempotent-Replayed`, quoted or bare, whatever state the film is in; nothing is held twice."""
    first = await client.post("/v1/videos", json=ORDER, headers={"Idempotency-Key": "order-1"})
    film_id = first.json()["task_id"]
    await client.post(f"/v1/videos/{film_id}/cancel")
    again = await client.post("/v1/videos", json=ORDER, headers={"Idempotency-Key": form})
    assert (again.status_code, again.json()["task_id"], again.json()["status"]) == (202, film_id, "canceled")
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotency-mismatch" not in again.headers
    assert "idempotent-replayed" not in first.headers
    await check_books(service.database)


async def test_another_body_under_the_same_key_is_told(lite: ServiceUnderTest) -> None:
    """The seed's rule answers 202 with the existing film and says so; a strict service refuses by 422."""
    secret = (await lite.key()).secret
    headers = {"Idempotency-Key": "k"}
    client, strict = lite.client(secret), lite.with_deps(idempotency_strict=True).client(secret)
    first = await client.post("/v1/videos", json=ORDER, headers=headers)
    other = await client.post("/v1/videos", json={**ORDER, "duration": 30}, headers=headers)
    assert (other.status_code, other.json()["task_id"]) == (202, first.json()["task_id"])
    assert (other.headers["idempotent-replayed"], other.headers["idempotency-mismatch"]) == ("true", "true")
    refused = await strict.post("/v1/videos", json={**ORDER, "duration": 30}, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert (await strict.post("/v1/videos", json=ORDER, headers=headers)).status_code == 202


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "two words", "\u00e9"])
async def test_an_unusable_idempotency_key_is_refused(lite: ServiceUnderTest, key: str) -> None:
    """1 to 255 visible ASCII characters."""
    client = lite.client((await lite.key()).secret)
    answer = await client.post("/v1/videos", json=ORDER, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Idempotency-Key: ")


async def test_a_hundred_twins_are_one_film(service: ServiceUnderTest) -> None:
    """100 orders at once under one key: 100 answers of 202 with one id, one set of holds."""
    client = service.client((await service.key()).secret)
    headers = {"Idempotency-Key": "twins"}
    answers = await asyncio.gather(*(client.post("/v1/videos", json=ORDER, headers=headers) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["task_id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert (await client.get("/v1/credits")).json()["reserved"] == 467.5
    await check_books(service.database)


async def test_one_customers_key_is_not_anothers(service: ServiceUnderTest) -> None:
    """The same Idempotency-Key under two API keys orders two films."""
    headers = {"Idempotency-Key": "k"}
    ids = set()
    for _ in range(2):
        client = service.client((await service.key()).secret)
        answer = await client.post("/v1/videos", json=ORDER, headers=headers)
        assert "idempotent-replayed" not in answer.headers
        ids.add(answer.json()["task_id"])
    assert len(ids) == 2


async def test_orders_a_minute_are_limited(service: ServiceUnderTest) -> None:
    """429 `rate_limited` with the seconds until the oldest leaves the minute; a replay is no order; time heals."""
    client = service.with_deps(limits=OrderLimits(orders_a_minute=2)).client((await service.key()).secret)
    await client.post("/v1/videos", json=ORDER, headers={"Idempotency-Key": "a"})
    service.clock.time += 20
    await client.post("/v1/videos", json=ORDER)
    refused = await client.post("/v1/videos", json=ORDER)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "40"
    assert (await client.post("/v1/videos", json=ORDER, headers={"Idempotency-Key": "a"})).status_code == 202
    service.clock.time += 40
    assert (await client.post("/v1/videos", json=ORDER)).status_code == 202


async def test_films_at_once_are_limited_per_account(service: ServiceUnderTest) -> None:
    """429 `too_many_films` whichever of the account's keys asks; another account and an ended film make room."""
    served = service.with_deps(limits=OrderLimits(films_at_once=2))
    one, two, other = [served.client((await service.key(name)).secret) for name in ("acme", "acme", "globex")]
    answers = await asyncio.gather(*(client.post("/v1/videos", json=ORDER) for client in (one, two, one, two)))
    assert sorted(answer.status_code for answer in answers) == [202, 202, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["error"]["code"], refused.headers["retry-after"]) == ("too_many_films", "60")
    assert (await other.post("/v1/videos", json=ORDER)).status_code == 202
    kept = next(answer for answer in answers if answer.status_code == 202).json()["task_id"]
    for client in (one, two):
        await client.post(f"/v1/videos/{kept}/cancel")
    assert (await one.post("/v1/videos", json=ORDER)).status_code == 202


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer sk-", "Basic c2s6", "bearer sk-short", "Bearer sk-" + "x" * 43, "sk-x"],
)
async def test_every_bad_key_is_answered_alike(lite: ServiceUnderTest, authorization: str | None) -> None:
    """Missing, malformed and unknown keys: one 401, one code, one sentence, on every `/v1` route."""
    client = lite.client()
    headers = {} if authorization is None else {"Authorization": authorization}
    answers = [
        await client.get("/v1/videos", headers=headers),
        await client.post("/v1/videos", json=ORDER, headers=headers),
        await client.get("/v1/credits", headers=headers),
        await client.get(f"/v1/videos/vid_{'0' * 24}/events", headers=headers),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["error"]["code"] == "invalid_api_key"
    assert answers[0].headers["www-authenticate"] == "Bearer"


async def test_a_rotated_key_keeps_its_films_and_a_revoked_one_is_unknown(service: ServiceUnderTest) -> None:
    """Rotation changes the secret at once and nothing else; revoking answers 401 like an unknown key."""
    key = await service.key()
    film_id = (await service.client(key.secret).post("/v1/videos", json=ORDER)).json()["task_id"]
    rotated = await rotate_key(service.database, key.key_id, pepper=PEPPER)
    assert rotated.key_id == key.key_id
    assert rotated.webhook_secret != key.webhook_secret
    assert (await service.client(key.secret).get(f"/v1/videos/{film_id}")).status_code == 401
    assert (await service.client(rotated.secret).get(f"/v1/videos/{film_id}")).status_code == 200
    client = service.client(rotated.secret)
    assert (await client.get(f"/v1/videos/{film_id}")).status_code == 200
    await revoke_key(service.database, key.key_id)
    service.clock.time += 1  # for so long a process may believe what it has just looked up
    assert (await client.get(f"/v1/videos/{film_id}")).status_code == 401
