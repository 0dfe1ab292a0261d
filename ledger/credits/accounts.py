"""Accounts of the HTTP API: opened and filled by whoever runs it."""

import re
import secrets
from typing import Final

from sqlalchemy import select

from film.credits import MilliCredits
from film.errors import AccountUnknown, InvalidRequest
from film.ids import AccountId
from ledger.credits.transfers import (
    PLATFORM,
    Balance,
    TransferKind,
    TransferRequest,
    create_transfers,
    ensure_account,
    read_balance,
)
from ledger.database import schema
from ledger.database.engine import Database

_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


async def create_account(database: Database, name: str) -> AccountId:
    """Open an account, without credits; one that is there stays as it is.

    Raises:
        InvalidRequest: The name is no name.
    """
    if not _ACCOUNT.fullmatch(name) or name == PLATFORM:
        raise InvalidRequest(field="account", reason="1 to 64 of a-z, 0-9, dot, dash and underscore, `house` excepted")
    async with database.transaction() as conn:
        await ensure_account(conn, AccountId(name), now_ms=database.now_ms())
    return AccountId(name)


async def account_balance(database: Database, account: AccountId) -> Balance:
    """Return the credits of an account that is there.

    Raises:
        AccountUnknown: There is no such account.
    """
    async with database.snapshot() as conn:
        if await conn.scalar(select(schema.account.c.id).where(schema.account.c.id == account)) is None:
            raise AccountUnknown(account=account)
        return await read_balance(conn, account)


async def grant_once(database: Database, account: AccountId, amount_mc: MilliCredits, *, reason: str) -> bool:
    """Give an account that is there credits, once per `reason` where one is named.

    Returns:
        Whether they were given by this call.

    Raises:
        AccountUnknown: There is no such account.
    """
    key = f"grant:{account}:{reason or secrets.token_hex(8)}"
    transfer = TransferRequest(kind=TransferKind.GRANT, account=account, amount_mc=amount_mc, idem_key=key)
    async with database.transaction() as conn:
        # Two that give for one reason wait here for each other.
        known = select(schema.account.c.id).where(schema.account.c.id == account).with_for_update()
        if await conn.scalar(known) is None:
            raise AccountUnknown(account=account)
        if await conn.scalar(select(schema.transfer.c.id).where(schema.transfer.c.idem_key == key)) is not None:
            return False
        await create_transfers(conn, [transfer], now_ms=database.now_ms())
    return True
