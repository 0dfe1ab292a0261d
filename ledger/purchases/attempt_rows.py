"""The rows of a paid attempt, each in the caller's transaction; ledger/purchases/attempts says what they mean."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.credits import MilliCredits
from film.errors import InvariantBroken
from film.ids import AttemptId, FilmId
from film.job_specs import Purpose
from film.text import clean_tree
from ledger.credits.transfers import TransferKind, TransferRequest, create_transfers
from ledger.database import schema
from ledger.purchases.attempt import LIVE_ATTEMPTS, Attempt, AttemptState, attempt_from


async def require_no_live_attempt(conn: AsyncConnection, film_id: FilmId, purpose: Purpose, slot: int) -> None:
    """Refuse to buy for a place that is being bought for, or has its file (I11).

    Raises:
        InvariantBroken: An attempt for the place is alive or ready.
    """
    table = schema.attempt
    alive = await conn.scalar(
        select(table.c.id).where(
            table.c.film == film_id,
            table.c.purpose == purpose,
            table.c.slot == slot,
            table.c.state.in_((*LIVE_ATTEMPTS, AttemptState.READY)),
        )
    )
    if alive is not None:
        where = f"{film_id} {purpose} {slot}"
        raise InvariantBroken(invariant="I11", detail=f"{where} is already being bought by {alive}")


async def post_hold(conn: AsyncConnection, film_id: FilmId, index: int, *, now_ms: int) -> MilliCredits:
    """Charge a segment: its hold is posted, once. Return what it costs."""
    table = schema.segment
    found = await conn.execute(
        select(table.c.hold, table.c.price_mc, schema.film.c.account)
        .join(schema.film, schema.film.c.id == table.c.film)
        .where(table.c.film == film_id, table.c.index == index)
    )
    hold = found.one()
    transfer = TransferRequest(
        kind=TransferKind.POST,
        account=hold.account,
        amount_mc=hold.price_mc,
        idem_key=f"post:{film_id}:{index}",
        film=film_id,
        segment=index,
        pending_id=hold.hold,
    )
    await create_transfers(conn, [transfer], now_ms=now_ms)
    return MilliCredits(hold.price_mc)


async def set_attempt(conn: AsyncConnection, attempt: Attempt, **values: Any) -> None:
    """Change an attempt's row; what a failure says may be a vendor's words."""
    if "failure" in values:
        values["failure"] = clean_tree(values["failure"])
    await conn.execute(update(schema.attempt).where(schema.attempt.c.id == attempt.id).values(**values))


async def set_segment(conn: AsyncConnection, film_id: FilmId, index: int, **values: Any) -> None:
    """Change a segment's row."""
    table = schema.segment
    await conn.execute(update(table).where(table.c.film == film_id, table.c.index == index).values(**values))


async def record_progress(conn: AsyncConnection, film_id: FilmId, now_ms: int) -> None:
    """Note that the film came further: dispatches that led nowhere count from here."""
    await conn.execute(
        update(schema.film).where(schema.film.c.id == film_id).values(updated_at_ms=now_ms, dispatch_n=0)
    )


async def read_attempt(conn: AsyncConnection, attempt_id: AttemptId) -> Attempt:
    """Return an attempt as it is now."""
    found = await conn.execute(select(schema.attempt).where(schema.attempt.c.id == attempt_id))
    return attempt_from(found.mappings().one())
