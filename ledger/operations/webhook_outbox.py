"""Webhooks to be sent: rows written in the transaction that ended their film, claimed, sent, tried again, given up.

A claim is a short lease (`next_at_ms` moves on), so that of several senders each row has one, and a sender that dies
leaves its row to the next. The id and the bytes are the same on every attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import RowMapping, select, update

from film.status import Status
from ledger.database import schema
from ledger.database.engine import Database
from ledger.database.records import Film, FilmError, film_error_from, film_from

#: How long a claimed row is left to its sender: longer than a POST may take.
_CLAIM_MS: Final = 60_000
_FAILED: Final = f"film.{Status.FAILED}"
_OUTCOME_CHARACTERS_MAX: Final = 200


class OutboxState(StrEnum):
    """How far a webhook came."""

    DUE = "due"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWebhook:
    """A claimed webhook. `body` is None before the first attempt; `salt` leads to the key's webhook secret."""

    id: str
    url: str
    body: bytes | None = field(repr=False)
    tries: int
    #: The end that is told, whatever the film has become since.
    status: Status
    film: Film
    #: Why it failed, where that is the end that is told.
    error: FilmError | None
    deleted: bool
    salt: str | None = field(repr=False)


async def claim_due(database: Database, *, limit: int) -> Sequence[PendingWebhook]:
    """Take up to `limit` webhooks whose time has come; nobody else gets them for a minute."""
    if limit <= 0:
        return []
    outbox, film, key = schema.outbox, schema.film, schema.api_key
    async with database.transaction() as conn:
        now_ms = database.now_ms()
        due = (
            select(outbox.c.id)
            .where(outbox.c.state == OutboxState.DUE, outbox.c.next_at_ms <= now_ms)
            .order_by(outbox.c.next_at_ms, outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = (await conn.scalars(due)).all()
        if not ids:
            return []
        await conn.execute(update(outbox).where(outbox.c.id.in_(ids)).values(next_at_ms=now_ms + _CLAIM_MS))
        claimed = await conn.execute(
            select(outbox.c.id, outbox.c.film, outbox.c.url, outbox.c.body, outbox.c.tries, outbox.c.event)
            .where(outbox.c.id.in_(ids))
            .order_by(outbox.c.created_at_ms, outbox.c.id)
        )
        told = claimed.all()
        films = await conn.execute(select(film).where(film.c.id.in_({row.film for row in told})))
        by_id = {row["id"]: row for row in films.mappings()}
        salts = await conn.execute(
            select(key.c.id, key.c.webhook_secret).where(key.c.id.in_({row["api_key"] for row in by_id.values()}))
        )
        salt_of = {row.id: row.webhook_secret for row in salts}
    return [
        PendingWebhook(
            id=row.id,
            url=row.url,
            body=row.body,
            tries=row.tries,
            status=Status(row.event.removeprefix("film.")),
            film=film_from(by_id[row.film]),
            error=_fault(by_id[row.film]) if row.event == _FAILED else None,
            deleted=by_id[row.film]["deleted_at_ms"] is not None,
            salt=salt_of.get(by_id[row.film]["api_key"]),
        )
        for row in told
    ]


async def store_body(database: Database, outgoing_id: str, body: bytes) -> None:
    """Keep a webhook's bytes before they are sent for the first time."""
    async with database.transaction() as conn:
        await conn.execute(update(schema.outbox).where(schema.outbox.c.id == outgoing_id).values(body=body))


async def mark_delivered(database: Database, outgoing_id: str, *, outcome: str) -> None:
    """Note that the receiver took a webhook."""
    await _note(database, outgoing_id, state=OutboxState.SENT, next_in_s=0, outcome=outcome)


async def mark_undelivered(database: Database, outgoing_id: str, *, outcome: str, again_in_s: float | None) -> None:
    """Note that the receiver didn't take a webhook; None gives it up."""
    state = OutboxState.GIVEN_UP if again_in_s is None else OutboxState.DUE
    await _note(database, outgoing_id, state=state, next_in_s=again_in_s or 0, outcome=outcome)


async def _note(database: Database, outgoing_id: str, *, state: OutboxState, next_in_s: float, outcome: str) -> None:
    table = schema.outbox
    async with database.transaction() as conn:
        await conn.execute(
            update(table)
            .where(table.c.id == outgoing_id)
            .values(
                state=state,
                tries=table.c.tries + 1,
                next_at_ms=database.now_ms() + round(next_in_s * 1000),
                outcome=outcome[:_OUTCOME_CHARACTERS_MAX],
            )
        )


def _fault(row: RowMapping) -> FilmError | None:
    """Return why a film failed; while it is composed again its former columns say so."""
    error = row["error"] or row["former_error"]
    return None if error is None else film_error_from(error)
