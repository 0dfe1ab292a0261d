"""The operator's own cap: a vendor's day never costs more than was allowed, whatever was charged or is still open."""

from decimal import Decimal

import pytest

from film.errors import DailyCapReached
from ledger.database.engine import Database
from ledger.leases import Lease
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt, AttemptState
from ledger.purchases.vendor_spend import SpendBudget, spent_today
from tests.databases import HandClock
from tests.unit.ledger.conftest import RATE_LIMIT
from tests.unit.ledger.test_settlement import FILE, purchase


def allowing(estimated: str | None, cap: str = "30") -> SpendBudget:
    return SpendBudget(
        estimated=None if estimated is None else Decimal(estimated), cap=Decimal(cap), setting="LONGVIDEO_X_DAILY_CAP"
    )


async def tried(database: Database, lease: Lease, slot: int, estimated: str | None = "12.5") -> Attempt:
    """Commit an intent that is expected to cost so much."""
    attempt = await attempts.create_intent(
        database, lease, purchase(slot), RATE_LIMIT, nonce=slot + 1, budget=allowing(estimated)
    )
    assert isinstance(attempt, Attempt)
    return attempt


async def submitted(database: Database, lease: Lease, slot: int) -> Attempt:
    attempt = await attempts.attach_job(database, lease, await tried(database, lease, slot), listed=[f"job-{slot}"])
    assert attempt is not None
    return attempt


@pytest.mark.parametrize(
    ("end", "spent"),
    [
        ("intent", "12.5"),  # sent or not: it may yet cost
        ("submitted", "12.5"),
        ("ready", "20"),  # the vendor's word replaces the estimate
        ("failed, refunded", "0"),
        ("failed, unsaid", "12.5"),  # who doesn't say is taken to have charged
        ("orphaned", "12.5"),
        ("unsent", "0"),
        ("rejected", "0"),  # nothing was created
        ("absent", "0"),
    ],
)
async def test_what_a_day_cost(database: Database, leased: Lease, end: str, spent: str) -> None:
    """Charged counts as charged, open and unsaid as expected, refused as nothing."""
    attempt = await (tried if end in {"intent", "unsent", "rejected", "absent"} else submitted)(database, leased, 0)
    match end:
        case "ready":
            await attempts.mark_ready(database, leased, attempt, FILE, charged=Decimal(20), refunded=None)
        case "failed, refunded":
            await attempts.mark_failed(
                database, leased, attempt, failure="no", charged=Decimal(12), refunded=Decimal(12)
            )
        case "failed, unsaid":
            await attempts.mark_failed(database, leased, attempt, failure="no", charged=None, refunded=None)
        case "orphaned":
            await attempts.mark_orphaned(database, leased, attempt, failure="no list")
        case "unsent" | "rejected" | "absent":
            await attempts.close_attempt(database, leased, attempt, AttemptState(end), failure="no")
    assert await spent_today(database, "listenhub") == Decimal(spent)


async def test_the_attempt_that_would_pass_the_cap_is_not_committed(database: Database, leased: Lease) -> None:
    """Two of 12.5 fit into 30, the third is refused by a sentence that names the setting, and leaves no row."""
    await tried(database, leased, 0)
    await tried(database, leased, 1)
    with pytest.raises(DailyCapReached, match="LONGVIDEO_X_DAILY_CAP"):
        await tried(database, leased, 2)
    assert len(await attempts.list_attempts(database, leased.film_id)) == 2


async def test_the_next_day_begins_anew(database: Database, leased: Lease, clock: HandClock) -> None:
    """The cap is a day's, by UTC."""
    await tried(database, leased, 0)
    clock.time += 86_400
    assert await spent_today(database, "listenhub") == 0
    await tried(database, leased, 1, "30")


async def test_an_unknown_cost_is_not_capped(database: Database, leased: Lease) -> None:
    """Who can't say what an order costs can't be held to a cap by it; what it charges counts."""
    await tried(database, leased, 0, None)
    assert await spent_today(database, "listenhub") == 0
