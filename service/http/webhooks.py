"""The sender: webhooks from the outbox to their receivers, three attempts each, at 0, 1 and 5 seconds.

Signed as Standard Webhooks describes (webhook-id, webhook-timestamp, webhook-signature). Several senders may run: each
row is claimed by one. A sender that dies between sending and noting sends again, under the same id.
"""

import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from api.video import urls_of
from film.clock import Clock
from film.credits import credits_number
from film.errors import DatabaseUnavailable, LongVideoError
from film.status import Status
from ledger.database.engine import Database
from ledger.operations.api_keys import webhook_secret
from ledger.operations.heartbeats import ProcessKind, deregister, record_heartbeat
from ledger.operations.webhook_outbox import PendingWebhook, claim_due, mark_delivered, mark_undelivered, store_body
from runtime.background import repeat
from runtime.logs import log_event
from runtime.task_set import TaskSet
from store.links import Links

#: Waited before the second and the third attempt, from the end of the one before (seed: webhook retries).
PAUSES_S: Final = (1.0, 5.0)
#: Attempts under way at once; a slow receiver keeps only its own waiting.
_AT_ONCE: Final = 32
_LOOK_S: Final = 0.5
_ALIVE_S: Final = 15.0
_STOP_S: Final = 10.0
#: The longest wait after looks that failed.
_BACKOFF_MAX_S: Final = 5.0
_log = logging.getLogger("longvideo.sender")

#: Posts bytes and headers to a URL and returns the status; raises ProviderError where there is none.
Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What sending needs."""

    database: Database
    links: Links
    clock: Clock
    post: Post
    pepper: bytes = field(repr=False)


async def send_forever(sender: Sender) -> None:
    """Send what is due until cancelled; attempts that are under way then have ten seconds to end."""
    process_id = f"snd_{secrets.token_hex(8)}"
    under_way = TaskSet("webhook attempt")  # of one that breaks off the row is claimed anew when the claim has lapsed
    told_at = float("-inf")

    async def look() -> None:
        nonlocal told_at
        if sender.clock.now() - told_at >= _ALIVE_S:
            await record_heartbeat(sender.database, process_id, ProcessKind.SENDER)
            told_at = sender.clock.now()
        for webhook in await claim_due(sender.database, limit=_AT_ONCE - len(under_way)):
            under_way.start(attempt(sender, webhook))

    try:
        await repeat(
            look, name="webhook sender", every_s=_LOOK_S, backoff_max_s=_BACKOFF_MAX_S, sleep=sender.clock.sleep
        )
    finally:
        await under_way.finish(timeout_s=_STOP_S)
        with suppress(DatabaseUnavailable):  # then it is merely no longer seen
            await deregister(sender.database, process_id)


async def attempt(sender: Sender, webhook: PendingWebhook) -> None:
    """Make one attempt at a claimed webhook and note how it ended."""
    body = webhook.body
    if body is None:
        body = await _body(sender, webhook)
        await store_body(sender.database, webhook.id, body)
    status, began_s = 0, sender.clock.now()
    try:
        status = await sender.post(webhook.url, body, _headers(sender, webhook, body))
        outcome = f"HTTP {status}"
    except LongVideoError as error:
        outcome = str(error)
    took = round((sender.clock.now() - began_s) * 1000)
    if HTTPStatus(200) <= status < HTTPStatus(300):
        await mark_delivered(sender.database, webhook.id, outcome=outcome)
        action, level = "webhook_sent", logging.INFO
    else:
        # 410: the receiver wants no more of it.
        over = webhook.tries >= len(PAUSES_S) or status == HTTPStatus.GONE
        pause_s = None if over else PAUSES_S[webhook.tries]
        await mark_undelivered(sender.database, webhook.id, outcome=outcome, again_in_s=pause_s)
        action, level = ("webhook_given_up", logging.WARNING) if over else ("webhook_failed", logging.INFO)
    log_event(
        _log,
        action,
        level=level,
        film_id=webhook.film.id,
        webhook=webhook.id,
        attempt=webhook.tries + 1,
        outcome=outcome,
        latency_ms=took,
    )


async def _body(sender: Sender, webhook: PendingWebhook) -> bytes:
    """Return the seed's seven names in its order, as compact JSON."""
    film = webhook.film
    told = webhook.status is Status.COMPLETED and not webhook.deleted
    cost_mc = film.cost_actual_mc
    facts = {
        "task_id": film.id,
        "status": webhook.status,
        "result_url": (await urls_of(film, sender.links)).result if told else None,
        "duration": film.request.duration,
        "cost_actual": None if cost_mc is None else credits_number(cost_mc),
        "error": None if webhook.error is None else webhook.error.as_json(),
        "metadata": film.request.metadata,
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()


def _headers(sender: Sender, webhook: PendingWebhook, body: bytes) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "webhook-id": webhook.id,
        "webhook-timestamp": str(int(sender.clock.now())),
    }
    if webhook.salt is not None:
        secret = webhook_secret(webhook.film.api_key, webhook.salt, sender.pepper)
        headers["webhook-signature"] = signature(secret, headers["webhook-id"], headers["webhook-timestamp"], body)
    return headers


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return a message's signature (Standard Webhooks: symmetric, `v1,` and base64 of HMAC-SHA256)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, b".".join((message_id.encode(), timestamp.encode(), body)), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"
