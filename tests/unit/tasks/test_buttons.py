"""Prefect's Cancel button works for as long as the process lives, whatever one look meets."""

import asyncio
import contextvars
from collections.abc import Sequence
from uuid import UUID, uuid4

from film.ids import LOCAL_ACCOUNT
from film.request import parse_request
from film.status import Status
from ledger import films
from ledger.database import Books
from ledger.films import Customer, open_film
from tasks.buttons import Buttons

_LOCAL = Customer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
_RUN: contextvars.ContextVar[str] = contextvars.ContextVar("run", default="the process")


async def test_a_look_that_fails_is_followed_by_one_that_cancels(books: Books) -> None:
    """An error nobody thought of in one look reaches no film; the next look cancels, outside any film's context."""
    request = parse_request({"prompt": "A gull", "duration": 4, "language": "en"})
    opened = await open_film(books, request, _LOCAL, idem_key=None, simulated=True)
    flow_run_id, answers, seen = uuid4(), [ValueError("odd")], []

    async def ask(ids: Sequence[UUID]) -> Sequence[UUID]:
        seen.append(_RUN.get())
        if answers:
            raise answers.pop()
        return ids

    buttons = Buttons(books)
    async with asyncio.timeout(60), buttons.running():
        _RUN.set("the first film's")
        with buttons.watched(flow_run_id, opened.film_id, ask):
            while (await films.film(books, opened.film_id)).status is not Status.CANCELED:  # noqa: ASYNC110 - rows tell nobody
                await asyncio.sleep(0.05)
    assert seen[:2] == ["the process", "the process"]
