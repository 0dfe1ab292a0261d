"""Prefect's Cancel button: a film whose own flow run is `Cancelling` is canceled in the rows, and everything follows.

One look a second for all runs of this process, whatever started them. Prefect never decides anything else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import anyio
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType

from film.ids import FilmId
from ledger.database import Books
from ledger.ending import cancel_film
from tasks.prefect_trouble import PREFECT_TROUBLE

_LOOK_S: Final = 1.0
#: An answer later than this isn't waited for: the server is away, and the next look asks again.
_PATIENCE_S: Final = 5.0
_RUNS_A_LOOK: Final = 150


class Buttons:
    """Watches the flow runs of this process's films."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._films: dict[UUID, FilmId] = {}
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watched(self, flow_run_id: UUID | None, film_id: FilmId) -> AsyncIterator[None]:
        """Watch a film's flow run for the length of the block; None, outside a flow, has no buttons."""
        if flow_run_id is None:
            yield
            return
        self._films[flow_run_id] = film_id
        self._looking = self._looking or asyncio.create_task(self._look_for_ever())
        try:
            yield
        finally:
            del self._films[flow_run_id]
            if not self._films and (looking := self._looking):
                self._looking = None
                looking.cancel()
                with suppress(asyncio.CancelledError), anyio.CancelScope(shield=True):
                    await looking

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            runs = list(self._films)
            for start in range(0, len(runs), _RUNS_A_LOOK):
                for flow_run_id in await cancelling(runs[start : start + _RUNS_A_LOOK]):
                    film_id = self._films.get(flow_run_id)
                    if film_id is not None:
                        await cancel_film(self._books, film_id)


async def cancelling(flow_run_ids: list[UUID]) -> list[UUID]:
    """Return which of the flow runs somebody wants to be cancelled; none while Prefect can't be asked."""
    wanted = FlowRunFilter(
        id=FlowRunFilterId(any_=flow_run_ids),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
    )
    with suppress(TimeoutError, *PREFECT_TROUBLE):
        async with asyncio.timeout(_PATIENCE_S), get_client() as client:
            return [run.id for run in await client.read_flow_runs(flow_run_filter=wanted, limit=len(flow_run_ids))]
    return []
