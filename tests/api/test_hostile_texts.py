"""Every text a customer can send, at every door of the API, on both databases: taken or refused, never a 500."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text as sql

from film.ids import AccountId, FilmId
from ledger.audit.run import audit_rows
from ledger.credits.transfers import balance_of
from ledger.database import schema
from tests.api.service_context import ORDER, ServiceUnderTest
from tests.hostile_texts import TEXTS, WRONG

_URL = "https://example.com/hook"
ACME = AccountId("acme")


def wishes(text: str) -> list[dict[str, Any]]:
    """Return an order for each field that holds a text."""
    return [
        {"prompt": text},
        {"title_card": text},
        {"end_card": text},
        {"language": text},
        {"narration": {"voice_id": text}},
        {"music": {"prompt": text}},
        {"music": {"url": _URL + text}},
        {"reference_images": [_URL + text]},
        {"webhook_url": _URL + text},
        {"metadata": {"note": text}},
        {"metadata": {text: "note"}},
        {text: "x"},
        {"provider": text},
    ]


async def sent(client: httpx.AsyncClient, fields: dict[str, Any], **headers: str) -> httpx.Response:
    """Send an order; JSON writes any sign as an escape."""
    content = json.dumps({**ORDER, **fields}).encode()
    return await client.post("/v1/videos", content=content, headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**WRONG, **TEXTS}.items()])
async def test_an_order_is_taken_or_refused(service: ServiceUnderTest, text: str) -> None:
    """202 or 400 with words; what was refused holds nothing, what was taken is read again, and the audit passes."""
    fresh = await service.key()
    client = service.client(fresh.secret)
    for fields in wishes(text):
        before = await balance_of(service.database, ACME)
        answer = await sent(client, fields)
        assert answer.status_code in {202, 400}, (fields, answer.text)
        after = await balance_of(service.database, ACME)
        if answer.status_code == 400:
            assert answer.json()["error"]["message"]
            assert after == before
        else:
            assert (await client.get(f"/v1/videos/{answer.json()['task_id']}")).status_code == 200
        estimate = await client.post("/v1/videos/estimate", content=json.dumps({"duration": 9, **fields}).encode())
        assert estimate.status_code in {200, 400}, (fields, estimate.text)
    assert (await client.get("/v1/videos")).status_code == 200
    assert not (await audit_rows(service.database, {})).findings


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**WRONG, **TEXTS}.items()])
async def test_ids_queries_and_other_bodies(lite: ServiceUnderTest, text: str) -> None:
    """An id, a query or a body that is nothing is refused like any other."""
    client = lite.client((await lite.key()).secret)
    escaped = "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogatepass"))
    for path in (
        f"/v1/videos/{escaped}",
        f"/v1/videos/{escaped}/events",
        f"/v1/videos?after={escaped}",
        f"/v1/videos?status={escaped}",
        f"/v1/credits/entries?after={escaped}",
        f"/files/{escaped}/{escaped}/{escaped}",
        f"/{escaped}",
    ):
        answer = await client.get(path)
        assert answer.status_code in {400, 404}, (path, answer.text)
        assert answer.json()["error"]["message"]
    film = (await sent(client, {})).json()["task_id"]
    for path, body in (("approve", {"decision": text}), ("approve", {text: 1}), ("retry", {text: 1})):
        answer = await client.post(f"/v1/videos/{film}/{path}", content=json.dumps(body).encode())
        assert answer.status_code == 400, answer.text


async def test_old_rows_that_hold_such_texts_are_read(service: ServiceUnderTest) -> None:
    """A row from before the rule is listed, shown, canceled, audited."""
    fresh = await service.key()
    client = service.client(fresh.secret)
    film = (await sent(client, {"metadata": {"a": "b"}, "webhook_url": _URL})).json()["task_id"]
    for text in WRONG.values():
        async with service.database.transaction() as conn:
            request = json.dumps(
                {**_stored(await _request(service, film)), "prompt": text, "title_card": text, "metadata": {text: text}}
            )
            cast = sql("UPDATE film SET request = CAST(:request AS JSON) WHERE id = :film")
            plain = sql("UPDATE film SET request = :request WHERE id = :film")
            postgres = conn.dialect.name == "postgresql"
            await conn.execute(cast if postgres else plain, {"request": request, "film": film})
        for path in ("/v1/videos", f"/v1/videos/{film}"):
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
        assert not (await audit_rows(service.database, {})).findings
    assert (await client.post(f"/v1/videos/{film}/cancel")).status_code == 200
    assert not (await audit_rows(service.database, {})).findings


async def _request(service: ServiceUnderTest, film: str) -> dict[str, Any]:
    async with service.database.snapshot() as conn:
        found = await conn.execute(schema.film.select().where(schema.film.c.id == FilmId(film)))
        return dict(found.mappings().one()["request"])


def _stored(request: dict[str, Any]) -> dict[str, Any]:
    return {**request, "prompt": ""}
