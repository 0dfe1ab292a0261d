"""A film's run beside its progress, when Prefect's server never comes."""

import asyncio
import io

import pytest
from rich.console import Console

from app.context import AppContext
from film.status import Status
from ledger.audit.run import check_books
from ledger.films import queries
from service.cli.flow_run import StartedFilm, run_with_progress
from service.prefect import server as prefect_server
from tasks.films.ordering import order_film, validate_request

WISH = {"prompt": "A gull", "duration": 4, "provider": "seedance-fast", "resolution": "480p", "language": "en"}


async def test_a_film_is_made_without_a_prefect_that_never_comes(
    ctx: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, the film is made all the same, and nothing looks at it any more: the caller closes the ledger."""
    monkeypatch.setattr(prefect_server, "_START_S", 0.2)
    server = prefect_server.PrefectServer("http://127.0.0.1:9/api", ctx.settings.home, port=None)
    opened = await order_film(ctx, validate_request(WISH, ctx.settings), idem_key=None)
    before, said = asyncio.all_tasks(), io.StringIO()
    view = await run_with_progress(
        ctx, server, StartedFilm(film_id=opened.film_id, message="ordered"), Console(file=said)
    )
    assert view.film.status is Status.COMPLETED
    assert asyncio.all_tasks() <= before
    assert "ordered" in said.getvalue()
    assert "made without it" in said.getvalue().replace("\n", " ")
    await check_books(ctx.database)
    assert (await queries.get_film(ctx.database, opened.film_id)).lease_owner is None
