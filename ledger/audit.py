"""The invariants, asserted. A film's own are checked in the transaction that ends it; `longvideo audit` checks all."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import InvariantBroken
from film.ids import FilmId
from film.status import SegmentState, Status
from ledger import schema
from ledger.credits import Kind, TransferKind
from ledger.database import Books


async def check_film(rows: AsyncConnection, film_id: FilmId) -> None:
    """Check what must hold of one film, inside the caller's transaction (I4 to I8 for its own rows).

    Raises:
        InvariantBroken: Something doesn't; the transaction must not commit.
    """
    holds, posts, voids = [await _total(rows, film_id, kind) for kind in _PHASES]
    row = (
        await rows.execute(
            select(schema.film.c.status, schema.film.c.cost_estimate_mc, schema.film.c.cost_actual_mc).where(
                schema.film.c.id == film_id
            )
        )
    ).one()
    status = Status(row.status)
    if holds != row.cost_estimate_mc:
        raise InvariantBroken(invariant="I4", detail=f"{film_id} holds {holds} of an estimate {row.cost_estimate_mc}")
    if status.terminal and holds != posts + voids:
        raise InvariantBroken(invariant="I6", detail=f"{film_id} ended with {holds - posts - voids} still held")
    ready = await rows.scalar(
        select(func.coalesce(func.sum(schema.segment.c.price_mc), 0)).where(
            schema.segment.c.film == film_id,
            schema.segment.c.state == SegmentState.READY,
            schema.segment.c.hold.is_not(None),
        )
    )
    if ready != posts:
        raise InvariantBroken(invariant="I7", detail=f"{film_id} posted {posts} for ready segments worth {ready}")
    if status.terminal and row.cost_actual_mc != posts:
        raise InvariantBroken(invariant="I8", detail=f"{film_id} says it cost {row.cost_actual_mc}, posted {posts}")
    if status is Status.COMPLETED and posts != row.cost_estimate_mc:
        raise InvariantBroken(invariant="I8", detail=f"{film_id} completed at {posts} of {row.cost_estimate_mc}")


_PHASES = (TransferKind.HOLD, TransferKind.POST, TransferKind.VOID)


async def _total(rows: AsyncConnection, film_id: FilmId, kind: TransferKind) -> int:
    table = schema.transfer
    query = select(func.coalesce(func.sum(table.c.amount_mc), 0)).where(table.c.film == film_id, table.c.kind == kind)
    return int((await rows.scalar(query)) or 0)


async def check_books(books: Books) -> None:
    """Check what must hold of all balances (I1 to I5).

    Raises:
        InvariantBroken: Something doesn't.
    """
    async with books.reading() as rows:
        total = await rows.scalar(select(func.coalesce(func.sum(schema.balance.c.amount_mc), 0)))
        if total != 0:
            raise InvariantBroken(invariant="I1", detail=f"all balances sum to {total}")
        await _check_balances(rows)
        await _check_held(rows)
        await _check_resolutions(rows)


async def _check_balances(rows: AsyncConnection) -> None:
    balance, entry = schema.balance, schema.entry
    sums = (
        select(
            entry.c.account,
            entry.c.kind,
            func.sum(entry.c.amount_mc).label("total"),
            func.count().label("number"),
            func.max(entry.c.version).label("last"),
        )
        .group_by(entry.c.account, entry.c.kind)
        .subquery()
    )
    found = await rows.execute(
        select(balance, sums.c.total, sums.c.number, sums.c.last).outerjoin(
            sums, (sums.c.account == balance.c.account) & (sums.c.kind == balance.c.kind)
        )
    )
    for row in found:
        where = f"{row.kind} of {row.account}"
        if row.amount_mc < 0 and row.kind != Kind.ISSUANCE:
            raise InvariantBroken(invariant="I2", detail=f"{where} is {row.amount_mc}")
        if row.amount_mc != (row.total or 0):
            raise InvariantBroken(invariant="I3", detail=f"{where} is {row.amount_mc}, its entries sum to {row.total}")
        if row.version != (row.number or 0) or row.version != (row.last or 0):
            raise InvariantBroken(invariant="I3", detail=f"{where} has a gap in its versions")


async def _check_held(rows: AsyncConnection) -> None:
    hold, end = schema.transfer.alias("hold"), schema.transfer.alias("resolution")
    opened = await rows.execute(
        select(hold.c.from_account, func.sum(hold.c.amount_mc))
        .outerjoin(end, end.c.pending_id == hold.c.id)
        .where(hold.c.kind == TransferKind.HOLD, end.c.id.is_(None))
        .group_by(hold.c.from_account)
    )
    open_holds = {row[0]: row[1] for row in opened}
    held = await rows.execute(
        select(schema.balance.c.account, schema.balance.c.amount_mc).where(schema.balance.c.kind == Kind.HELD)
    )
    for account, amount_mc in held:
        if amount_mc != open_holds.get(account, 0):
            detail = f"{account} has {amount_mc} held, its open holds sum to {open_holds.get(account, 0)}"
            raise InvariantBroken(invariant="I4", detail=detail)


async def _check_resolutions(rows: AsyncConnection) -> None:
    hold, end = schema.transfer.alias("hold"), schema.transfer.alias("resolution")
    found = await rows.execute(
        select(end.c.id, end.c.amount_mc, hold.c.amount_mc.label("held"))
        .join(hold, hold.c.id == end.c.pending_id)
        .where(end.c.amount_mc != hold.c.amount_mc)
        .limit(1)
    )
    row = found.first()
    if row is not None:
        raise InvariantBroken(invariant="I5", detail=f"transfer {row.id} moves {row.amount_mc} of a hold of {row.held}")
