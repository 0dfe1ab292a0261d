"""Jobs whose film ended first: followed to their end for the operator's records, never billed to the customer."""

import logging
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import select, update

from ledger.database import schema
from ledger.database.engine import Database
from ledger.purchases.attempt import Attempt, AttemptState, attempt_from
from ledger.purchases.vendor_spend import SpendKind, record_spend, to_micro
from runtime.logs import log_event

_LOG: Final = logging.getLogger("longvideo.money")


async def list_late_jobs(database: Database, *, limit: int) -> Sequence[Attempt]:
    """Return attempts whose film has ended while their job's end isn't known, oldest first."""
    table = schema.attempt
    query = select(table).where(table.c.state == AttemptState.DRAINING).order_by(table.c.t_intent_ms).limit(limit)
    async with database.snapshot() as conn:
        return [attempt_from(row) for row in (await conn.execute(query)).mappings()]


async def close_late_job(
    database: Database, attempt: Attempt, *, charged: Decimal | None, refunded: Decimal | None
) -> None:
    """Book a late job's end: what its vendor charged is the operator's loss. A second call changes nothing."""
    await _end(database, attempt, AttemptState.DRAINED, SpendKind.LATE, charged=charged, refunded=refunded)


async def write_off(database: Database, attempt: Attempt) -> None:
    """Book an intent of which nobody will ever know whether it became a job."""
    await _end(database, attempt, AttemptState.ORPHANED, SpendKind.ORPHAN_LOSS, charged=None, refunded=None)


async def _end(
    database: Database,
    attempt: Attempt,
    state: AttemptState,
    spend: SpendKind,
    *,
    charged: Decimal | None,
    refunded: Decimal | None,
) -> None:
    async with database.transaction() as conn:
        now_ms = database.now_ms()
        changed = await conn.execute(
            update(schema.attempt)
            .where(schema.attempt.c.id == attempt.id, schema.attempt.c.state == AttemptState.DRAINING)
            .values(state=state, ended_at_ms=now_ms, charged_micro=to_micro(charged), refunded_micro=to_micro(refunded))
        )
        if changed.rowcount == 0:
            return
        await record_spend(conn, attempt, spend, charged=charged, refunded=refunded, now_ms=now_ms)
    log_event(
        _LOG,
        "late_job_booked",
        film_id=attempt.film,
        attempt_id=attempt.id,
        vendor=attempt.vendor,
        model=attempt.model,
        outcome=state.value,
        charged=charged,
    )
