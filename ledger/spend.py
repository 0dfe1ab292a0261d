"""What the operator spends at the vendors: one currency a vendor, never added to another's nor to our credits."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import DailyCapReached
from ledger import schema
from ledger.attempt import UNPAID, Attempt
from ledger.database import Books

_MICRO: Final = 1_000_000
_DAY_MS: Final = 86_400_000


class SpendKind(StrEnum):
    """What became of a vendor's job, in the operator's books."""

    PENDING = "pending"
    POSTED = "posted"
    ORPHAN_LOSS = "orphan_loss"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What an attempt is expected to cost, and the most a day (UTC) may, both in the vendor's own currency."""

    estimated: Decimal | None = None
    cap: Decimal | None = None
    #: The setting that holds the cap, for the sentence that says it was reached.
    setting: str = ""


#: Nothing is known of the cost, and nothing is capped.
NO_CAP: Final = Allowance()


def micro(amount: Decimal | None) -> int | None:
    """Return vendor credits as integer millionths; None (the vendor doesn't say) stays None."""
    return None if amount is None else int((amount * _MICRO).to_integral_value())


async def check_day(rows: AsyncConnection, vendor: str, allowance: Allowance, *, now_ms: int) -> None:
    """Let an attempt pass that the operator's cap for the day allows, inside the transaction that commits its intent.

    Raises:
        DailyCapReached: It would pass the cap; nothing may be sent.
    """
    if allowance.cap is None:
        return
    spent, wanted = await _spent_today(rows, vendor, now_ms=now_ms), allowance.estimated or Decimal(0)
    if spent + wanted > allowance.cap:
        raise DailyCapReached(provider=vendor, setting=allowance.setting, cap=allowance.cap, spent=spent, wanted=wanted)


async def spent_today(books: Books, vendor: str) -> Decimal:
    """Return what a vendor's attempts of today (UTC) cost or may yet cost, in its currency."""
    async with books.reading() as rows:
        return await _spent_today(rows, vendor, now_ms=books.now_ms())


async def _spent_today(rows: AsyncConnection, vendor: str, *, now_ms: int) -> Decimal:
    """Sum what was charged, and where nothing was reported (yet) what was expected."""
    table = schema.attempt
    net = table.c.charged_micro - func.coalesce(table.c.refunded_micro, 0)
    query = select(func.sum(func.coalesce(net, table.c.estimated_micro, 0))).where(
        table.c.vendor == vendor,
        table.c.t_intent_ms >= now_ms - now_ms % _DAY_MS,
        table.c.state.not_in(UNPAID),
    )
    return Decimal(int(await rows.scalar(query) or 0)) / _MICRO


async def record_spend(
    rows: AsyncConnection,
    attempt: Attempt,
    kind: SpendKind,
    *,
    charged: Decimal | None = None,
    refunded: Decimal | None = None,
    job_id: str | None = None,
    now_ms: int,
) -> None:
    """Write one line into the operator's books, inside the caller's transaction.

    Its amount is what the vendor says, else what was expected; none if nobody could ever say.
    """
    amount_micro = attempt.estimated_micro if charged is None else micro(charged - (refunded or Decimal(0)))
    await rows.execute(
        insert(schema.provider_entry).values(
            vendor=attempt.vendor,
            kind=kind,
            amount_micro=amount_micro,
            attempt=attempt.id,
            provider_job_id=job_id or attempt.provider_job_id,
            created_at_ms=now_ms,
        )
    )
