"""The question before spending, as Prefect asks it: the run pauses for an input, whose answer goes into our rows.

The rows are what the film waits for: they may be answered elsewhere, then the pause is resumed. A restart asks anew, in
a new run; a pause whose server is away asks again when it is back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Final
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from pydantic import Field

from film.errors import NotAwaitingApproval
from ledger import films
from ledger.approvals import answer
from ledger.rows import Approval
from tasks.prefect_runs import PREFECT_TROUBLE
from tasks.run import FilmRun
from tasks.statement import storyboard_markdown

#: Longer than the rows wait: they decide when nobody answers.
_PAUSE_S: Final = 25 * 3600
_LOOK_S: Final = 1
#: Between two tries to ask while Prefect is away, and what resuming it may take.
_PATIENCE_S: Final = 5.0


class Decision(RunInput):
    """What a person says to a film that asks before spending."""

    decision: Approval = Field(
        Approval.APPROVED, title="Make this film?", description="`reject` cancels it; everything held goes back."
    )


@asynccontextmanager
async def asked_in_prefect(run: FilmRun) -> AsyncIterator[None]:
    """Ask in Prefect for as long as the block waits for the rows' answer."""
    if run.flow_run_id is None:
        yield
        return
    asking = asyncio.create_task(_ask(run))
    try:
        yield
        await _resumed(run.flow_run_id, asking)
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


async def _ask(run: FilmRun) -> None:
    film, segments = await run.film(), await films.segments(run.studio.books, run.film_id)
    question = Decision.with_initial_data(description=storyboard_markdown(film, segments, {}))
    for turn in count(1):
        try:
            # The key is this run's own: a pause of a dead run would count as answered, and its answer be lost.
            said = await apause_flow_run(
                wait_for_input=question,
                timeout=_PAUSE_S,
                poll_interval=_LOOK_S,
                key=f"approval-{run.lease.epoch}-{turn}",
            )
        except (FlowPauseTimeout, RuntimeError, *PREFECT_TROUBLE):
            await asyncio.sleep(_PATIENCE_S)
            continue
        if said is not None:
            with suppress(NotAwaitingApproval):  # it was answered elsewhere meanwhile
                await answer(run.studio.books, run.film_id, said.decision)
            return


async def _resumed(flow_run_id: UUID, asking: "asyncio.Task[None]") -> None:
    """End the pause if the rows were answered elsewhere, so that the run shows as running again."""
    if asking.done():
        return
    with suppress(TimeoutError, *PREFECT_TROUBLE):
        async with asyncio.timeout(_PATIENCE_S), get_client() as client:
            await client.resume_flow_run(flow_run_id, run_input=Decision().model_dump(mode="json"))
            await asyncio.shield(asking)
