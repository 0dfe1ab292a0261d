"""What a worker process runs: its dispatcher, its place in Prefect's work pool, and the closing of dead runs."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from app.context import AppContext
from film.errors import PrefectUnavailable
from service.worker.dispatcher import dispatch
from service.worker.prefect_worker import POOL, FilmWorker
from service.worker.stale_runs import close_cancelled_runs

_LOG: Final = logging.getLogger("longvideo.worker")
_READY_S: Final = 60.0
_LOOK_S: Final = 0.1


@asynccontextmanager
async def running_worker(ctx: AppContext) -> AsyncIterator[None]:
    """Make films for the length of the block; at its end each film is given back, and nothing is canceled.

    Raises:
        PrefectUnavailable: The work pool can't be joined.
    """
    limiter = anyio.CapacityLimiter(ctx.settings.films_at_once)
    worker = FilmWorker(POOL, name=_worker_name(ctx.owner_id), limiter=limiter)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(worker.start(printer=_LOG.info)),
            group.create_task(dispatch(ctx, limiter)),
            group.create_task(close_cancelled_runs(ctx.database, ctx.clock)),
        ]
        try:
            await _wait_until_joined(worker)
            yield
        finally:
            for task in tasks:
                task.cancel()


def _worker_name(owner: str) -> str:
    """Return what Prefect's pages call this worker: machine, process id and mark."""
    host, pid, _, mark = owner.split(":")
    return f"{host}-{pid}-{mark}"


async def _wait_until_joined(worker: FilmWorker) -> None:
    try:
        async with asyncio.timeout(_READY_S):
            while not worker.is_setup:  # noqa: ASYNC110 - Prefect's worker has no event for it
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        reason = f"{socket.gethostname()} could not join the work pool {POOL}"
        raise PrefectUnavailable(url=POOL, reason=reason) from None
