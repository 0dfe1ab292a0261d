"""Equal orders: where a vendor's list tells only what was ordered, one attempt may find, and take, another's job.

That is fair, for equal orders are interchangeable, as long as each job is taken once and nobody concludes that nothing
was created while the job it was left with is not listed yet, or is older than its own intent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.database import schema
from ledger.database.engine import Database
from ledger.purchases.attempt import Attempt, AttemptState

#: Equal orders further apart than this never meet: an intent is settled, or given up, long before.
_HORIZON_MS: Final = 3_600_000
#: Attempts that may have made a job which is in no row.
_UNPLACED: Final = (AttemptState.INTENT, AttemptState.DRAINING, AttemptState.ORPHANED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateWindow:
    """The intents whose jobs an attempt may have been left with: the first and the last, in unix milliseconds."""

    first_ms: int
    last_ms: int


async def candidate_window(database: Database, attempt: Attempt) -> CandidateWindow:
    """Return between which intents an attempt's job was made, if it was made at all.

    Without duplicates that is its own. A duplicate that took a job after this attempt's intent may have taken this
    one's and left its own behind, and so may that duplicate's duplicates.
    """
    table = schema.attempt
    query = select(table.c.t_intent_ms, table.c.submitted_at_ms).where(
        *_duplicates(attempt), (table.c.state == AttemptState.INTENT) | table.c.submitted_at_ms.is_not(None)
    )
    async with database.snapshot() as conn:
        twins = (await conn.execute(query.order_by(table.c.t_intent_ms.desc()))).all()
    first_ms = last_ms = attempt.t_intent_ms
    grown = True
    while grown:
        met = [twin.t_intent_ms for twin in twins if (twin.submitted_at_ms or last_ms) >= first_ms]
        span = min([first_ms, *met]), max([last_ms, *met])
        grown = span != (first_ms, last_ms)
        first_ms, last_ms = span
    return CandidateWindow(first_ms=first_ms, last_ms=last_ms)


async def claimed_jobs(conn: AsyncConnection, vendor: str, job_ids: Sequence[str]) -> frozenset[str]:
    """Return those of a vendor's jobs that belong to an attempt already (I12), inside the caller's transaction."""
    table = schema.attempt
    query = select(table.c.provider_job_id).where(table.c.vendor == vendor, table.c.provider_job_id.in_(job_ids))
    return frozenset((await conn.execute(query)).scalars())


async def unmatched_duplicates(conn: AsyncConnection, attempt: Attempt) -> int:
    """Return how many other attempts at the same order may have a job that nobody has taken yet."""
    table = schema.attempt
    query = select(func.count()).where(
        *_duplicates(attempt), table.c.state.in_(_UNPLACED), table.c.provider_job_id.is_(None)
    )
    return int((await conn.scalar(query)) or 0)


def _duplicates(attempt: Attempt) -> Sequence[ColumnElement[bool]]:
    table = schema.attempt
    return (
        table.c.vendor == attempt.vendor,
        table.c.fingerprint == attempt.fingerprint,
        table.c.id != attempt.id,
        table.c.t_intent_ms > attempt.t_intent_ms - _HORIZON_MS,
    )
