"""An account's statement: every entry on what it has and what is held of it, each with the balance it left."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from film.credits import MilliCredits
from film.ids import AccountId, FilmId
from ledger.credits.transfers import BalanceKind, TransferKind
from ledger.database import schema
from ledger.database.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One line: what moved, why, and what the balance was after it. Times are unix milliseconds."""

    id: int
    kind: TransferKind
    balance: BalanceKind
    amount_mc: MilliCredits
    balance_after_mc: MilliCredits
    film: FilmId | None
    segment: int | None
    created_at_ms: int


async def statement(
    database: Database, account: AccountId, *, limit: int, after: int | None = None
) -> tuple[Sequence[StatementEntry], bool]:
    """Return a page of an account's entries, newest first, and whether there are more.

    Args:
        database: The ledger.
        account: Whose.
        limit: The most entries.
        after: The id of the last entry of the page before.
    """
    entry, transfer = schema.entry.c, schema.transfer.c
    query = (
        select(schema.entry, transfer.kind.label("transfer_kind"), transfer.film, transfer.segment)
        .add_columns(transfer.created_at_ms)
        .join(schema.transfer, transfer.id == entry.transfer)
        .where(entry.account == account, entry.kind.in_((BalanceKind.AVAILABLE, BalanceKind.HELD)))
        .order_by(entry.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(entry.id < after)
    async with database.snapshot() as conn:
        found = (await conn.execute(query)).all()
    page = [
        StatementEntry(
            id=row.id,
            kind=TransferKind(row.transfer_kind),
            balance=BalanceKind(row.kind),
            amount_mc=MilliCredits(row.amount_mc),
            balance_after_mc=MilliCredits(row.balance_after_mc),
            film=None if row.film is None else FilmId(row.film),
            segment=row.segment,
            created_at_ms=row.created_at_ms,
        )
        for row in found[:limit]
    ]
    return page, len(found) > limit
