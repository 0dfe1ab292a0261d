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
from ledger import schema
from ledger.database import Books, insert_missing

#: The house's own account: where credits come from and where earned ones go.
HOUSE: Final = AccountId("house")


class Kind(StrEnum):
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
class Movement:
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


_Side = tuple[str, Kind]

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


def _sides(movement: Movement) -> tuple[_Side, _Side]:
    account = movement.account
    match movement.kind:
        case TransferKind.GRANT | TransferKind.ADJUST:
            return (HOUSE, Kind.ISSUANCE), (account, Kind.AVAILABLE)
        case TransferKind.HOLD:
            return (account, Kind.AVAILABLE), (account, Kind.HELD)
        case TransferKind.POST:
            return (account, Kind.HELD), (HOUSE, Kind.REVENUE)
        case TransferKind.VOID:
            return (account, Kind.HELD), (account, Kind.AVAILABLE)


async def move(rows: AsyncConnection, movements: Sequence[Movement], *, now_ms: int) -> list[int]:
    """Write transfers, their entries and balances inside the caller's transaction.

    Returns:
        The transfers' ids, in order.

    Raises:
        InsufficientCredits: An available balance would fall below zero.
        InvariantBroken: A held or earned balance would (I2).
    """
    if not movements:
        return []
    sides = [_sides(movement) for movement in movements]
    balances = await _locked(rows, {side for pair in sides for side in pair})
    ids = await _insert_transfers(rows, movements, sides, now_ms)
    entries = []
    for transfer_id, movement, pair in zip(ids, movements, sides, strict=True):
        for side, sign in zip(pair, (-1, 1), strict=True):
            amount, version = balances[side]
            balances[side] = (amount + sign * movement.amount_mc, version + 1)
            entries.append(_entry(transfer_id, side, sign * movement.amount_mc, balances[side]))
    _check_signs(balances, movements)
    await rows.execute(insert(schema.entry), entries)
    await rows.execute(
        _SET_BALANCE,
        [
            {"whose": account, "which": kind, "amount": amount, "after": version}
            for (account, kind), (amount, version) in balances.items()
        ],
    )
    return ids


async def _locked(rows: AsyncConnection, sides: set[_Side]) -> dict[_Side, tuple[int, int]]:
    found = await rows.execute(_LOCK_BALANCES, {"sides": sorted(sides)})
    return {(row.account, Kind(row.kind)): (row.amount_mc, row.version) for row in found}


async def _insert_transfers(
    rows: AsyncConnection, movements: Sequence[Movement], sides: Sequence[tuple[_Side, _Side]], now_ms: int
) -> list[int]:
    values = [
        {
            "kind": movement.kind,
            "from_account": source[0],
            "from_kind": source[1],
            "to_account": target[0],
            "to_kind": target[1],
            "amount_mc": movement.amount_mc,
            "pending_id": movement.pending_id,
            "film": movement.film,
            "segment": movement.segment,
            "idem_key": movement.idem_key,
            "created_at_ms": now_ms,
        }
        for movement, (source, target) in zip(movements, sides, strict=True)
    ]
    found = await rows.execute(_INSERT_TRANSFERS, values)
    id_of = {row.idem_key: row.id for row in found}
    return [id_of[movement.idem_key] for movement in movements]


def _entry(transfer_id: int, side: _Side, amount_mc: int, after: tuple[int, int]) -> dict[str, object]:
    return {
        "transfer": transfer_id,
        "account": side[0],
        "kind": side[1],
        "amount_mc": amount_mc,
        "balance_after_mc": after[0],
        "version": after[1],
    }


def _check_signs(balances: dict[_Side, tuple[int, int]], movements: Sequence[Movement]) -> None:
    for (account, kind), (amount, _) in balances.items():
        if amount >= 0 or kind is Kind.ISSUANCE:
            continue
        if kind is Kind.AVAILABLE:
            needed = sum(movement.amount_mc for movement in movements if movement.kind is TransferKind.HOLD)
            raise InsufficientCredits(needed=credits_text(needed), available=credits_text(amount + needed))
        raise InvariantBroken(invariant="I2", detail=f"{kind} of {account} would be {credits_text(amount)}")


async def ensure_account(rows: AsyncConnection, account: AccountId, *, now_ms: int) -> None:
    """Open an account if it isn't there, and lock it for the caller's transaction.

    Two orders under one key wait here for each other; the second then finds the first's film.
    """
    whose = {"whose": account}
    if await rows.scalar(_LOCK_ACCOUNT, whose) is not None:
        return
    await insert_missing(rows, schema.account, {"id": account, "created_at_ms": now_ms})
    for kind in (Kind.AVAILABLE, Kind.HELD):
        await insert_missing(rows, schema.balance, {"account": account, "kind": kind, "amount_mc": 0, "version": 0})
    await rows.execute(_LOCK_ACCOUNT, whose)


async def grant(books: Books, account: AccountId, amount_mc: MilliCredits, *, idem_key: str) -> None:
    """Give an account credits, once per `idem_key`.

    Raises:
        IntegrityError: The same key was used before (the caller's key names the reason of the grant).
    """
    movement = Movement(kind=TransferKind.GRANT, account=account, amount_mc=amount_mc, idem_key=f"grant:{idem_key}")
    async with books.writing() as rows:
        await ensure_account(rows, account, now_ms=books.now_ms())
        await move(rows, [movement], now_ms=books.now_ms())


async def granted_mc(books: Books, account: AccountId) -> MilliCredits:
    """Return what an account was granted in all."""
    table = schema.transfer
    query = select(func.coalesce(func.sum(table.c.amount_mc), 0)).where(
        table.c.to_account == account, table.c.kind == TransferKind.GRANT
    )
    async with books.reading() as rows:
        return MilliCredits(int((await rows.scalar(query)) or 0))


async def balance_of(books: Books, account: AccountId) -> Balance:
    """Return an account's credits; an account nobody opened has none."""
    async with books.reading() as rows:
        return await read_balance(rows, account)


async def read_balance(rows: AsyncConnection, account: AccountId) -> Balance:
    """Return an account's credits inside the caller's transaction."""
    table = schema.balance
    found = await rows.execute(select(table.c.kind, table.c.amount_mc).where(table.c.account == account))
    amounts = {Kind(row.kind): row.amount_mc for row in found}
    return Balance(
        available_mc=MilliCredits(amounts.get(Kind.AVAILABLE, 0)), reserved_mc=MilliCredits(amounts.get(Kind.HELD, 0))
    )


async def missing_grant(rows: AsyncConnection, film_id: FilmId, account: AccountId, needed_mc: int) -> list[Movement]:
    """Return the grant, if any, that an account on demand lacks for a film."""
    missing = needed_mc - (await read_balance(rows, account)).available_mc
    if missing <= 0:
        return []
    key = f"grant:film:{film_id}"
    return [Movement(kind=TransferKind.GRANT, account=account, amount_mc=missing, idem_key=key, film=film_id)]
