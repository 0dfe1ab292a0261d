"""Reading a vendor's list completely, from vendors whose lists may repeat, shift or lie.

"Absent" is only concluded from a complete read, so anything that makes a read doubtful ends it with
ProviderUnavailable: the caller asks again later, and never pays twice because of a gap.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, Generic, Protocol, TypeVar

from film.errors import ProviderUnavailable

#: Pages one read may take: an honest list of the last minutes has two, a whole one of 20 a page some hundreds.
PAGES_MAX: Final = 1000
_PASSES_MAX: Final = 3
#: By how much the clocks of a vendor's machines may differ before its list counts as out of order, in seconds.
_DISORDER_S: Final = 60.0


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


async def paginate_newest_first(read_page: ReadPage[ItemT], *, since_s: float, vendor: str) -> list[ItemT]:
    """Return the items of a list that is newest first, back to the first page older than `since_s` and one beyond.

    The page beyond is the overlap: an item pushed down by newer jobs while reading is met there again. A list that
    turns out not to be in order is read as one that promises none.

    Raises:
        ProviderUnavailable: The read is not complete.
    """
    found: dict[str, ItemT] = {}
    # Newer jobs only push the list down, so what stood in it at the first page is all that has to be met.
    stood: int | None = None
    total, seen, last_at_s, beyond = 0, 0, inf, False
    for number in range(1, PAGES_MAX + 1):
        page = await read_page(number, seen)
        _require_same_list(page, number, total, vendor)
        total, stood, seen = page.total, page.total if stood is None else stood, seen + len(page.items)
        known = len(found)
        for item in page.items:
            if item.created_at_s > last_at_s + _DISORDER_S:
                return await paginate_all(read_page, vendor=vendor)
            last_at_s = min(last_at_s, item.created_at_s)
            found.setdefault(item.job_id, item)
        if seen >= total or not page.items:
            return _whole(found, stood, vendor)
        if len(found) == known:
            raise ProviderUnavailable(provider=vendor, detail=f"list page {number} holds nothing new: it can't be read")
        if beyond:
            return list(found.values())
        beyond = all(item.created_at_s < since_s for item in page.items)
    raise ProviderUnavailable(provider=vendor, detail=f"the list has more than {PAGES_MAX} pages")


async def paginate_all(read_page: ReadPage[ItemT], *, vendor: str) -> list[ItemT]:
    """Return every item of a list that promises no order.

    A list that moves while it is read may hide a job, so only a pass in which it stood still counts; up to three are
    tried.

    Raises:
        ProviderUnavailable: The read is not complete.
    """
    for _ in range(_PASSES_MAX):
        found = await _stable_pass(read_page, vendor)
        if found is not None:
            return found
    raise ProviderUnavailable(provider=vendor, detail="the list moves too much to be read whole")


async def _stable_pass(read_page: ReadPage[ItemT], vendor: str) -> list[ItemT] | None:
    """Return all items, or None if the total or the first page changed meanwhile, or not all were shown."""
    first = page = await read_page(1, 0)
    found = {item.job_id: item for item in page.items}
    seen, number = len(page.items), 1
    while page.items and seen < first.total:
        number += 1
        if number > PAGES_MAX:
            raise ProviderUnavailable(provider=vendor, detail=f"the list has more than {PAGES_MAX} pages")
        page = await read_page(number, seen)
        if page.total != first.total:
            return None
        found.update((item.job_id, item) for item in page.items)
        seen += len(page.items)
    if len(found) != first.total:
        return None
    stood = number == 1 or _ids(await read_page(1, 0)) == _ids(first)
    return list(found.values()) if stood else None


def _ids(page: Page[ItemT]) -> list[str]:
    return [item.job_id for item in page.items]


def _require_same_list(page: Page[ItemT], number: int, total: int, vendor: str) -> None:
    """Refuse a page of another number, and a list that got shorter: its later pages moved up past the reader."""
    if page.number is not None and page.number != number:
        raise ProviderUnavailable(provider=vendor, detail=f"asked for list page {number}, was given {page.number}")
    if page.total < total:
        raise ProviderUnavailable(provider=vendor, detail="the list got shorter while it was read")


def _whole(found: dict[str, ItemT], total: int, vendor: str) -> list[ItemT]:
    if len(found) < total:
        raise ProviderUnavailable(provider=vendor, detail=f"the list says {total} jobs and showed {len(found)}")
    return list(found.values())
