"""A few at once: how the audit asks for many things."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from ledger.audit.check import Finding

_AT_ONCE: Final = 8


_ItemT = TypeVar("_ItemT")


async def gather_limited(items: Iterable[_ItemT], look: Callable[[_ItemT], Awaitable[list[Finding]]]) -> list[Finding]:
    """Look at every item, a few at once, and return all that was found, in the items' order."""
    queue, found = iter(enumerate(items)), dict[int, list[Finding]]()

    async def work() -> None:
        for number, item in queue:
            found[number] = await look(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())
    return [finding for number in sorted(found) for finding in found[number]]
