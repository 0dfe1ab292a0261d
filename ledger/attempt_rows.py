"""The rows that a paid try writes, each inside the caller's transaction; what they mean is told in ledger/attempts."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.credits import MilliCredits
from film.errors import InvariantBroken
from film.ids import AttemptId, FilmId
from film.orders import Purpose
from film.text import clean_tree
from ledger import schema
from ledger.attempt import LIVE_ATTEMPTS, Attempt, AttemptState, attempt_from
from ledger.credits import Movement, TransferKind, move


async def check_none_alive(rows: AsyncConnection, film_id: FilmId, purpose: Purpose, slot: int) -> None:
    """Refuse to buy for a place that is being bought for, or has its file (I11).

    Raises:
        InvariantBroken: An attempt for the place is alive or ready.
    """
    table = schema.attempt
    alive = await rows.scalar(
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


async def post_hold(rows: AsyncConnection, film_id: FilmId, index: int, *, now_ms: int) -> MilliCredits:
    """Charge a segment: its hold is posted, once. Return what it costs."""
    table = schema.segment
    found = await rows.execute(
        select(table.c.hold, table.c.price_mc, schema.film.c.account)
        .join(schema.film, schema.film.c.id == table.c.film)
        .where(table.c.film == film_id, table.c.index == index)
    )
    hold = found.one()
    movement = Movement(
        kind=TransferKind.POST,
        account=hold.account,
        amount_mc=hold.price_mc,
        idem_key=f"post:{film_id}:{index}",
        film=film_id,
        segment=index,
        pending_id=hold.hold,
    )
    await move(rows, [movement], now_ms=now_ms)
    return MilliCredits(hold.price_mc)


async def set_attempt(rows: AsyncConnection, attempt: Attempt, **values: Any) -> None:
    """Change an attempt's row; what a failure says may be a vendor's words."""
    if "failure" in values:
        values["failure"] = clean_tree(values["failure"])
    await rows.execute(update(schema.attempt).where(schema.attempt.c.id == attempt.id).values(**values))


async def set_segment(rows: AsyncConnection, film_id: FilmId, index: int, **values: Any) -> None:
    """Change a segment's row."""
    table = schema.segment
    await rows.execute(update(table).where(table.c.film == film_id, table.c.index == index).values(**values))


async def touch_film(rows: AsyncConnection, film_id: FilmId, now_ms: int) -> None:
    """Note that the film came further: dispatches that led nowhere count from here."""
    await rows.execute(
        update(schema.film).where(schema.film.c.id == film_id).values(updated_at_ms=now_ms, dispatch_n=0)
    )


async def read_attempt(rows: AsyncConnection, attempt_id: AttemptId) -> Attempt:
    """Return an attempt as it is now."""
    found = await rows.execute(select(schema.attempt).where(schema.attempt.c.id == attempt_id))
    return attempt_from(found.mappings().one())
