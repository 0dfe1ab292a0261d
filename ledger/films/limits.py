"""How much a customer may order: films at once an account, orders a minute a key. Counted where the film is written."""

import math
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import TooManyFilms, TooManyOrders
from film.ids import AccountId
from film.status import TERMINAL, Status
from ledger.database import schema

_MINUTE_MS: Final = 60_000
_UNFINISHED: Final = tuple(sorted(set(Status) - TERMINAL))
#: When an account's films may have ended is anybody's guess: ask again in a minute.
_FILM_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLimits:
    """What may be ordered; 0 is no limit."""

    films_at_once: int = 0
    orders_a_minute: int = 0


UNLIMITED: Final = OrderLimits()


async def check_limits(
    conn: AsyncConnection, limits: OrderLimits, *, account: AccountId, api_key: str, now_ms: int
) -> None:
    """Refuse an order that is one too many, inside the transaction that would write it; the account is locked.

    Raises:
        TooManyOrders: The key ordered its share of this minute.
        TooManyFilms: The account's unfinished films are as many as it may have.
    """
    table = schema.film
    if limits.orders_a_minute:
        since = select(table.c.created_at_ms).where(
            table.c.api_key == api_key, table.c.created_at_ms > now_ms - _MINUTE_MS
        )
        newest = (await conn.scalars(since.order_by(table.c.created_at_ms.desc()).limit(limits.orders_a_minute))).all()
        if len(newest) == limits.orders_a_minute:
            wait_s = math.ceil((newest[-1] + _MINUTE_MS - now_ms) / 1000)
            raise TooManyOrders(limit=limits.orders_a_minute, retry_after_s=max(wait_s, 1))
    if limits.films_at_once:
        unfinished = (
            select(table.c.id)
            .where(table.c.account == account, table.c.status.in_(_UNFINISHED))
            .limit(limits.films_at_once)
            .subquery()
        )
        if await conn.scalar(select(func.count()).select_from(unfinished)) == limits.films_at_once:
            raise TooManyFilms(limit=limits.films_at_once, retry_after_s=_FILM_S)
