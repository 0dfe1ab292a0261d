"""Accounts of the HTTP API: opened and filled by whoever runs it."""

import re
import secrets
from typing import Final

from sqlalchemy import select

from film.credits import MilliCredits
from film.errors import AccountUnknown, InvalidRequest
from film.ids import AccountId
from ledger import schema
from ledger.credits import HOUSE, Balance, Movement, TransferKind, ensure_account, move, read_balance
from ledger.database import Books

_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


async def create_account(books: Books, name: str) -> AccountId:
    """Open an account, without credits; one that is there stays as it is.

    Raises:
        InvalidRequest: The name is no name.
    """
    if not _ACCOUNT.fullmatch(name) or name == HOUSE:
        raise InvalidRequest(field="account", reason="1 to 64 of a-z, 0-9, dot, dash and underscore, `house` excepted")
    async with books.writing() as rows:
        await ensure_account(rows, AccountId(name), now_ms=books.now_ms())
    return AccountId(name)


async def account_balance(books: Books, account: AccountId) -> Balance:
    """Return the credits of an account that is there.

    Raises:
        AccountUnknown: There is no such account.
    """
    async with books.reading() as rows:
        if await rows.scalar(select(schema.account.c.id).where(schema.account.c.id == account)) is None:
            raise AccountUnknown(account=account)
        return await read_balance(rows, account)


async def grant_once(books: Books, account: AccountId, amount_mc: MilliCredits, *, reason: str) -> bool:
    """Give an account that is there credits, once per `reason` where one is named.

    Returns:
        Whether they were given by this call.

    Raises:
        AccountUnknown: There is no such account.
    """
    key = f"grant:{account}:{reason or secrets.token_hex(8)}"
    movement = Movement(kind=TransferKind.GRANT, account=account, amount_mc=amount_mc, idem_key=key)
    async with books.writing() as rows:
        # Two that give for one reason wait here for each other.
        known = select(schema.account.c.id).where(schema.account.c.id == account).with_for_update()
        if await rows.scalar(known) is None:
            raise AccountUnknown(account=account)
        if await rows.scalar(select(schema.transfer.c.id).where(schema.transfer.c.idem_key == key)) is not None:
            return False
        await move(rows, [movement], now_ms=books.now_ms())
    return True
