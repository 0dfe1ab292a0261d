"""Sliding rate windows, kept in the file so that a restart forgets nothing."""

import aiosqlite

from simulators.world.clock import Clock
from simulators.world.errors import TooMany

#: Vendor seconds a rate window lasts ("per minute", in every document).
WINDOW_S = 60.0


async def take_place(connection: aiosqlite.Connection, clock: Clock, *, window: str, user: str, limit: int) -> None:
    """Take one of `limit` places in the user's last simulated minute. Call it inside a transaction.

    Raises:
        TooMany: No place is free; nothing was taken.
    """
    now_ms = clock.now_ms()
    length_ms = clock.scaled_ms(WINDOW_S)
    await connection.execute(
        "DELETE FROM passage WHERE name = ? AND user = ? AND at_ms <= ?", (window, user, now_ms - length_ms)
    )
    async with connection.execute(
        "SELECT at_ms FROM passage WHERE name = ? AND user = ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?",
        (window, user, limit - 1),
    ) as cursor:
        row = await cursor.fetchone()
    if row is not None:
        raise TooMany(retry_after_s=(row["at_ms"] + length_ms - now_ms) / 1000)
    await connection.execute("INSERT INTO passage (name, user, at_ms) VALUES (?, ?, ?)", (window, user, now_ms))
