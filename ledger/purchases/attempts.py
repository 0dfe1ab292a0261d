"""Paid tries: an intent is committed before its one POST is sent, and every outcome is a row.

Each function is one transaction, fenced by the film's lease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.credits import MilliCredits
from film.ids import FilmId, new_attempt_id
from film.job_specs import JobSpec, Purpose
from film.status import SegmentState, Status
from ledger.database import schema
from ledger.database.engine import Database
from ledger.leases import Lease, lock_with_lease, progress_now
from ledger.purchases.attempt import Attempt, AttemptState, StoredFile, attempt_from
from ledger.purchases.attempt_rows import (
    post_hold,
    read_attempt,
    record_progress,
    require_no_live_attempt,
    set_attempt,
    set_segment,
)
from ledger.purchases.duplicates import claimed_jobs, unmatched_duplicates
from ledger.purchases.rate_limit import RateLimit, RetryAt, acquire_permit, lock_rate_limit, release_permit
from ledger.purchases.vendor_spend import NO_CAP, SpendBudget, SpendKind, check_daily_cap, record_spend, to_micro


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is to be bought for which place of a film."""

    purpose: Purpose
    slot: int
    job_spec: JobSpec
    fingerprint: str


async def create_intent(
    database: Database,
    lease: Lease,
    purchase: Purchase,
    rate_limit: RateLimit,
    *,
    nonce: int,
    budget: SpendBudget = NO_CAP,
) -> Attempt | RetryAt:
    """Take the rate limit's permit and commit the intent to buy; only then may one POST be sent.

    Returns:
        The committed attempt, or when to ask again.

    Raises:
        StaleEpoch: The run no longer owns the film.
        InvariantBroken: An attempt for the same place is alive (I11).
        DailyCapReached: The operator allows the vendor no more today.
    """
    async with database.transaction() as conn:
        await lock_with_lease(conn, lease)
        await require_no_live_attempt(conn, lease.film_id, purchase.purpose, purchase.slot)
        await check_daily_cap(conn, rate_limit.vendor, budget, now_ms=database.now_ms())
        now_ms = await acquire_permit(conn, rate_limit, lease.film_id, database.now_ms)
        if isinstance(now_ms, RetryAt):
            return now_ms
        attempt_id = new_attempt_id()
        await conn.execute(
            insert(schema.attempt).values(
                id=attempt_id,
                film=lease.film_id,
                purpose=purchase.purpose,
                slot=purchase.slot,
                vendor=rate_limit.vendor,
                model=rate_limit.model,
                key_print=rate_limit.key_print,
                nonce=nonce,
                fingerprint=purchase.fingerprint,
                epoch=lease.epoch,
                state=AttemptState.INTENT,
                t_intent_ms=now_ms,
                estimated_micro=to_micro(budget.estimated),
            )
        )
        if purchase.purpose is Purpose.SEGMENT:
            await set_segment(conn, lease.film_id, purchase.slot, state=SegmentState.GENERATING)
        await record_progress(conn, lease.film_id, now_ms)
        return await read_attempt(conn, attempt_id)


async def attach_job(database: Database, lease: Lease, attempt: Attempt, *, listed: Sequence[str]) -> Attempt | None:
    """Take the first of the vendor's jobs that nobody has as this attempt's; the others are booked as losses.

    As many jobs as there are unsettled duplicates (ledger/purchases/duplicates) are left to them.

    Args:
        database: The ledger.
        lease: The run's right to write.
        attempt: Whose job it will be.
        listed: The vendor's job ids that may be this attempt's, the oldest first.

    Returns:
        The attempt, submitted; None if each of the jobs is another attempt's.
    """
    async with database.transaction() as conn:
        await lock_with_lease(conn, lease)
        await lock_rate_limit(conn, vendor=attempt.vendor, model=attempt.model, key_print=attempt.key_print)
        taken = await claimed_jobs(conn, attempt.vendor, listed)
        free = [job_id for job_id in dict.fromkeys(listed) if job_id not in taken]
        if not free:
            return None
        strays = free[1 + await unmatched_duplicates(conn, attempt) :]
        return await _attach(conn, attempt, job_id=free[0], strays=strays, now_ms=database.now_ms())


async def _attach(
    conn: AsyncConnection, attempt: Attempt, *, job_id: str, strays: Sequence[str], now_ms: int
) -> Attempt:
    await set_attempt(conn, attempt, state=AttemptState.SUBMITTED, provider_job_id=job_id, submitted_at_ms=now_ms)
    await record_spend(conn, attempt, SpendKind.PENDING, job_id=job_id, now_ms=now_ms)
    for stray in strays:
        await record_spend(conn, attempt, SpendKind.ORPHAN_LOSS, job_id=stray, now_ms=now_ms)
    await record_progress(conn, attempt.film, now_ms)
    return await read_attempt(conn, attempt.id)


async def close_attempt(
    database: Database, lease: Lease, attempt: Attempt, state: AttemptState, *, failure: str
) -> Attempt:
    """End an attempt that made nothing.

    It is `unsent` (it never left, and its slot is given back), `rejected` (cleanly refused) or `absent` (proven never
    to have been created).
    """
    return await _end(database, lease, attempt, state, failure=failure)


async def mark_orphaned(database: Database, lease: Lease, attempt: Attempt, *, failure: str) -> Attempt:
    """Give an attempt up whose outcome can't be known; booked as the operator's loss."""
    return await _end(database, lease, attempt, AttemptState.ORPHANED, failure=failure, spend=SpendKind.ORPHAN_LOSS)


async def mark_failed(
    database: Database,
    lease: Lease,
    attempt: Attempt,
    *,
    failure: str,
    final: bool = False,
    charged: Decimal | None,
    refunded: Decimal | None,
) -> None:
    """End an attempt whose job ended without a usable file, with what the vendor says it charged and gave back.

    `final` is kept, so that a run that dies before it can say so leaves nobody to try again.
    """
    await _end(
        database,
        lease,
        attempt,
        AttemptState.FAILED,
        failure=failure,
        final=final,
        spend=SpendKind.POSTED,
        charged=charged,
        refunded=refunded,
    )


async def mark_ready(
    database: Database,
    lease: Lease,
    attempt: Attempt,
    stored: StoredFile,
    *,
    charged: Decimal | None,
    refunded: Decimal | None,
) -> MilliCredits | None:
    """End an attempt well: its file is stored and valid. A segment becomes ready and its hold is posted.

    Return what the customer was charged; None for what is no segment.

    Raises:
        StaleEpoch: The run no longer owns the film (canceled meanwhile, perhaps): nothing is charged.
    """
    posted_mc: MilliCredits | None = None
    async with database.transaction() as conn:
        now_ms = database.now_ms()
        row = await lock_with_lease(conn, lease)
        file = {"object_key": stored.object_key, "sha256": stored.sha256, "size_bytes": stored.size_bytes}
        await set_attempt(
            conn,
            attempt,
            state=AttemptState.READY,
            ended_at_ms=now_ms,
            charged_micro=to_micro(charged),
            refunded_micro=to_micro(refunded),
            **file,
        )
        await record_spend(conn, attempt, SpendKind.POSTED, charged=charged, refunded=refunded, now_ms=now_ms)
        if attempt.purpose is Purpose.SEGMENT:
            await set_segment(
                conn, lease.film_id, attempt.slot, state=SegmentState.READY, ready_attempt=attempt.id, **file
            )
            posted_mc = await post_hold(conn, lease.film_id, attempt.slot, now_ms=now_ms)
            progress = await progress_now(conn, row, Status(row["status"]))
            await conn.execute(update(schema.film).where(schema.film.c.id == lease.film_id).values(progress=progress))
        await record_progress(conn, lease.film_id, now_ms)
    return posted_mc


async def list_attempts(database: Database, film_id: FilmId, purpose: Purpose | None = None) -> Sequence[Attempt]:
    """Return a film's attempts, oldest first; of one purpose if named."""
    table = schema.attempt
    query = select(table).where(table.c.film == film_id).order_by(table.c.t_intent_ms, table.c.id)
    if purpose is not None:
        query = query.where(table.c.purpose == purpose)
    async with database.snapshot() as conn:
        return [attempt_from(row) for row in (await conn.execute(query)).mappings()]


async def _end(
    database: Database,
    lease: Lease,
    attempt: Attempt,
    state: AttemptState,
    *,
    failure: str,
    final: bool = False,
    spend: SpendKind | None = None,
    charged: Decimal | None = None,
    refunded: Decimal | None = None,
) -> Attempt:
    async with database.transaction() as conn:
        now_ms = database.now_ms()
        await lock_with_lease(conn, lease)
        await set_attempt(
            conn,
            attempt,
            state=state,
            ended_at_ms=now_ms,
            failure={"message": failure, "final": final},
            charged_micro=to_micro(charged),
            refunded_micro=to_micro(refunded),
        )
        if spend is not None:
            await record_spend(conn, attempt, spend, charged=charged, refunded=refunded, now_ms=now_ms)
        if state is AttemptState.UNSENT:
            where = {"vendor": attempt.vendor, "model": attempt.model, "key_print": attempt.key_print}
            await release_permit(conn, **where, at_ms=attempt.t_intent_ms)
        if attempt.purpose is Purpose.SEGMENT:
            await set_segment(conn, lease.film_id, attempt.slot, state=SegmentState.PENDING)
        await record_progress(conn, lease.film_id, now_ms)
        return await read_attempt(conn, attempt.id)
