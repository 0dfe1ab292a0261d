"""API keys: made once, shown once, kept as a hash; rotating one keeps its id, and so its films.

A key is 256 random bits. Its row holds HMAC-SHA256(pepper, key); its webhook secret is derived from the pepper and a
salt in the row. Whoever reads the database alone can neither call the API nor sign a webhook (I20).
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import insert, select, update

from film.errors import AccountUnknown, ApiKeyRefused, ApiKeyUnknown
from film.ids import AccountId
from ledger.database import schema
from ledger.database.engine import Database

_KEY: Final = re.compile(r"sk-[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls the API: a key and the account that pays for it."""

    key_id: str
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A key as it is shown, this once."""

    key_id: str
    secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """A key as it is listed: never its secret. Times are unix milliseconds."""

    key_id: str
    account: AccountId
    created_at_ms: int
    disabled_at_ms: int | None


async def create_key(database: Database, account: AccountId, *, pepper: bytes) -> IssuedKey:
    """Make an account a new key.

    Raises:
        AccountUnknown: There is no such account.
    """
    key_id, salt = f"key_{secrets.token_hex(8)}", secrets.token_hex(16)
    fresh = _fresh(key_id, salt, pepper)
    async with database.transaction() as conn:
        if await conn.scalar(select(schema.account.c.id).where(schema.account.c.id == account)) is None:
            raise AccountUnknown(account=account)
        await conn.execute(
            insert(schema.api_key).values(
                id=key_id,
                account=account,
                hash=_hash(fresh.secret, pepper),
                webhook_secret=salt,
                created_at_ms=database.now_ms(),
            )
        )
    return fresh


async def rotate_key(database: Database, key_id: str, *, pepper: bytes) -> IssuedKey:
    """Give a key a new secret and a new webhook secret; the old ones are worth nothing from now on.

    Raises:
        ApiKeyUnknown: There is no such key.
    """
    salt = secrets.token_hex(16)
    fresh = _fresh(key_id, salt, pepper)
    await _change(database, key_id, hash=_hash(fresh.secret, pepper), webhook_secret=salt, disabled_at_ms=None)
    return fresh


async def revoke_key(database: Database, key_id: str) -> None:
    """Disable a key; `rotate_key` brings it back under a new secret.

    Raises:
        ApiKeyUnknown: There is no such key.
    """
    await _change(database, key_id, disabled_at_ms=database.now_ms())


async def list_keys(database: Database, account: AccountId | None = None) -> Sequence[KeyInfo]:
    """Return all keys, the oldest first; of one account if named."""
    table = schema.api_key
    query = select(table.c.id, table.c.account, table.c.created_at_ms, table.c.disabled_at_ms)
    if account is not None:
        query = query.where(table.c.account == account)
    async with database.snapshot() as conn:
        found = await conn.execute(query.order_by(table.c.created_at_ms, table.c.id))
        return [
            KeyInfo(
                key_id=row.id,
                account=AccountId(row.account),
                created_at_ms=row.created_at_ms,
                disabled_at_ms=row.disabled_at_ms,
            )
            for row in found
        ]


async def authenticate(database: Database, secret: str, *, pepper: bytes) -> Caller:
    """Return who a bearer key belongs to.

    Raises:
        ApiKeyRefused: It is malformed, unknown or disabled; nobody learns which.
    """
    if not _KEY.fullmatch(secret):
        raise ApiKeyRefused
    table, wanted = schema.api_key, _hash(secret, pepper)
    async with database.snapshot() as conn:
        found = await conn.execute(
            select(table.c.id, table.c.account, table.c.hash, table.c.disabled_at_ms).where(table.c.hash == wanted)
        )
        row = found.first()
    if row is None or row.disabled_at_ms is not None or not hmac.compare_digest(row.hash, wanted):
        raise ApiKeyRefused
    return Caller(key_id=row.id, account=AccountId(row.account))


def webhook_secret(key_id: str, salt: str, pepper: bytes) -> str:
    """Return a key's webhook secret as Standard Webhooks writes it: `whsec_` and 32 bytes in base64."""
    mac = hmac.new(pepper, f"webhook:{key_id}:{salt}".encode(), hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(mac).decode()}"


def _fresh(key_id: str, salt: str, pepper: bytes) -> IssuedKey:
    secret = f"sk-{secrets.token_urlsafe(32)}"
    return IssuedKey(key_id=key_id, secret=secret, webhook_secret=webhook_secret(key_id, salt, pepper))


def _hash(secret: str, pepper: bytes) -> str:
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


async def _change(database: Database, key_id: str, **values: object) -> None:
    async with database.transaction() as conn:
        changed = await conn.execute(update(schema.api_key).where(schema.api_key.c.id == key_id).values(**values))
        if changed.rowcount == 0:
            raise ApiKeyUnknown(key_id=key_id)
