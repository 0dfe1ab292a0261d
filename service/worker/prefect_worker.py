"""The work pool type `longvideo`: Prefect's documented worker, whose flow runs are coroutines of its own process.

Films mostly wait; a process of their own each would cost 80 MB and more than a second of CPU before any work.
`prefect worker start --type longvideo` runs it alone, `longvideo worker` and `up` beside the dispatcher.
"""

import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final, cast

import anyio
from anyio.abc import TaskStatus
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause, PrefectException
from prefect.flow_engine import run_flow
from prefect.flows import load_flow_from_flow_run
from prefect.states import Cancelled, Failed
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from app.context import shared_context
from app.settings import Settings

_LOG: Final = logging.getLogger("longvideo.worker")
POOL: Final = "longvideo"


class FilmWorkerResult(BaseWorkerResult):
    """A flow run has ended; its state says how."""


class FilmWorker(BaseWorker[BaseJobConfiguration, BaseVariables, FilmWorkerResult]):
    """Runs flow runs of its pool in this process."""

    type = POOL
    _description = "Run films as coroutines of one process."

    def __init__(self, *args: Any, limiter: anyio.CapacityLimiter | None = None, **kwargs: Any) -> None:
        # Prefect's own `limit` isn't used: a retry of a run that has just crashed would take its token twice and end
        # the worker. A run that finds no room waits as Pending.
        super().__init__(*args, **kwargs)
        self._room = limiter
        self._ctx = AsyncExitStack()

    async def setup(self) -> None:
        """Open this process's app context, unless it is open: every film of the worker shares it."""
        self._room = self._room or anyio.CapacityLimiter(Settings().films_at_once)
        await self._ctx.enter_async_context(shared_context())
        await super().setup()

    async def teardown(self, *exc_info: Any) -> None:
        """Cancel what runs, which gives the films back, then close the app context."""
        await super().teardown(*exc_info)
        await self._ctx.aclose()

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: TaskStatus[Any] | None = None,
    ) -> FilmWorkerResult:
        """Run one flow run to its end."""
        del configuration
        if task_status is not None:
            task_status.started(str(flow_run.id))
        assert self._room is not None  # noqa: S101 - setup has run
        async with self._room:
            await self._run(flow_run)
        # Always 0: the flow has told its state itself, another code would overwrite it with Crashed.
        return FilmWorkerResult(status_code=0, identifier=str(flow_run.id))

    async def _run(self, flow_run: FlowRun) -> None:
        try:
            flow = await load_flow_from_flow_run(flow_run, ignore_storage=True)
            running = cast("Coroutine[Any, Any, object]", run_flow(flow, flow_run=flow_run, return_type="state"))
        except (PrefectException, ImportError, AttributeError) as error:
            # Parameters that the flow's signature refuses end here, or an entrypoint that isn't there.
            await self.client.set_flow_run_state(flow_run.id, Failed(message=str(error)), force=True)
            return
        try:
            await running
        except (Abort, Pause) as signal:  # Prefect's server had the run end before its body
            _LOG.info("Flow run %s did not begin: %s", flow_run.id, signal)
        # A run that was cancelled while it was Pending has no body that could say so.
        now = await self.client.read_flow_run(flow_run.id)
        if now.state is not None and now.state.is_cancelling():
            await self.client.set_flow_run_state(
                flow_run.id, Cancelled(message="Cancelled before it began."), force=True
            )
