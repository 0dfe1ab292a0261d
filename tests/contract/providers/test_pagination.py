"""A list that repeats, shifts or lies yields a complete answer or none at all, and always an end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from film.errors import ProviderUnavailable
from providers.http.pagination import PAGES_MAX, Page, ReadPage, paginate_all, paginate_newest_first


@dataclass(frozen=True)
class Item:
    """A listed job."""

    job_id: str
    created_at_s: float


def jobs(newest: int, oldest: int) -> list[Item]:
    """Return jobs that are named by the second they were created in, newest first."""
    return [Item(str(at), float(at)) for at in range(newest, oldest - 1, -1)]


Change = Callable[[list[Item], int], None]


class PagedList:
    """A vendor's list, `size` a page; `after_page` may change it between two pages."""

    def __init__(
        self, items: Sequence[Item], *, size: int = 10, after_page: Callable[[list[Item], int], None] | None = None
    ):
        self.items = list(items)
        self.size = size
        self.reads: list[int] = []
        self._after_page = after_page

    async def by_page(self, number: int, _seen: int) -> Page[Item]:
        """Read it by page number, as ListenHub's is."""
        start = (number - 1) * self.size
        return self._read(start, number)

    async def by_offset(self, number: int, seen: int) -> Page[Item]:
        """Read it by offset, as vibegen's is."""
        return self._read(seen, number)

    def _read(self, start: int, number: int) -> Page[Item]:
        self.reads.append(number)
        page = Page(items=self.items[start : start + self.size], total=len(self.items))
        if self._after_page is not None:
            self._after_page(self.items, number)
        return page


async def test_reading_ends_one_page_beyond_the_first_page_that_is_all_too_old() -> None:
    listed = PagedList(jobs(100, 1))
    found = await paginate_newest_first(listed.by_page, since_s=75, vendor="v")
    assert listed.reads == [1, 2, 3, 4, 5]  # 3 still holds some, 4 is too old, 5 is the overlap
    assert {item.job_id for item in found} == {str(at) for at in range(51, 101)}


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 35])
async def test_a_short_list_is_read_whole(count: int) -> None:
    items = jobs(count, 1)
    assert await paginate_newest_first(PagedList(items).by_page, since_s=-1, vendor="v") == items
    assert await paginate_all(PagedList(items).by_offset, vendor="v") == items


async def test_jobs_that_come_while_reading_hide_none_that_stood_there() -> None:
    listed = PagedList(
        jobs(30, 1), after_page=lambda items, number: items.insert(0, Item(f"new{number}", 100.0 + number))
    )
    found = await paginate_newest_first(listed.by_page, since_s=-1, vendor="v")
    assert {str(at) for at in range(1, 31)} <= {item.job_id for item in found}


async def test_a_list_out_of_order_is_read_to_its_end() -> None:
    items = [Item(str(at), at * 100.0) for at in range(50, 0, -1)]
    items[3], items[47] = items[47], items[3]
    found = await paginate_newest_first(PagedList(items).by_page, since_s=4500, vendor="v")
    assert len(found) == 50


async def test_machines_whose_clocks_differ_a_little_keep_the_order() -> None:
    items = jobs(100, 1)
    items[3], items[47] = items[47], items[3]
    listed = PagedList(items)
    await paginate_newest_first(listed.by_page, since_s=75, vendor="v")
    assert max(listed.reads) < 10


async def test_a_list_without_order_is_read_again_when_new_jobs_shifted_it() -> None:
    def arrive(items: list[Item], number: int) -> None:
        if len(items) < 31:
            items.insert(0, Item("new", 100.0))

    found = await paginate_all(PagedList(jobs(30, 1), after_page=arrive).by_offset, vendor="v")
    assert {item.job_id for item in found} == {"new"} | {str(at) for at in range(1, 31)}


def removed(items: list[Item], _number: int) -> None:
    """Take away a job that was read, so that the next page skips one that was not."""
    del items[0]


def swapped(items: list[Item], _number: int) -> None:
    """Do the same unseen by the total: one goes, and a repetition of the last comes."""
    del items[0]
    items.append(items[-1])


def replaced(items: list[Item], _number: int) -> None:
    """Do the same with a job that nobody has seen: every count still fits."""
    del items[0]
    items.append(Item(f"new{len(items)}-{items[0].job_id}", 1e6))


@pytest.mark.parametrize("lie", [removed, swapped, replaced], ids=lambda lie: lie.__name__)
async def test_a_list_that_loses_jobs_while_it_is_read_says_nothing(lie: Change) -> None:
    with pytest.raises(ProviderUnavailable):
        await paginate_newest_first(PagedList(jobs(30, 1), after_page=lie).by_page, since_s=-1, vendor="v")
    with pytest.raises(ProviderUnavailable):
        await paginate_all(PagedList(jobs(30, 1), after_page=lie).by_offset, vendor="v")


async def test_a_list_that_loses_jobs_says_nothing_even_if_its_end_is_not_read() -> None:
    listed = PagedList(jobs(100, 1), after_page=removed)
    with pytest.raises(ProviderUnavailable):
        await paginate_newest_first(listed.by_page, since_s=75, vendor="v")


async def same_page(_number: int, _seen: int) -> Page[Item]:
    """Ignore the page that was asked for."""
    return Page(items=jobs(10, 1), total=1000)


async def endless(number: int, _seen: int) -> Page[Item]:
    """Always have one more."""
    return Page(items=[Item(str(number), -float(number))], total=number + 1)


async def empty_too_soon(number: int, _seen: int) -> Page[Item]:
    """Claim more than is ever shown."""
    return Page(items=jobs(10, 1) if number == 1 else [], total=50)


async def another_page(_number: int, _seen: int) -> Page[Item]:
    """Say it is another page than the one asked for."""
    return Page(items=jobs(10, 1), total=50, number=7)


async def doubled(_number: int, _seen: int) -> Page[Item]:
    """Show one job twice and hide another."""
    return Page(items=[*jobs(10, 2), Item("10", 10.0)], total=10)


@pytest.mark.parametrize(
    ("lie", "asked_max"),
    [(same_page, 2), (endless, PAGES_MAX), (empty_too_soon, 2), (another_page, 1), (doubled, 1)],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_lying_list_ends_and_says_nothing(lie: ReadPage[Item], asked_max: int) -> None:
    asked = 0

    async def counted(number: int, seen: int) -> Page[Item]:
        nonlocal asked
        asked += 1
        return await lie(number, seen)

    with pytest.raises(ProviderUnavailable):
        await paginate_newest_first(counted, since_s=-1e9, vendor="v")
    assert asked <= asked_max
    with pytest.raises(ProviderUnavailable):
        await paginate_all(counted, vendor="v")
    assert asked <= 5 * PAGES_MAX
