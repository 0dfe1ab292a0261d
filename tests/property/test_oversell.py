"""Fifty tasks hold at once what one account can't cover: exactly what it covers is held."""

import asyncio

from film.credits import MilliCredits
from film.errors import InsufficientCredits
from film.ids import AccountId
from ledger.audit.run import check_books
from ledger.credits.transfers import TransferKind, TransferRequest, balance_of, create_transfers, grant
from ledger.database.engine import Database

ACME = AccountId("acme")
PRICE_MC = 27_500


async def hold_one_after_another(database: Database, task: int, number: int) -> int:
    """Try some holds, each a transaction of its own; return how many were granted."""
    held = 0
    for each in range(number):
        transfer = TransferRequest(
            kind=TransferKind.HOLD, account=ACME, amount_mc=PRICE_MC, idem_key=f"hold:{task}:{each}", film=None
        )
        try:
            async with database.transaction() as conn:
                await create_transfers(conn, [transfer], now_ms=database.now_ms())
        except InsufficientCredits:
            continue
        held += 1
    return held


async def test_six_hundred_of_a_thousand_holds(database: Database) -> None:
    """1,000 holds by 50 tasks with funds for 600: 600 are granted, 400 refused, nothing is held twice or lost."""
    await grant(database, ACME, MilliCredits(600 * PRICE_MC), idem_key="funds")
    held = await asyncio.gather(*(hold_one_after_another(database, task, 20) for task in range(50)))
    balance = await balance_of(database, ACME)
    assert sum(held) == 600
    assert (balance.available_mc, balance.reserved_mc) == (0, 600 * PRICE_MC)
    await check_books(database)
