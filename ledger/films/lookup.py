"""Earlier films of the same order: one that can be gone on with, and the newest under an idempotency key."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from film.ids import AccountId, FilmId
from film.request import FilmRequest
from film.status import TERMINAL
from ledger.database import schema
from ledger.database.engine import Database
from ledger.films.orders import request_fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedFilm:
    """An unfinished film of the same order, and who holds it; None if its lease has lapsed or was given back."""

    film_id: FilmId
    owner: str | None


async def find_unfinished(database: Database, request: FilmRequest, account: AccountId) -> Sequence[UnfinishedFilm]:
    """Return the unfinished films of the same order, newest first, each with its living lease's owner."""
    table = schema.film
    query = (
        select(table.c.id, table.c.lease_holder, table.c.lease_until_ms)
        .where(
            table.c.account == account,
            table.c.fingerprint == request_fingerprint(request),
            table.c.status.not_in(sorted(TERMINAL)),
        )
        .order_by(table.c.created_at_ms.desc(), table.c.id.desc())
    )
    now_ms = database.now_ms()
    async with database.snapshot() as conn:
        found = (await conn.execute(query)).all()
    return [
        UnfinishedFilm(film_id=FilmId(row.id), owner=row.lease_holder if (row.lease_until_ms or 0) > now_ms else None)
        for row in found
    ]


async def latest_for_key(database: Database, api_key: str, idem_key: str) -> FilmId | None:
    """Return the newest film ordered under a key, or under that key and a count (`key:2`); None if there is none."""
    table = schema.film
    under = or_(table.c.idem_key == idem_key, table.c.idem_key.startswith(f"{idem_key}:", autoescape=True))
    query = select(table.c.id).where(table.c.api_key == api_key, under)
    async with database.snapshot() as conn:
        found = await conn.scalar(query.order_by(table.c.created_at_ms.desc(), table.c.id.desc()).limit(1))
    return None if found is None else FilmId(found)
