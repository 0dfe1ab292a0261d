"""A film's run beside its progress, when Prefect's server never comes."""

import asyncio
import io

import pytest
from rich.console import Console

from film.status import Status
from ledger import films
from ledger.audit import check_books
from service import prefect_server
from service.running import Begun, run_shown
from tasks.ordering import checked_request, order_film
from tasks.studio import Studio

WISH = {"prompt": "A gull", "duration": 4, "provider": "seedance-fast", "resolution": "480p", "language": "en"}


async def test_a_film_is_made_without_a_prefect_that_never_comes(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, the film is made all the same, and nothing looks at it any more: the caller closes the books."""
    monkeypatch.setattr(prefect_server, "_START_S", 0.2)
    server = prefect_server.PrefectServer("http://127.0.0.1:9/api", studio.settings.home, port=None)
    opened = await order_film(studio, checked_request(WISH, studio.settings), idem_key=None)
    before, said = asyncio.all_tasks(), io.StringIO()
    shown = await run_shown(studio, server, Begun(film_id=opened.film_id, told="ordered"), Console(file=said))
    assert shown.film.status is Status.COMPLETED
    assert asyncio.all_tasks() <= before
    assert "ordered" in said.getvalue()
    assert "made without it" in said.getvalue().replace("\n", " ")
    await check_books(studio.books)
    assert (await films.film(studio.books, opened.film_id)).lease_holder is None
