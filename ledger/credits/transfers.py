"""Double entry, two-phase: hold when a film opens, post when a segment is ready, void the rest when the film ends.

A transfer is never changed; each writes two entries that carry the balance they left (`balance_after_mc`, `version`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.credits import MilliCredits, credits_text
from film.errors import InsufficientCredits, InvariantBroken
from film.ids import AccountId, FilmId
from ledger.database import schema
from ledger.database.engine import Database, insert_missing

#: This program's own account: where credits come from and where earned ones go.
PLATFORM: Final = AccountId("house")


class BalanceKind(StrEnum):
    """The four kinds of balance."""

    AVAILABLE = "available"
    HELD = "held"
    REVENUE = "revenue"
    ISSUANCE = "issuance"


class TransferKind(StrEnum):
    """The five kinds of transfer."""

    GRANT = "grant"
    HOLD = "hold"
    POST = "post"
    VOID = "void"
    ADJUST = "adjust"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """One transfer to be written. `idem_key` makes it happen at most once."""

    kind: TransferKind
    account: AccountId
    amount_mc: int
    idem_key: str
    film: FilmId | None = None
    segment: int | None = None
    pending_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An account's credits: balance = reserved + available."""

    available_mc: MilliCredits
    reserved_mc: MilliCredits


_Side = tuple[str, BalanceKind]

# What every order runs, built once: building a statement costs more than running it does.
_LOCK_ACCOUNT: Final = select(schema.account.c.id).where(schema.account.c.id == bindparam("whose")).with_for_update()
_LOCK_BALANCES: Final = (
    select(schema.balance.c.account, schema.balance.c.kind, schema.balance.c.amount_mc, schema.balance.c.version)
    .where(tuple_(schema.balance.c.account, schema.balance.c.kind).in_(bindparam("sides", expanding=True)))
    .order_by(schema.balance.c.account, schema.balance.c.kind)
    .with_for_update()
)
_SET_BALANCE: Final = (
    update(schema.balance)
    .where(schema.balance.c.account == bindparam("whose"), schema.balance.c.kind == bindparam("which"))
    .values(amount_mc=bindparam("amount"), version=bindparam("after"))
)
# One statement for all rows: RETURNING in the order of the rows would cost SQLite a statement each.
_INSERT_TRANSFERS: Final = insert(schema.transfer).returning(schema.transfer.c.idem_key, schema.transfer.c.id)


def _sides(transfer: TransferRequest) -> tuple[_Side, _Side]:
    account = transfer.account
    match transfer.kind:
        case TransferKind.GRANT | TransferKind.ADJUST:
            return (PLATFORM, BalanceKind.ISSUANCE), (account, BalanceKind.AVAILABLE)
        case TransferKind.HOLD:
            return (account, BalanceKind.AVAILABLE), (account, BalanceKind.HELD)
        case TransferKind.POST:
            return (account, BalanceKind.HELD), (PLATFORM, BalanceKind.REVENUE)
        case TransferKind.VOID:
            return (account, BalanceKind.HELD), (account, BalanceKind.AVAILABLE)


async def create_transfers(conn: AsyncConnection, transfers: Sequence[TransferRequest], *, now_ms: int) -> list[int]:
    """Write transfers, their entries and balances inside the caller's transaction.

    Returns:
        The transfers' ids, in order.

    Raises:
        InsufficientCredits: An available balance would fall below zero.
        InvariantBroken: A held or earned balance would (I2).
    """
    if not transfers:
        return []
    sides = [_sides(transfer) for transfer in transfers]
    balances = await _lock_sides(conn, {side for pair in sides for side in pair})
    ids = await _insert_transfers(conn, transfers, sides, now_ms)
    entries = []
    for transfer_id, transfer, pair in zip(ids, transfers, sides, strict=True):
        for side, sign in zip(pair, (-1, 1), strict=True):
            amount, version = balances[side]
            balances[side] = (amount + sign * transfer.amount_mc, version + 1)
            entries.append(_entry(transfer_id, side, sign * transfer.amount_mc, balances[side]))
    _check_signs(balances, transfers)
    await conn.execute(insert(schema.entry), entries)
    await conn.execute(
        _SET_BALANCE,
        [
            {"whose": account, "which": kind, "amount": amount, "after": version}
            for (account, kind), (amount, version) in balances.items()
        ],
    )
    return ids


async def _lock_sides(conn: AsyncConnection, sides: set[_Side]) -> dict[_Side, tuple[int, int]]:
    found = await conn.execute(_LOCK_BALANCES, {"sides": sorted(sides)})
    return {(row.account, BalanceKind(row.kind)): (row.amount_mc, row.version) for row in found}


async def _insert_transfers(
    conn: AsyncConnection, transfers: Sequence[TransferRequest], sides: Sequence[tuple[_Side, _Side]], now_ms: int
) -> list[int]:
    values = [
        {
            "kind": transfer.kind,
            "from_account": source[0],
            "from_kind": source[1],
            "to_account": target[0],
            "to_kind": target[1],
            "amount_mc": transfer.amount_mc,
            "pending_id": transfer.pending_id,
            "film": transfer.film,
            "segment": transfer.segment,
            "idem_key": transfer.idem_key,
            "created_at_ms": now_ms,
        }
        for transfer, (source, target) in zip(transfers, sides, strict=True)
    ]
    found = await conn.execute(_INSERT_TRANSFERS, values)
    id_of = {row.idem_key: row.id for row in found}
    return [id_of[transfer.idem_key] for transfer in transfers]


def _entry(transfer_id: int, side: _Side, amount_mc: int, after: tuple[int, int]) -> dict[str, object]:
    return {
        "transfer": transfer_id,
        "account": side[0],
        "kind": side[1],
        "amount_mc": amount_mc,
        "balance_after_mc": after[0],
        "version": after[1],
    }


def _check_signs(balances: dict[_Side, tuple[int, int]], transfers: Sequence[TransferRequest]) -> None:
    for (account, kind), (amount, _) in balances.items():
        if amount >= 0 or kind is BalanceKind.ISSUANCE:
            continue
        if kind is BalanceKind.AVAILABLE:
            needed = sum(transfer.amount_mc for transfer in transfers if transfer.kind is TransferKind.HOLD)
            raise InsufficientCredits(needed=credits_text(needed), available=credits_text(amount + needed))
        raise InvariantBroken(invariant="I2", detail=f"{kind} of {account} would be {credits_text(amount)}")


async def ensure_account(conn: AsyncConnection, account: AccountId, *, now_ms: int) -> None:
    """Open an account if it isn't there, and lock it for the caller's transaction.

    Two orders under one key wait here for each other; the second then finds the first's film.
    """
    whose = {"whose": account}
    if await conn.scalar(_LOCK_ACCOUNT, whose) is not None:
        return
    await insert_missing(conn, schema.account, {"id": account, "created_at_ms": now_ms})
    for kind in (BalanceKind.AVAILABLE, BalanceKind.HELD):
        await insert_missing(conn, schema.balance, {"account": account, "kind": kind, "amount_mc": 0, "version": 0})
    await conn.execute(_LOCK_ACCOUNT, whose)


async def grant(database: Database, account: AccountId, amount_mc: MilliCredits, *, idem_key: str) -> None:
    """Give an account credits, once per `idem_key`.

    Raises:
        IntegrityError: The same key was used before (the caller's key names the reason of the grant).
    """
    transfer = TransferRequest(
        kind=TransferKind.GRANT, account=account, amount_mc=amount_mc, idem_key=f"grant:{idem_key}"
    )
    async with database.transaction() as conn:
        await ensure_account(conn, account, now_ms=database.now_ms())
        await create_transfers(conn, [transfer], now_ms=database.now_ms())


async def total_granted_mc(database: Database, account: AccountId) -> MilliCredits:
    """Return what an account was granted in all."""
    table = schema.transfer
    query = select(func.coalesce(func.sum(table.c.amount_mc), 0)).where(
        table.c.to_account == account, table.c.kind == TransferKind.GRANT
    )
    async with database.snapshot() as conn:
        return MilliCredits(int((await conn.scalar(query)) or 0))


async def balance_of(database: Database, account: AccountId) -> Balance:
    """Return an account's credits; an account nobody opened has none."""
    async with database.snapshot() as conn:
        return await read_balance(conn, account)


async def read_balance(conn: AsyncConnection, account: AccountId) -> Balance:
    """Return an account's credits inside the caller's transaction."""
    table = schema.balance
    found = await conn.execute(select(table.c.kind, table.c.amount_mc).where(table.c.account == account))
    amounts = {BalanceKind(row.kind): row.amount_mc for row in found}
    return Balance(
        available_mc=MilliCredits(amounts.get(BalanceKind.AVAILABLE, 0)),
        reserved_mc=MilliCredits(amounts.get(BalanceKind.HELD, 0)),
    )


async def top_up_for(
    conn: AsyncConnection, film_id: FilmId, account: AccountId, needed_mc: int
) -> list[TransferRequest]:
    """Return the grant, if any, that an account on demand lacks for a film."""
    missing = needed_mc - (await read_balance(conn, account)).available_mc
    if missing <= 0:
        return []
    key = f"grant:film:{film_id}"
    return [TransferRequest(kind=TransferKind.GRANT, account=account, amount_mc=missing, idem_key=key, film=film_id)]
