"""Flow runs that nobody runs any more: their process died, or somebody cancelled them before they began.

Prefect would show them as running for ever. Their films are the rows' business; this only puts the view right.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed

from film.clock import Clock
from film.errors import FilmNotFound
from film.ids import FilmId
from ledger.database.engine import Database
from ledger.films import queries
from ledger.films.settlement import cancel_film
from runtime.background import repeat

_FLOWS: Final = ("long-video", "produce-film", "compose-again", "retry-film", "housekeeping")
_OPEN: Final = (StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)
_LOOK_S: Final = 2.0
#: A living run has answered a cancel by then; the second is for runs that may not have ordered their film yet.
_SETTLED_AFTER: Final = timedelta(seconds=3)
_GONE_AFTER: Final = timedelta(seconds=30)


async def close_dead_runs(client: PrefectClient, film_id: FilmId) -> None:
    """Close the open flow runs of a film that is taken up by another: whoever ran them is fenced off."""
    found = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            tags=FlowRunFilterTags(all_=[film_id]), state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[*_OPEN]))
        )
    )
    await _close(client, found, Crashed(message="Its process ended; another run goes on with the film."))


async def close_cancelled_runs(database: Database, clock: Clock) -> None:
    """Let the Cancel button work on runs whose process is gone too, until cancelled."""

    async def look() -> None:
        async with get_client() as client:
            await _close_cancelled(database, client)

    await repeat(look, name="closing of cancelled runs", every_s=_LOOK_S, sleep=clock.sleep)


async def _close_cancelled(database: Database, client: PrefectClient) -> None:
    runs = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[*_FLOWS])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING]))
        ),
    )
    for run in runs:
        age = datetime.now(UTC) - (run.state.timestamp if run.state else datetime.now(UTC))
        film_id = next((FilmId(tag) for tag in run.tags if tag.startswith("vid_")), None)
        if film_id is not None and await _cancel_and_check(database, film_id) and age > _SETTLED_AFTER:
            await _close(client, [run], Cancelled(message=f"{film_id} was canceled."))
        elif film_id is None and age > _GONE_AFTER:
            await _close(client, [run], Cancelled(message="It had not begun."))


async def _cancel_and_check(database: Database, film_id: FilmId) -> bool:
    """Cancel a run's film, and return whether it has ended; a film of another ledger is ignored."""
    try:
        await cancel_film(database, film_id)
        return (await queries.get_film(database, film_id)).status.terminal
    except FilmNotFound:
        return False


async def _close(client: PrefectClient, runs: Iterable[FlowRun], state: State[None]) -> None:
    for run in runs:
        await client.set_flow_run_state(run.id, state, force=True)
