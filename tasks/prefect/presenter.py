"""A film's run as Prefect shows it: task runs, artifacts, events, a question, the Cancel button. It decides nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled

from app.context import AppContext
from film.errors import StaleEpoch
from film.ids import FilmId
from ledger.leases import Lease
from runtime.logs import log_event
from tasks.prefect.approval import approval_prompt
from tasks.prefect.artifacts import ArtifactReporter
from tasks.prefect.client import PREFECT_ERRORS, find_cancelling
from tasks.prefect.run_logs import forward_logs
from tasks.run.faults import RunInterrupted, RunStopped
from tasks.run.presenter import NoPresenter, Presenter

T = TypeVar("T")
_LOG: Final = logging.getLogger("longvideo.prefect")


def presenter(ctx: AppContext, film_id: FilmId) -> Presenter:
    """Return who shows a film's run: Prefect inside a flow run, nobody outside."""
    flow_run_id = flow_run.get_id()
    if flow_run_id is None:
        return NoPresenter()
    forward_logs()
    return PrefectPresenter(ctx, film_id, UUID(flow_run_id))


class PrefectPresenter:
    """Shows one film's run as the flow run it is in."""

    def __init__(self, ctx: AppContext, film_id: FilmId, flow_run_id: UUID) -> None:
        self._ctx = ctx
        self._film_id = film_id
        self._flow_run_id = flow_run_id
        self._report = ArtifactReporter(ctx.database, ctx.links, ctx.owed, film_id, flow_run_id)

    @asynccontextmanager
    async def showing(self, lease: Lease, *, since_ms: int) -> AsyncIterator[None]:
        """Keep artifacts and events true, and let the Cancel button work, for the length of the block."""
        del lease
        async with self._report.reporting(since_ms=since_ms):
            with self._ctx.cancel_watcher.watch(self._flow_run_id, self._film_id, find_cancelling):
                yield

    def notify(self) -> None:
        """Note that the film's rows have changed."""
        self._report.notify()

    async def set_thumbnail(self, index: int, picture: Path) -> None:
        """Show a segment's picture in the storyboard from now on."""
        await self._report.set_thumbnail(index, picture)

    async def run_task(self, name: str, run_name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Await `work()` once as a task run; a Prefect that fails before it has begun, or after it has ended, is none.

        Raises:
            RunInterrupted: Prefect's engine failed in the middle.
        """
        call = _Call(work)
        try:
            shown = _shown.with_options(name=name, task_run_name=run_name)
            await cast("Awaitable[object]", shown(call, return_state=True))
        except PREFECT_ERRORS as error:
            log_event(_LOG, "task_not_shown", level=logging.WARNING, film_id=self._film_id, task=run_name, reason=error)
            if call.begun and not call.ended:
                raise RunInterrupted from error
        return await call.outcome()

    def approval_prompt(self, lease: Lease) -> AbstractAsyncContextManager[None]:
        """Pause the flow run for a person's answer, for as long as the block waits for the rows'."""
        return approval_prompt(self._ctx.database, lease, self._flow_run_id)

    async def cancel_requested(self) -> bool:
        """Whether the flow run is `Cancelling`; False while Prefect can't be asked."""
        return bool(await find_cancelling([self._flow_run_id]))


class _Call(Generic[T]):
    """One call of some work, whose outcome is kept apart from what Prefect makes of it."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._doing: asyncio.Future[T] | None = None

    @property
    def begun(self) -> bool:
        """Whether the work was begun."""
        return self._doing is not None

    @property
    def ended(self) -> bool:
        """Whether the work has an outcome."""
        return self._doing is not None and self._doing.done() and not self._doing.cancelled()

    async def outcome(self) -> T:
        """Return what the work returned, or raise what it raised; it is done once, however often this is asked."""
        if self._doing is None:
            self._doing = asyncio.ensure_future(self._work())
        return await self._doing


@task(cache_policy=NO_CACHE, persist_result=False, log_prints=False)
async def _shown(call: _Call[Any]) -> State[Any] | None:
    try:
        await call.outcome()
    except (RunStopped, StaleEpoch):
        return Cancelled(message="The film has ended, or another run has taken it over.")
    return None
