"""Vendors' callbacks: a hint that a job may have ended. It is a row, and decides nothing."""

from sqlalchemy import select, update

from film.ids import AttemptId
from ledger.database import schema
from ledger.database.engine import Database, insert_missing


async def record_callback(database: Database, vendor: str, nonce: int) -> bool:
    """Note that a vendor called back for the attempt with this nonce.

    Returns:
        Whether there is such an attempt.
    """
    attempt, callback = schema.attempt.c, schema.callback
    async with database.transaction() as conn:
        attempt_id = await conn.scalar(select(attempt.id).where(attempt.vendor == vendor, attempt.nonce == nonce))
        if attempt_id is None:
            return False
        now_ms = database.now_ms()
        await insert_missing(conn, callback, {"attempt": attempt_id, "received_at_ms": now_ms})
        await conn.execute(update(callback).where(callback.c.attempt == attempt_id).values(received_at_ms=now_ms))
    return True


async def callback_since(database: Database, attempt_id: AttemptId, since_ms: int) -> bool:
    """Return whether its vendor has called back for an attempt since `since_ms`."""
    callback = schema.callback.c
    query = select(callback.attempt).where(callback.attempt == attempt_id, callback.received_at_ms >= since_ms)
    async with database.snapshot() as conn:
        return await conn.scalar(query) is not None
