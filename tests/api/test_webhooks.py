"""Webhooks: once per end, three attempts, the same bytes and id, signed so that others' libraries agree."""

import asyncio
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook

from film.errors import ProviderUnavailable
from film.ids import FilmId
from ledger.database import schema
from ledger.films.retry import reopen_to_compose
from ledger.operations.api_keys import IssuedKey, rotate_key
from ledger.operations.webhook_outbox import claim_due
from service.http.webhooks import Sender, attempt, send_forever
from tests.api.service_context import ORDER, PEPPER, ServiceUnderTest
from tests.plain_machine import needs

URL = "https://hooks.example.com/films"


@dataclass(kw_only=True)
class Receiver:
    """Who is posted to: answers as scripted (200 after that), and remembers."""

    house: ServiceUnderTest
    answers: list[int | Exception] = field(default_factory=list)
    got: list[tuple[float, str, bytes, dict[str, str]]] = field(default_factory=list)
    slow_s: float = 0

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Take a webhook."""
        self.got.append((self.house.clock.now(), url, body, dict(headers)))
        self.house.clock.time += self.slow_s
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def sender(self) -> Sender:
        """Return what sends to this receiver."""
        deps = self.house.deps
        return Sender(
            database=deps.database, links=deps.links, clock=self.house.clock, post=self.post, pepper=deps.pepper
        )

    async def round(self) -> int:
        """Make one attempt at everything that is due, and return how many that were."""
        due = await claim_due(self.house.database, limit=100)
        for webhook in due:
            await attempt(self.sender, webhook)
        return len(due)

    async def until_quiet(self) -> None:
        """Let time pass, a second at a time, until a minute went by without an attempt."""
        quiet_s = 0
        while quiet_s < 61:
            quiet_s = 0 if await self.round() else quiet_s + 1
            self.house.clock.time += 1


async def ordered(service: ServiceUnderTest, **fields: Any) -> tuple[str, IssuedKey]:
    """Order a film with a webhook; return its id and its key."""
    key = await service.key()
    fields = {**ORDER, "webhook_url": URL, "metadata": {"user_ref": "7", "名": "晨"}, **fields}
    answer = await service.client(key.secret).post("/v1/videos", json=fields)
    return str(answer.json()["task_id"]), key


async def outbox(service: ServiceUnderTest) -> list[Any]:
    """Return the outbox's rows."""
    async with service.database.snapshot() as conn:
        return list((await conn.execute(select(schema.outbox).order_by(schema.outbox.c.created_at_ms))).all())


async def test_each_end_is_told_in_the_seeds_words(service: ServiceUnderTest) -> None:
    """Seven names in the seed's order, compact; `error` and `result_url` as the end has them."""
    receiver = Receiver(house=service)
    completed, _ = await ordered(service)
    await service.complete(completed)
    failed, _ = await ordered(service)
    await service.fail(failed)
    canceled, key = await ordered(service)
    await service.client(key.secret).post(f"/v1/videos/{canceled}/cancel")
    silent, _ = await ordered(service, webhook_url=None)
    await service.complete(silent)
    await receiver.until_quiet()
    told = {json.loads(body)["task_id"]: json.loads(body) for _, _, body, _ in receiver.got}
    assert set(told) == {completed, failed, canceled}
    assert len(receiver.got) == 3
    names = ["task_id", "status", "result_url", "duration", "cost_actual", "error", "metadata"]
    assert all(list(one) == names for one in told.values())
    assert told[completed]["metadata"] == {"user_ref": "7", "名": "晨"}
    assert [told[completed][name] for name in names[1:6:2]] == ["completed", 17, None]
    assert [told[completed]["cost_actual"], told[failed]["cost_actual"], told[canceled]["cost_actual"]] == [
        467.5,
        165,
        0,
    ]
    assert told[failed]["error"]["code"] == "segment_failed"
    assert [told[failed]["result_url"], told[canceled]["error"]] == [None, None]
    assert (await service.client().get(told[completed]["result_url"])).status_code == 200
    assert b'": ' not in receiver.got[0][2]


@pytest.mark.parametrize(
    ("answers", "attempts", "state", "outcome"),
    [
        ([200], 1, "sent", "HTTP 200"),
        ([204], 1, "sent", "HTTP 204"),
        ([500, 200], 2, "sent", "HTTP 200"),
        ([500, 503, 200], 3, "sent", "HTTP 200"),
        ([500, 500, 500], 3, "given_up", "HTTP 500"),
        ([404, 404, 404], 3, "given_up", "HTTP 404"),
        ([302, 302, 302], 3, "given_up", "HTTP 302"),  # redirects are not followed
        ([410], 1, "given_up", "HTTP 410"),  # it wants no more
        ([ProviderUnavailable(provider="webhook", detail="no answer")] * 3, 3, "given_up", "webhook: no answer"),
    ],
)
async def test_three_attempts_and_no_more(
    lite: ServiceUnderTest, answers: list[int | Exception], attempts: int, state: str, outcome: str
) -> None:
    """2xx ends it; after the third miss it is given up; every attempt has one id and one body."""
    receiver = Receiver(house=lite, answers=list(answers))
    film_id, _ = await ordered(lite)
    await lite.complete(film_id)
    await receiver.until_quiet()
    assert len(receiver.got) == attempts
    assert len({(headers["webhook-id"], body, url) for _, url, body, headers in receiver.got}) == 1
    [row] = await outbox(lite)
    assert (row.state, row.tries, row.outcome) == (state, attempts, outcome)


async def test_the_pauses_count_from_the_end_of_the_attempt_before(lite: ServiceUnderTest) -> None:
    """At 0, then 1 s and 5 s after a receiver that takes 10 s to fail."""
    receiver = Receiver(house=lite, answers=[500, 500, 500], slow_s=10)
    film_id, _ = await ordered(lite)
    await lite.complete(film_id)
    await receiver.until_quiet()
    at = [time for time, _, _, _ in receiver.got]
    assert [at[1] - at[0], at[2] - at[1]] == [11, 15]


async def test_a_sender_that_dies_is_followed_by_another(service: ServiceUnderTest) -> None:
    """A claimed row is nobody else's for a minute, then goes out with the same id and bytes, link included."""
    film_id, _ = await ordered(service)
    await service.complete(film_id)
    receiver = Receiver(house=service, answers=[TimeoutError()])  # no answer of ours: the attempt breaks off
    [claimed] = await claim_due(service.database, limit=10)
    with pytest.raises(TimeoutError):
        await attempt(receiver.sender, claimed)
    assert await claim_due(service.database, limit=10) == []
    service.clock.time += 3601
    assert await receiver.round() == 1
    (_, _, first, one), (_, _, second, two) = receiver.got
    assert (first, one["webhook-id"]) == (second, two["webhook-id"])
    assert one["webhook-timestamp"] != two["webhook-timestamp"]
    assert (await outbox(service))[0].state == "sent"


async def test_of_several_senders_each_webhook_has_one(service: ServiceUnderTest) -> None:
    """Twenty webhooks, five senders at once: twenty posts."""
    key = await service.key()
    client = service.client(key.secret)
    for _ in range(20):
        film_id = (await client.post("/v1/videos", json={**ORDER, "webhook_url": URL})).json()["task_id"]
        await client.post(f"/v1/videos/{film_id}/cancel")
    receiver = Receiver(house=service)
    await asyncio.gather(*(receiver.round() for _ in range(5)))
    assert len({headers["webhook-id"] for _, _, _, headers in receiver.got}) == len(receiver.got) == 20


async def test_composing_again_is_told_again_and_its_failure_is_not(service: ServiceUnderTest) -> None:
    """A second end has a second row; a pending one still tells its own end, whatever the film does meanwhile."""
    receiver = Receiver(house=service)
    film_id, _ = await ordered(service)
    await service.complete(film_id)
    await reopen_to_compose(service.database, FilmId(film_id))
    await receiver.round()
    assert json.loads(receiver.got[0][2])["status"] == "completed"
    await service.complete(film_id, n=1)
    await reopen_to_compose(service.database, FilmId(film_id))
    await service.fail(film_id, ready=0)
    await receiver.until_quiet()
    assert [json.loads(body)["status"] for _, _, body, _ in receiver.got] == ["completed", "completed"]
    first, second = [json.loads(body)["result_url"] for _, _, body, _ in receiver.got]
    assert first != second


async def test_signatures_hold_in_the_reference_library(lite: ServiceUnderTest) -> None:
    """Standard Webhooks' own Python library accepts the bytes, and refuses them changed or under the old secret."""
    receiver = Receiver(house=lite)
    receiver.house.clock.time = time.time()  # the library compares with the machine's clock
    film_id, key = await ordered(lite)
    await lite.complete(film_id)
    rotated = await rotate_key(lite.database, key.key_id, pepper=PEPPER)
    await receiver.round()
    [(_, _, body, headers)] = receiver.got
    assert Webhook(rotated.webhook_secret).verify(body, headers)["task_id"] == film_id
    for secret, text in ((rotated.webhook_secret, body + b" "), (key.webhook_secret, body)):
        with pytest.raises(Exception, match="signature"):
            Webhook(secret).verify(text, headers)


async def test_it_runs_until_it_is_stopped_and_tells_that_it_lives(lite: ServiceUnderTest) -> None:
    """`send_forever` sends what becomes due, notes itself as a living sender, and is gone when cancelled."""
    receiver = Receiver(house=lite)
    film_id, _ = await ordered(lite)
    sent = asyncio.Event()

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        sent.set()
        return await receiver.post(url, body, headers)

    class Turns:
        """A clock that stands still and lets others run."""

        now = lite.clock.now

        async def sleep(self, _: float) -> None:
            """Let others run."""
            await asyncio.sleep(0.01)

    running = asyncio.create_task(send_forever(replace(receiver.sender, post=post, clock=Turns())))
    await lite.complete(film_id)
    async with asyncio.timeout(60):
        await sent.wait()
    async with lite.database.snapshot() as conn:
        assert (await conn.scalars(select(schema.process.c.kind))).all() == ["sender"]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await outbox(lite))[0].state == "sent"
    async with lite.database.snapshot() as conn:
        assert (await conn.scalars(select(schema.process.c.kind))).all() == []


_JAVASCRIPT = """
import { createRequire } from "node:module";
const { Webhook } = createRequire(process.argv[1])("standardwebhooks");
let text = "";
for await (const piece of process.stdin) text += piece;
const { secret, body, headers } = JSON.parse(text);
const told = new Webhook(secret).verify(body, headers);
let refused = false;
try { new Webhook(secret).verify(body + " ", headers); } catch { refused = true; }
console.log(JSON.stringify({ task_id: told.task_id, refused }));
"""
_NODE_PATH = Path(__file__).parent / "node" / "package.json"
_LIBRARY = "" if (_NODE_PATH.parent / "node_modules").exists() else "npm ci --prefix tests/api/node"


@needs("node", besides=_LIBRARY)
async def test_signatures_hold_in_javascripts_library(lite: ServiceUnderTest) -> None:
    """Standard Webhooks' own JavaScript library accepts the bytes and refuses them changed."""
    receiver = Receiver(house=lite)
    receiver.house.clock.time = time.time()
    film_id, key = await ordered(lite)
    await lite.complete(film_id)
    await receiver.round()
    [(_, _, body, headers)] = receiver.got
    given = json.dumps({"secret": key.webhook_secret, "body": body.decode(), "headers": headers})
    command = ["node", "--input-type=module", "-e", _JAVASCRIPT, str(_NODE_PATH)]
    run = await asyncio.to_thread(
        subprocess.run, command, input=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert json.loads(run.stdout or "{}") == {"task_id": film_id, "refused": True}, run.stderr


async def test_a_lost_secret_sends_unsigned(lite: ServiceUnderTest) -> None:
    """A film of this machine's own user has no key, and so no signature; it is sent all the same."""
    receiver = Receiver(house=lite)
    film_id, _ = await ordered(lite)
    async with lite.database.transaction() as conn:
        await conn.execute(update(schema.film).where(schema.film.c.id == film_id).values(api_key="local"))
    await lite.complete(film_id)
    await receiver.round()
    assert "webhook-signature" not in receiver.got[0][3]
