"""Prefect's Cancel button works for as long as the process lives, whatever one look meets."""

import asyncio
import contextvars
from collections.abc import Sequence
from uuid import UUID, uuid4

from app.cancel_watch import CancelWatcher
from film.ids import LOCAL_ACCOUNT
from film.request import parse_request
from film.status import Status
from ledger.database.engine import Database
from ledger.films import queries
from ledger.films.orders import Payer, open_film

_LOCAL = Payer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
_RUN: contextvars.ContextVar[str] = contextvars.ContextVar("run", default="the process")


async def test_a_look_that_fails_is_followed_by_one_that_cancels(database: Database) -> None:
    """An error nobody thought of in one look reaches no film; the next look cancels, outside any film's context."""
    request = parse_request({"prompt": "A gull", "duration": 4, "language": "en"})
    opened = await open_film(database, request, _LOCAL, idem_key=None, simulated=True)
    flow_run_id, answers, seen = uuid4(), [ValueError("odd")], []

    async def ask(ids: Sequence[UUID]) -> Sequence[UUID]:
        seen.append(_RUN.get())
        if answers:
            raise answers.pop()
        return ids

    cancel_watcher = CancelWatcher(database)
    async with asyncio.timeout(60), cancel_watcher.running():
        _RUN.set("the first film's")
        with cancel_watcher.watch(flow_run_id, opened.film_id, ask):
            while (await queries.get_film(database, opened.film_id)).status is not Status.CANCELED:  # noqa: ASYNC110 - rows tell nobody
                await asyncio.sleep(0.05)
    assert seen[:2] == ["the process", "the process"]
