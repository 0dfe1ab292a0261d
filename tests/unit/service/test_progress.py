"""The picture in the terminal holds at every moment of a film's life."""

from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from film.ids import LOCAL_ACCOUNT
from film.request import parse_request
from film.status import ErrorCode, Status
from film.storyboard import Shot, Storyboard
from ledger import films, stages
from ledger.database import Books, open_books, sqlite_url
from ledger.ending import cancel_film, fail_film
from ledger.films import Customer, open_film
from ledger.leases import Lease, take_lease
from ledger.rows import Fault
from service.progress import picture
from service.telling import film_text, films_table
from tests.databases import HandClock

BOARD = Storyboard(
    title="城市的早晨",
    style="s",
    music="m",
    shots=tuple(Shot(index=index, prompt="a street", narration="一切从这里开始。") for index in range(3)),
)


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    """Return empty books."""
    opened = await open_books(sqlite_url(tmp_path / "b.db"), HandClock(), migrate=True)
    yield opened
    await opened.close()


@pytest.fixture
async def lease(books: Books) -> Lease:
    """Return the lease of a fresh film of three segments."""
    request = parse_request({"prompt": "城市", "duration": 17, "language": "zh"})
    customer = Customer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
    opened = await open_film(books, request, customer, idem_key=None, simulated=True)
    return await take_lease(books, opened.film_id, holder="me", lease_s=60)


async def shown(books: Books, lease: Lease) -> str:
    """Return the picture of a film as text."""
    film, segments = await films.film(books, lease.film_id), await films.segments(books, lease.film_id)
    console = Console(file=StringIO(), width=100, force_terminal=False)
    console.print(picture(film, segments, now_ms=books.now_ms()))
    console.print(films_table([film]))
    console.print(film_text(film, ()))
    return console.file.getvalue()  # type: ignore[attr-defined]


async def test_every_status_can_be_shown(books: Books, lease: Lease) -> None:
    """From queued to delivering: one line a stage, one a segment, credits; then the failure and what went back."""
    text = await shown(books, lease)
    assert "queued" in text
    assert "0 charged of 467.5" in text
    await stages.save_storyboard(books, lease, BOARD)
    for status in list(Status)[1 : list(Status).index(Status.COMPLETED)]:
        await stages.enter_stage(books, lease, status)
        text = await shown(books, lease)
        assert status in text
    assert text.count("一切从这里开始。") == 3
    fault = Fault(code=ErrorCode.DELIVERY_FAILED, message="the disk is gone", stage=Status.DELIVERING)
    await fail_film(books, lease, fault)
    text = await shown(books, lease)
    assert "failed in delivering (delivery_failed): the disk is gone" in text
    assert "467.5 given back" in text


async def test_a_film_canceled_at_once_can_be_shown(books: Books, lease: Lease) -> None:
    """No stage was ever reached."""
    await cancel_film(books, lease.film_id)
    assert "canceled" in await shown(books, lease)
