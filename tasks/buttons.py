"""Prefect's Cancel button: a film whose own flow run is `Cancelling` is canceled in the rows, and everything follows.

One look a second for all runs of this process, whatever started them. Prefect never decides anything else.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import anyio

from film.errors import DatabaseUnusable
from film.ids import FilmId
from ledger.database import Books
from ledger.ending import cancel_film

_LOOK_S: Final = 1.0
#: Tells which of some flow runs somebody wants to be cancelled; none while that can't be told.
Ask = Callable[[Sequence[UUID]], Awaitable[Sequence[UUID]]]


class Buttons:
    """Watches the flow runs of this process's films."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._films: dict[UUID, FilmId] = {}
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watched(self, flow_run_id: UUID | None, film_id: FilmId, ask: Ask) -> AsyncIterator[None]:
        """Watch a film's flow run for the length of the block; None, outside a flow, has no buttons."""
        if flow_run_id is None:
            yield
            return
        self._films[flow_run_id] = film_id
        self._looking = self._looking or asyncio.create_task(self._look_for_ever(ask))
        try:
            yield
        finally:
            del self._films[flow_run_id]
            if not self._films and (looking := self._looking):
                self._looking = None
                looking.cancel()
                with suppress(asyncio.CancelledError), anyio.CancelScope(shield=True):
                    await looking

    async def _look_for_ever(self, ask: Ask) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            for flow_run_id in await ask(list(self._films)):
                film_id = self._films.get(flow_run_id)
                if film_id is not None:
                    with suppress(DatabaseUnusable):  # the ledger is away: the next look asks again
                        await cancel_film(self._books, film_id)
