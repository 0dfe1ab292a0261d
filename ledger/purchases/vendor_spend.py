"""What the operator spends at the vendors: one currency a vendor, never added to another's nor to our credits."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import DailyCapReached
from ledger.database import schema
from ledger.database.engine import Database
from ledger.purchases.attempt import UNPAID, Attempt

_MICRO: Final = 1_000_000
_DAY_MS: Final = 86_400_000


class SpendKind(StrEnum):
    """What became of a vendor's job, in the operator's records."""

    PENDING = "pending"
    POSTED = "posted"
    ORPHAN_LOSS = "orphan_loss"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendBudget:
    """What an attempt is expected to cost, and the most a day (UTC) may, both in the vendor's own currency."""

    estimated: Decimal | None = None
    cap: Decimal | None = None
    #: The setting that holds the cap, for the sentence that says it was reached.
    setting: str = ""


#: Nothing is known of the cost, and nothing is capped.
NO_CAP: Final = SpendBudget()


def to_micro(amount: Decimal | None) -> int | None:
    """Return vendor credits as integer millionths; None (the vendor doesn't say) stays None."""
    return None if amount is None else int((amount * _MICRO).to_integral_value())


async def check_daily_cap(conn: AsyncConnection, vendor: str, budget: SpendBudget, *, now_ms: int) -> None:
    """Let an attempt pass that the operator's cap for the day allows, inside the transaction that commits its intent.

    Raises:
        DailyCapReached: It would pass the cap; nothing may be sent.
    """
    if budget.cap is None:
        return
    spent, wanted = await _spent_today(conn, vendor, now_ms=now_ms), budget.estimated or Decimal(0)
    if spent + wanted > budget.cap:
        raise DailyCapReached(provider=vendor, setting=budget.setting, cap=budget.cap, spent=spent, wanted=wanted)


async def spent_today(database: Database, vendor: str) -> Decimal:
    """Return what a vendor's attempts of today (UTC) cost or may yet cost, in its currency."""
    async with database.snapshot() as conn:
        return await _spent_today(conn, vendor, now_ms=database.now_ms())


async def _spent_today(conn: AsyncConnection, vendor: str, *, now_ms: int) -> Decimal:
    """Sum what was charged, and where nothing was reported (yet) what was expected."""
    table = schema.attempt
    net = table.c.charged_micro - func.coalesce(table.c.refunded_micro, 0)
    query = select(func.sum(func.coalesce(net, table.c.estimated_micro, 0))).where(
        table.c.vendor == vendor,
        table.c.t_intent_ms >= now_ms - now_ms % _DAY_MS,
        table.c.state.not_in(UNPAID),
    )
    return Decimal(int(await conn.scalar(query) or 0)) / _MICRO


async def record_spend(
    conn: AsyncConnection,
    attempt: Attempt,
    kind: SpendKind,
    *,
    charged: Decimal | None = None,
    refunded: Decimal | None = None,
    job_id: str | None = None,
    now_ms: int,
) -> None:
    """Write one line into the operator's records, inside the caller's transaction.

    Its amount is what the vendor says, else what was expected; none if nobody could ever say.
    """
    amount_micro = attempt.estimated_micro if charged is None else to_micro(charged - (refunded or Decimal(0)))
    await conn.execute(
        insert(schema.provider_entry).values(
            vendor=attempt.vendor,
            kind=kind,
            amount_micro=amount_micro,
            attempt=attempt.id,
            provider_job_id=job_id or attempt.provider_job_id,
            created_at_ms=now_ms,
        )
    )
