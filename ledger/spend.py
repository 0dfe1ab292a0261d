"""What the operator spends at the vendors: one currency a vendor, never added to another's nor to our credits."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import schema
from ledger.rows import Attempt

_MICRO: Final = 1_000_000


class SpendKind(StrEnum):
    """What became of a vendor's job, in the operator's books."""

    PENDING = "pending"
    POSTED = "posted"
    VOID = "void"
    ORPHAN_LOSS = "orphan_loss"
    LATE = "late"


def micro(amount: Decimal | None) -> int | None:
    """Return vendor credits as integer millionths; None (the vendor doesn't say) stays None."""
    return None if amount is None else int((amount * _MICRO).to_integral_value())


async def record_spend(
    rows: AsyncConnection,
    attempt: Attempt,
    kind: SpendKind,
    *,
    amount: Decimal | None,
    job_id: str | None,
    now_ms: int,
) -> None:
    """Write one line into the operator's books, inside the caller's transaction."""
    await rows.execute(
        insert(schema.provider_entry).values(
            vendor=attempt.vendor,
            kind=kind,
            amount_micro=micro(amount),
            attempt=attempt.id,
            provider_job_id=job_id or attempt.provider_job_id,
            created_at_ms=now_ms,
        )
    )
