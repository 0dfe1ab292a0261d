"""Where a command copies a finished film to: kept until the files are there, so that a killed command goes on."""

from sqlalchemy import select, update

from film.ids import AccountId, FilmId
from film.request import FilmRequest
from film.status import Status
from ledger.database import schema
from ledger.database.engine import Database
from ledger.films.orders import request_fingerprint


async def set_destination(database: Database, film_id: FilmId, path: str | None) -> None:
    """Note where a film is to be copied to; None once it is there."""
    async with database.transaction() as conn:
        await conn.execute(update(schema.film).where(schema.film.c.id == film_id).values(copy_to=path))


async def find_uncopied(database: Database, request: FilmRequest, account: AccountId, path: str) -> FilmId | None:
    """Return the newest completed film of an order whose files have not reached `path` yet; None if there is none."""
    table = schema.film
    query = (
        select(table.c.id)
        .where(
            table.c.account == account,
            table.c.fingerprint == request_fingerprint(request),
            table.c.status == Status.COMPLETED,
            table.c.copy_to == path,
            table.c.deleted_at_ms.is_(None),
        )
        .order_by(table.c.created_at_ms.desc(), table.c.id.desc())
        .limit(1)
    )
    async with database.snapshot() as conn:
        found = await conn.scalar(query)
    return None if found is None else FilmId(found)
