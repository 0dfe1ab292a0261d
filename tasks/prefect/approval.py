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

from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from pydantic import Field

from film.errors import NotAwaitingApproval
from ledger.database.engine import Database
from ledger.database.records import Approval
from ledger.films import queries
from ledger.films.approvals import answer
from ledger.leases import Lease
from runtime.background import end_task, repeat
from tasks.prefect.client import PREFECT_ERRORS, open_client
from tasks.prefect.markdown import storyboard_markdown

#: Longer than the rows wait: they decide when nobody answers.
_PAUSE_S: Final = 25 * 3600
_LOOK_S: Final = 1
#: Between two tries to ask while Prefect is away, and what resuming it may take.
_PATIENCE_S: Final = 5.0


class _Answered(Exception):
    """A person has answered."""


class Decision(RunInput):
    """What a person says to a film that asks before spending."""

    decision: Approval = Field(
        Approval.APPROVED, title="Make this film?", description="`reject` cancels it; everything held goes back."
    )


@asynccontextmanager
async def approval_prompt(database: Database, lease: Lease, flow_run_id: UUID) -> AsyncIterator[None]:
    """Ask in Prefect for as long as the block waits for the rows' answer."""
    asking = asyncio.create_task(_ask(database, lease))
    try:
        yield
        await _resume(flow_run_id, asking)
    finally:
        await end_task(asking)


async def _ask(database: Database, lease: Lease) -> None:
    film, segments = (
        await queries.get_film(database, lease.film_id),
        await queries.get_segments(database, lease.film_id),
    )
    question, turns = Decision.with_initial_data(description=storyboard_markdown(film, segments, {})), count(1)

    async def ask() -> None:
        # The key is this run's own: a pause of a dead run would count as answered, and its answer be lost.
        said = await apause_flow_run(
            wait_for_input=question,
            timeout=_PAUSE_S,
            poll_interval=_LOOK_S,
            key=f"approval-{lease.epoch}-{next(turns)}",
        )
        if said is not None:
            with suppress(NotAwaitingApproval):  # it was answered elsewhere meanwhile
                await answer(database, lease.film_id, said.decision)
            raise _Answered

    with suppress(_Answered):
        await repeat(ask, name=f"asking for {lease.film_id}", every_s=_PATIENCE_S, fatal=(_Answered,))


async def _resume(flow_run_id: UUID, asking: "asyncio.Task[None]") -> None:
    """End the pause if the rows were answered elsewhere, so that the run shows as running again."""
    if asking.done():
        return
    with suppress(TimeoutError, *PREFECT_ERRORS):
        async with asyncio.timeout(_PATIENCE_S), open_client() as client:
            await client.resume_flow_run(flow_run_id, run_input=Decision().model_dump(mode="json"))
            await asyncio.shield(asking)
