"""The API over real books on both databases, and a store on disk, in the test's own process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.parts import Parts
from ledger.database import Books, open_books
from store.links import Links
from store.objects import Objects
from tests.api.house import BASE, PEPPER, House
from tests.databases import HandClock


def house_over(books: Books, clock: HandClock, folder: Path) -> House:
    """Return a house over open books."""
    objects = Objects(f"file://{folder / 'store'}")
    links = Links(objects=objects, public_url=BASE, secret=b"links", clock=clock)
    parts = Parts(books=books, links=links, pepper=PEPPER, simulated=True)
    return House(books=books, clock=clock, objects=objects, parts=parts, folder=folder)


@pytest.fixture
async def house(url: str, clock: HandClock, tmp_path: Path) -> AsyncIterator[House]:
    """Return a house on each of the databases."""
    books = await open_books(url, clock, migrate=False)
    opened = house_over(books, clock, tmp_path)
    yield opened
    await opened.close()
    await books.close()


@pytest.fixture
async def lite(sqlite_template: Path, clock: HandClock, tmp_path: Path) -> AsyncIterator[House]:
    """Return a house on SQLite alone, for what no database can change."""
    (tmp_path / "books.db").write_bytes(sqlite_template.read_bytes())
    books = await open_books(f"sqlite+aiosqlite:///{tmp_path / 'books.db'}", clock, migrate=False)
    opened = house_over(books, clock, tmp_path)
    yield opened
    await opened.close()
    await books.close()


@pytest.fixture
async def client(house: House) -> httpx.AsyncClient:
    """Return a client with a key of its own and 100,000 credits."""
    return house.client((await house.key()).secret)
