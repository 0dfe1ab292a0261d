"""The wait for a person: asked and answered in our rows, so that it survives whatever runs the film."""

from sqlalchemy import update

from film.errors import NotAwaitingApproval
from film.ids import FilmId
from ledger.database import schema
from ledger.database.engine import Database
from ledger.database.records import Approval
from ledger.leases import Lease, lock_film, lock_with_lease


async def ask(database: Database, lease: Lease) -> None:
    """Let the film wait for a person; asking again, after a restart, changes nothing.

    Raises:
        StaleEpoch: The run no longer owns the film.
    """
    async with database.transaction() as conn:
        row = await lock_with_lease(conn, lease)
        if row["approval"] is None and not row["awaiting_approval"]:
            now_ms = database.now_ms()
            await conn.execute(
                update(schema.film)
                .where(schema.film.c.id == lease.film_id)
                .values(awaiting_approval=True, approval_asked_ms=now_ms, updated_at_ms=now_ms, dispatch_n=0)
            )


async def answer(database: Database, film_id: FilmId, decision: Approval) -> None:
    """Answer for the film's owner; the run that waits sees it at its next look.

    Raises:
        FilmNotFound: There is no such film.
        NotAwaitingApproval: It asks nobody: it is past that, has ended, or was answered before.
    """
    async with database.transaction() as conn:
        row = await lock_film(conn, film_id)
        if not row["awaiting_approval"]:
            raise NotAwaitingApproval(film_id=film_id)
        await conn.execute(
            update(schema.film)
            .where(schema.film.c.id == film_id)
            .values(awaiting_approval=False, approval=decision, updated_at_ms=database.now_ms())
        )
