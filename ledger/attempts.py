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
from film.orders import Order, Purpose
from film.status import SegmentState, Status
from ledger import schema
from ledger.attempt import Attempt, AttemptState, StoredFile, attempt_from
from ledger.attempt_rows import check_none_alive, post_hold, read_attempt, set_attempt, set_segment, touch_film
from ledger.database import Books
from ledger.gate import GateRule, NotBefore, give_slot_back, lock_gate, take_slot
from ledger.leases import Lease, fenced
from ledger.spend import NO_CAP, Allowance, SpendKind, check_day, micro, record_spend
from ledger.stages import progress_now
from ledger.twins import jobs_taken, twins_unplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is to be bought for which place of a film."""

    purpose: Purpose
    slot: int
    order: Order
    fingerprint: str


async def intend(
    books: Books,
    lease: Lease,
    purchase: Purchase,
    rule: GateRule,
    *,
    nonce: int,
    allowance: Allowance = NO_CAP,
) -> Attempt | NotBefore:
    """Take the gate's slot and commit the intent to buy; only then may one POST be sent.

    Returns:
        The committed attempt, or when to ask again.

    Raises:
        StaleEpoch: The run no longer owns the film.
        InvariantBroken: An attempt for the same place is alive (I11).
        DailyCapReached: The operator allows the vendor no more today.
    """
    async with books.writing() as rows:
        await fenced(rows, lease)
        await check_none_alive(rows, lease.film_id, purchase.purpose, purchase.slot)
        await check_day(rows, rule.vendor, allowance, now_ms=books.now_ms())
        now_ms = await take_slot(rows, rule, lease.film_id, books.now_ms)
        if isinstance(now_ms, NotBefore):
            return now_ms
        attempt_id = new_attempt_id()
        await rows.execute(
            insert(schema.attempt).values(
                id=attempt_id,
                film=lease.film_id,
                purpose=purchase.purpose,
                slot=purchase.slot,
                vendor=rule.vendor,
                model=rule.model,
                key_print=rule.key_print,
                nonce=nonce,
                fingerprint=purchase.fingerprint,
                epoch=lease.epoch,
                state=AttemptState.INTENT,
                t_intent_ms=now_ms,
                estimated_micro=micro(allowance.estimated),
            )
        )
        if purchase.purpose is Purpose.SEGMENT:
            await set_segment(rows, lease.film_id, purchase.slot, state=SegmentState.GENERATING)
        await touch_film(rows, lease.film_id, now_ms)
        return await read_attempt(rows, attempt_id)


async def adopted(books: Books, lease: Lease, attempt: Attempt, *, listed: Sequence[str]) -> Attempt | None:
    """Take the first of the vendor's jobs that nobody has as this attempt's; the others are booked as losses.

    As many jobs as there are unsettled twins (ledger/twins) are left to them.

    Args:
        books: The ledger.
        lease: The run's right to write.
        attempt: Whose job it will be.
        listed: The vendor's job ids that may be this attempt's, the oldest first.

    Returns:
        The attempt, submitted; None if each of the jobs is another attempt's.
    """
    async with books.writing() as rows:
        await fenced(rows, lease)
        await lock_gate(rows, vendor=attempt.vendor, model=attempt.model, key_print=attempt.key_print)
        taken = await jobs_taken(rows, attempt.vendor, listed)
        free = [job_id for job_id in dict.fromkeys(listed) if job_id not in taken]
        if not free:
            return None
        strays = free[1 + await twins_unplaced(rows, attempt) :]
        return await _keep_job(rows, attempt, job_id=free[0], strays=strays, now_ms=books.now_ms())


async def _keep_job(
    rows: AsyncConnection, attempt: Attempt, *, job_id: str, strays: Sequence[str], now_ms: int
) -> Attempt:
    await set_attempt(rows, attempt, state=AttemptState.SUBMITTED, provider_job_id=job_id, submitted_at_ms=now_ms)
    await record_spend(rows, attempt, SpendKind.PENDING, job_id=job_id, now_ms=now_ms)
    for stray in strays:
        await record_spend(rows, attempt, SpendKind.ORPHAN_LOSS, job_id=stray, now_ms=now_ms)
    await touch_film(rows, attempt.film, now_ms)
    return await read_attempt(rows, attempt.id)


async def closed(books: Books, lease: Lease, attempt: Attempt, state: AttemptState, *, failure: str) -> Attempt:
    """End an attempt that made nothing.

    It is `unsent` (it never left, and its slot is given back), `rejected` (cleanly refused) or `absent` (proven never
    to have been created).
    """
    return await _end(books, lease, attempt, state, failure=failure)


async def orphaned(books: Books, lease: Lease, attempt: Attempt, *, failure: str) -> Attempt:
    """Give an attempt up whose outcome can't be known; booked as the operator's loss."""
    return await _end(books, lease, attempt, AttemptState.ORPHANED, failure=failure, spend=SpendKind.ORPHAN_LOSS)


async def failed(
    books: Books,
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
        books,
        lease,
        attempt,
        AttemptState.FAILED,
        failure=failure,
        final=final,
        spend=SpendKind.POSTED,
        charged=charged,
        refunded=refunded,
    )


async def ready(
    books: Books,
    lease: Lease,
    attempt: Attempt,
    stored: StoredFile,
    *,
    charged: Decimal | None,
    refunded: Decimal | None,
) -> MilliCredits | None:
    """End an attempt well: its file is stored and passed the gate. A segment becomes ready and its hold is posted.

    Return what the customer was charged; None for what is no segment.

    Raises:
        StaleEpoch: The run no longer owns the film (canceled meanwhile, perhaps): nothing is charged.
    """
    posted_mc: MilliCredits | None = None
    async with books.writing() as rows:
        now_ms = books.now_ms()
        row = await fenced(rows, lease)
        file = {"object_key": stored.object_key, "sha256": stored.sha256, "size_bytes": stored.size_bytes}
        await set_attempt(
            rows,
            attempt,
            state=AttemptState.READY,
            ended_at_ms=now_ms,
            charged_micro=micro(charged),
            refunded_micro=micro(refunded),
            **file,
        )
        await record_spend(rows, attempt, SpendKind.POSTED, charged=charged, refunded=refunded, now_ms=now_ms)
        if attempt.purpose is Purpose.SEGMENT:
            await set_segment(
                rows, lease.film_id, attempt.slot, state=SegmentState.READY, ready_attempt=attempt.id, **file
            )
            posted_mc = await post_hold(rows, lease.film_id, attempt.slot, now_ms=now_ms)
            progress = await progress_now(rows, row, Status(row["status"]))
            await rows.execute(update(schema.film).where(schema.film.c.id == lease.film_id).values(progress=progress))
        await touch_film(rows, lease.film_id, now_ms)
    return posted_mc


async def attempts_of(books: Books, film_id: FilmId, purpose: Purpose | None = None) -> Sequence[Attempt]:
    """Return a film's attempts, oldest first; of one purpose if named."""
    table = schema.attempt
    query = select(table).where(table.c.film == film_id).order_by(table.c.t_intent_ms, table.c.id)
    if purpose is not None:
        query = query.where(table.c.purpose == purpose)
    async with books.reading() as rows:
        return [attempt_from(row) for row in (await rows.execute(query)).mappings()]


async def _end(
    books: Books,
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
    async with books.writing() as rows:
        now_ms = books.now_ms()
        await fenced(rows, lease)
        await set_attempt(
            rows,
            attempt,
            state=state,
            ended_at_ms=now_ms,
            failure={"message": failure, "final": final},
            charged_micro=micro(charged),
            refunded_micro=micro(refunded),
        )
        if spend is not None:
            await record_spend(rows, attempt, spend, charged=charged, refunded=refunded, now_ms=now_ms)
        if state is AttemptState.UNSENT:
            where = {"vendor": attempt.vendor, "model": attempt.model, "key_print": attempt.key_print}
            await give_slot_back(rows, **where, at_ms=attempt.t_intent_ms)
        if attempt.purpose is Purpose.SEGMENT:
            await set_segment(rows, lease.film_id, attempt.slot, state=SegmentState.PENDING)
        await touch_film(rows, lease.film_id, now_ms)
        return await read_attempt(rows, attempt.id)
