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
from ledger.database.engine import Database, open_database, sqlite_url
from ledger.database.records import FilmError
from ledger.films import queries, stages
from ledger.films.orders import Payer, open_film
from ledger.films.settlement import cancel_film, fail_film
from ledger.leases import Lease, take_lease
from service.cli.output import film_text, films_table
from service.cli.progress import picture
from tests.databases import HandClock

BOARD = Storyboard(
    title="城市的早晨",
    style="s",
    music="m",
    shots=tuple(Shot(index=index, prompt="a street", narration="一切从这里开始。") for index in range(3)),
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return empty database."""
    opened = await open_database(sqlite_url(tmp_path / "b.db"), HandClock(), migrate=True)
    yield opened
    await opened.close()


@pytest.fixture
async def lease(database: Database) -> Lease:
    """Return the lease of a fresh film of three segments."""
    request = parse_request({"prompt": "城市", "duration": 17, "language": "zh"})
    payer = Payer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
    opened = await open_film(database, request, payer, idem_key=None, simulated=True)
    return await take_lease(database, opened.film_id, owner="me", lease_s=60)


async def shown(database: Database, lease: Lease) -> str:
    """Return the picture of a film as text."""
    film, segments = (
        await queries.get_film(database, lease.film_id),
        await queries.get_segments(database, lease.film_id),
    )
    console = Console(file=StringIO(), width=100, force_terminal=False)
    console.print(picture(film, segments, now_ms=database.now_ms()))
    console.print(films_table([film]))
    console.print(film_text(film, ()))
    return console.file.getvalue()  # type: ignore[attr-defined]


async def test_every_status_can_be_shown(database: Database, lease: Lease) -> None:
    """From queued to delivering: one line a stage, one a segment, credits; then the failure and what went back."""
    text = await shown(database, lease)
    assert "queued" in text
    assert "0 charged of 467.5" in text
    await stages.save_storyboard(database, lease, BOARD)
    for status in list(Status)[1 : list(Status).index(Status.COMPLETED)]:
        await stages.enter_stage(database, lease, status)
        text = await shown(database, lease)
        assert status in text
    assert text.count("一切从这里开始。") == 3
    error = FilmError(code=ErrorCode.DELIVERY_FAILED, message="the disk is gone", stage=Status.DELIVERING)
    await fail_film(database, lease, error)
    text = await shown(database, lease)
    assert "failed in delivering (delivery_failed): the disk is gone" in text
    assert "467.5 given back" in text


async def test_a_film_canceled_at_once_can_be_shown(database: Database, lease: Lease) -> None:
    """No stage was ever reached."""
    await cancel_film(database, lease.film_id)
    assert "canceled" in await shown(database, lease)
