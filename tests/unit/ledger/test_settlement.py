"""Holds, posts and voids: what a film costs whatever happens to it."""

from decimal import Decimal

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from film.errors import IllegalTransition, InvariantBroken, StaleEpoch
from film.ids import LOCAL_ACCOUNT
from film.job_specs import Purpose, SoundSpec
from film.status import ErrorCode, SegmentState, Status
from ledger.audit.run import check_books
from ledger.credits.transfers import TransferKind, TransferRequest, balance_of, create_transfers
from ledger.database import schema
from ledger.database.engine import Database
from ledger.database.records import Deliverables, FilmError
from ledger.films import queries, stages
from ledger.films.settlement import cancel_film, complete_film, fail_film
from ledger.leases import Lease
from ledger.purchases import attempts
from ledger.purchases.attempt import AttemptState, StoredFile
from ledger.purchases.attempts import Purchase
from tests.databases import HandClock
from tests.unit.ledger.conftest import RATE_LIMIT

FILE = StoredFile(object_key="clips/x", sha256="0" * 64, size_bytes=9)
FAULT = FilmError(code=ErrorCode.SEGMENT_FAILED, message="no", stage=Status.GENERATING, segment=2)
RESULT = Deliverables(
    film="f", poster="p", sheet="s", storyboard="b", srt=None, vtt=None, size_bytes=1, sha256="0" * 64
)


def purchase(slot: int, purpose: Purpose = Purpose.SEGMENT) -> Purchase:
    """Return a purchase for a slot; what is ordered doesn't matter to the ledger."""
    return Purchase(purpose=purpose, slot=slot, job_spec=SoundSpec(text="x"), fingerprint=f"{slot}")


async def make_ready(database: Database, lease: Lease, slot: int) -> None:
    """Buy a segment and get it."""
    attempt = await attempts.create_intent(database, lease, purchase(slot), RATE_LIMIT, nonce=slot + 1)
    attempt = await attempts.attach_job(database, lease, attempt, listed=[f"job-{lease.film_id}-{slot}"])
    await attempts.mark_ready(database, lease, attempt, FILE, charged=Decimal("12.5"), refunded=None)


async def walk_to(database: Database, lease: Lease, status: Status) -> None:
    """Bring a film to a status."""
    for stage in list(Status)[1 : list(Status).index(status) + 1]:
        await stages.enter_stage(database, lease, stage)


@pytest.mark.parametrize(
    ("ready", "charged"), [(0, 0), (1, 165_000), (2, 330_000), (3, 467_500)], ids=["none", "one", "two", "all"]
)
@pytest.mark.parametrize("end", ["fail", "cancel"])
async def test_only_ready_segments_are_charged(
    database: Database, leased: Lease, ready: int, charged: int, end: str
) -> None:
    """Whatever ends a film, used is what was posted, and all else is back in the same transaction."""
    await walk_to(database, leased, Status.GENERATING)
    for slot in range(ready):
        await make_ready(database, leased, slot)
    if end == "fail":
        await fail_film(database, leased, FAULT)
    else:
        assert await cancel_film(database, leased.film_id)
    film = await queries.get_film(database, leased.film_id)
    balance = await balance_of(database, LOCAL_ACCOUNT)
    assert film.cost_actual_mc == charged
    assert (balance.available_mc, balance.reserved_mc) == (467_500 - charged, 0)
    await check_books(database)


async def test_a_completed_film_costs_its_estimate(database: Database, leased: Lease) -> None:
    """I8: completed means every hold was posted."""
    await walk_to(database, leased, Status.GENERATING)
    for slot in range(3):
        await make_ready(database, leased, slot)
    await walk_to(database, leased, Status.DELIVERING)
    await complete_film(database, leased, RESULT)
    film = await queries.get_film(database, leased.film_id)
    assert (film.status, film.progress, film.cost_actual_mc, film.result) == (Status.COMPLETED, 100, 467_500, RESULT)
    await check_books(database)


async def test_a_film_can_not_complete_with_a_segment_missing(database: Database, leased: Lease) -> None:
    """The ledger refuse to end a film as completed that was not paid in full; nothing is written."""
    await walk_to(database, leased, Status.DELIVERING)
    with pytest.raises(InvariantBroken, match="I8"):
        await complete_film(database, leased, RESULT)
    assert (await queries.get_film(database, leased.film_id)).status is Status.DELIVERING
    assert (await balance_of(database, LOCAL_ACCOUNT)).reserved_mc == 467_500


async def test_an_end_is_final(database: Database, leased: Lease) -> None:
    """A second end, from the old run or from anywhere, changes nothing."""
    assert await cancel_film(database, leased.film_id)
    before = await queries.get_film(database, leased.film_id)
    assert not await cancel_film(database, leased.film_id)
    with pytest.raises(StaleEpoch):
        await fail_film(database, leased, FAULT)
    assert await queries.get_film(database, leased.film_id) == before


async def test_a_clip_that_comes_after_cancel_costs_nothing(database: Database, leased: Lease) -> None:
    """Cancel against ready: the first transaction wins, the second is refused (failpoint 25)."""
    await walk_to(database, leased, Status.GENERATING)
    attempt = await attempts.create_intent(database, leased, purchase(0), RATE_LIMIT, nonce=1)
    attempt = await attempts.attach_job(database, leased, attempt, listed=["late"])
    await cancel_film(database, leased.film_id)
    with pytest.raises(StaleEpoch):
        await attempts.mark_ready(database, leased, attempt, FILE, charged=None, refunded=None)
    rows = await attempts.list_attempts(database, leased.film_id)
    assert [row.state for row in rows] == [AttemptState.DRAINING]
    assert (await queries.get_film(database, leased.film_id)).cost_actual_mc == 0


async def test_one_attempt_at_a_time(database: Database, leased: Lease) -> None:
    """A place that is being bought, or is bought, can't be bought again (I11)."""
    await make_ready(database, leased, 0)
    await attempts.create_intent(database, leased, purchase(1), RATE_LIMIT, nonce=5)
    for slot in (0, 1):
        with pytest.raises(InvariantBroken, match="I11"):
            await attempts.create_intent(database, leased, purchase(slot), RATE_LIMIT, nonce=6)
    other = await attempts.create_intent(database, leased, purchase(1, Purpose.NARRATION), RATE_LIMIT, nonce=7)
    assert other.state is AttemptState.INTENT, "a narration for the same shot is another place"


async def test_a_job_belongs_to_one_attempt(database: Database, leased: Lease) -> None:
    """One vendor job is never two attempts' (I12): the second finds it taken."""
    first = await attempts.create_intent(database, leased, purchase(0), RATE_LIMIT, nonce=1)
    second = await attempts.create_intent(database, leased, purchase(1), RATE_LIMIT, nonce=2)
    await attempts.attach_job(database, leased, first, listed=["same"])
    assert await attempts.attach_job(database, leased, second, listed=["same"]) is None
    state_of = {attempt.slot: attempt.state for attempt in await attempts.list_attempts(database, leased.film_id)}
    assert state_of == {0: AttemptState.SUBMITTED, 1: AttemptState.INTENT}


@pytest.mark.parametrize("state", [AttemptState.REJECTED, AttemptState.ABSENT])
async def test_a_closed_attempt_frees_its_place(database: Database, leased: Lease, state: AttemptState) -> None:
    """What was never created leaves the segment waiting for its next attempt."""
    attempt = await attempts.create_intent(database, leased, purchase(0), RATE_LIMIT, nonce=1)
    assert (await queries.get_segments(database, leased.film_id))[0].state is SegmentState.GENERATING
    await attempts.close_attempt(database, leased, attempt, state, failure="429")
    assert (await queries.get_segments(database, leased.film_id))[0].state is SegmentState.PENDING
    await make_ready(database, leased, 0)


@pytest.mark.parametrize("table", ["entry", "transfer"])
@pytest.mark.parametrize("change", ["UPDATE {} SET amount_mc = amount_mc + 1", "DELETE FROM {}"])
async def test_history_can_not_be_rewritten(database: Database, leased: Lease, table: str, change: str) -> None:
    """I9: the database itself refuses to change or delete what was booked."""
    assert leased
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as conn:
            await conn.execute(text(change.format(table)))


async def test_a_transfer_happens_once(database: Database, leased: Lease) -> None:
    """The same key moves credits once, whoever asks."""
    transfer = TransferRequest(kind=TransferKind.GRANT, account=LOCAL_ACCOUNT, amount_mc=5, idem_key="once")
    async with database.transaction() as rows:
        await create_transfers(rows, [transfer], now_ms=1)
    with pytest.raises(DBAPIError):
        async with database.transaction() as conn:
            await create_transfers(conn, [transfer], now_ms=1)
    assert leased
    assert (await balance_of(database, LOCAL_ACCOUNT)).available_mc == 5


async def test_a_webhook_row_is_written_with_the_end(database: Database, clock: HandClock, leased: Lease) -> None:
    """I15: one outbox row a terminal event, in the same transaction; none where no URL was given."""
    assert clock
    async with database.transaction() as rows:
        await rows.execute(
            text("UPDATE film SET request = :request WHERE id = :id"),
            {"request": '{"webhook_url": "https://example.com/hook"}', "id": leased.film_id},
        )
    await cancel_film(database, leased.film_id)
    async with database.snapshot() as conn:
        found = (await conn.execute(schema.outbox.select())).mappings().all()
    assert [(row["event"], row["url"], row["state"]) for row in found] == [
        ("film.canceled", "https://example.com/hook", "due")
    ]


async def test_a_planted_imbalance_is_found(database: Database, leased: Lease) -> None:
    """The audit names what is wrong with the balances."""
    assert leased
    async with database.transaction() as rows:
        await rows.execute(schema.balance.update().where(schema.balance.c.kind == "held").values(amount_mc=1))
    with pytest.raises(InvariantBroken, match="I1"):
        await check_books(database)
    async with database.transaction() as conn:
        await conn.execute(insert(schema.account).values(id="x", created_at_ms=0))
        await conn.execute(insert(schema.balance).values(account="x", kind="available", amount_mc=467_499, version=0))
    with pytest.raises(InvariantBroken, match="I3"):
        await check_books(database)


async def test_completing_needs_the_walk(database: Database, leased: Lease) -> None:
    """A film can't be completed from the middle of its walk."""
    with pytest.raises(IllegalTransition):
        await complete_film(database, leased, RESULT)
