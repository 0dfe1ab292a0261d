"""Reading a vendor's list completely, from vendors whose lists may repeat, shift or lie.

"Absent" is only concluded from a complete read, so anything that makes a read doubtful ends it with
ProviderUnavailable: the caller asks again later, and never pays twice because of a gap.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from film.errors import ProviderUnavailable

#: Pages one read may take; an honest list of the last minutes has two.
PAGES_MAX: Final = 200


class Listed(Protocol):
    """What every list item tells."""

    @property
    def job_id(self) -> str:
        """The vendor's id."""

    @property
    def created_at_s(self) -> float:
        """When the vendor created it, unix seconds."""


ItemT = TypeVar("ItemT", bound=Listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[ItemT]):
    """One page as it came: its items, how many the list has in all, and which page the vendor says it is."""

    items: Sequence[ItemT]
    total: int
    number: int | None = None


#: Reads one page: given the 1-based page number and how many items were read before it.
ReadPage = Callable[[int, int], Awaitable[Page[ItemT]]]


async def read_newest_first(read_page: ReadPage[ItemT], *, since_s: float, vendor: str) -> list[ItemT]:
    """Return the items of a list that is newest first, back to the first page older than `since_s` and one beyond.

    The page beyond is the overlap: an item pushed down by newer jobs while reading is met there again. A list that
    turns out not to be in order is read to its end instead.

    Raises:
        ProviderUnavailable: The read is not complete.
    """
    return await _read(read_page, since_s=since_s, vendor=vendor)


async def read_all(read_page: ReadPage[ItemT], *, vendor: str) -> list[ItemT]:
    """Return every item of a list that promises no order.

    Raises:
        ProviderUnavailable: The read is not complete.
    """
    return await _read(read_page, since_s=None, vendor=vendor)


async def _read(read_page: ReadPage[ItemT], *, since_s: float | None, vendor: str) -> list[ItemT]:
    found: dict[str, ItemT] = {}
    total: int | None = None
    last_at_s: float | None = None
    seen, wanted, in_order, beyond = 0, 0, True, False
    for number in range(1, PAGES_MAX + 1):
        page = await read_page(number, seen)
        _require_same_list(page, number, total, vendor)
        # Newer jobs only push an ordered list down: what stood in it at the first page is enough.
        wanted = page.total if since_s is None or total is None else wanted
        if not page.items:
            return _whole(found, wanted, vendor)
        known = len(found)
        for item in page.items:
            in_order = in_order and (last_at_s is None or item.created_at_s <= last_at_s)
            last_at_s = item.created_at_s
            found.setdefault(item.job_id, item)
        seen, total = seen + len(page.items), page.total
        if seen >= total:
            return _whole(found, wanted, vendor)
        if len(found) == known:
            raise ProviderUnavailable(provider=vendor, detail=f"list page {number} holds nothing new: it can't be read")
        if beyond and in_order:
            return list(found.values())
        beyond = since_s is not None and last_at_s is not None and last_at_s < since_s
    raise ProviderUnavailable(provider=vendor, detail=f"the list has more than {PAGES_MAX} pages")


def _require_same_list(page: Page[ItemT], number: int, total: int | None, vendor: str) -> None:
    """Refuse a page of another number, and a list that got shorter: its later pages moved up past the reader."""
    if page.number is not None and page.number != number:
        raise ProviderUnavailable(provider=vendor, detail=f"asked for list page {number}, was given {page.number}")
    if total is not None and page.total < total:
        raise ProviderUnavailable(provider=vendor, detail="the list got shorter while it was read")


def _whole(found: dict[str, ItemT], total: int, vendor: str) -> list[ItemT]:
    if len(found) < total:
        raise ProviderUnavailable(provider=vendor, detail=f"the list says {total} jobs and showed {len(found)}")
    return list(found.values())
