"""Prefect's Cancel button: a film whose own flow run is `Cancelling` is canceled in the rows, and everything follows.

One look a second for all runs of this process, whatever started them. Prefect never decides anything else.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from uuid import UUID

from film.ids import FilmId
from ledger.database.engine import Database
from ledger.films.settlement import cancel_film
from runtime.background import repeating

_LOOK_S: Final = 1.0
#: Tells which of some flow runs somebody wants to be cancelled; none while that can't be told.
CancelRequested = Callable[[Sequence[UUID]], Awaitable[Sequence[UUID]]]


class CancelWatcher:
    """Watches the flow runs of this process's films."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._films: dict[UUID, tuple[FilmId, CancelRequested]] = {}
        self._watching = asyncio.Event()
        # Its owner's, not that of the first film's run: Prefect keeps each run's client there and closes it.
        self._context = contextvars.copy_context()

    @contextmanager
    def watch(self, flow_run_id: UUID, film_id: FilmId, ask: CancelRequested) -> Iterator[None]:
        """Watch a film's flow run for the length of the block."""
        self._films[flow_run_id] = (film_id, ask)
        self._watching.set()
        try:
            yield
        finally:
            del self._films[flow_run_id]
            if not self._films:
                self._watching.clear()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look at Prefect for the length of the block."""
        async with repeating(self._look, name="Prefect's Cancel button", every_s=_LOOK_S, context=self._context):
            yield

    async def _look(self) -> None:
        await self._watching.wait()
        films = dict(self._films)
        ask = next(ask for _, ask in films.values())
        for flow_run_id in await ask(list(films)):
            await cancel_film(self._database, films[flow_run_id][0])
