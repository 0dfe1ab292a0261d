"""What the rows say of a stored file that turned out damaged: who made it, what replaced it, or that it is lost."""

from sqlalchemy import select, update

from film.status import SegmentState
from ledger.database import schema
from ledger.database.engine import Database
from ledger.leases import Lease, lock_with_lease
from ledger.purchases.attempt import Attempt, AttemptState, StoredFile, attempt_from


async def find_maker(database: Database, object_key: str) -> Attempt | None:
    """Return the attempt whose file lies at a key; None if no row knows it."""
    table = schema.attempt
    query = select(table).where(table.c.object_key == object_key, table.c.state == AttemptState.READY)
    async with database.snapshot() as conn:
        row = (await conn.execute(query.limit(1))).mappings().first()
    return None if row is None else attempt_from(row)


async def record_restored(database: Database, lease: Lease, stored: StoredFile) -> None:
    """Record the hash and size of a file that its vendor handed out anew, wherever rows name it.

    Raises:
        StaleEpoch: The run no longer owns the film.
    """
    async with database.transaction() as conn:
        await lock_with_lease(conn, lease)
        for table in (schema.attempt, schema.segment):
            await conn.execute(
                update(table)
                .where(table.c.object_key == stored.object_key)
                .values(sha256=stored.sha256, size_bytes=stored.size_bytes)
            )


async def forget_lost_file(database: Database, lease: Lease, object_key: str) -> None:
    """Note that a film's clip is no more: the film can't be composed, and a retry makes the clip anew.

    Raises:
        StaleEpoch: The run no longer owns the film.
    """
    segment, attempt = schema.segment, schema.attempt
    async with database.transaction() as conn:
        await lock_with_lease(conn, lease)
        clip = (
            segment.c.film == lease.film_id,
            segment.c.object_key == object_key,
            segment.c.state == SegmentState.READY,
        )
        if await conn.scalar(select(segment.c.index).where(*clip)) is None:
            return  # a sound
        await conn.execute(update(segment).where(*clip).values(object_key=None))
        await conn.execute(
            update(attempt)
            .where(attempt.c.film == lease.film_id, attempt.c.object_key == object_key)
            .values(object_key=None)
        )
