"""Tasks that run beside their owner: one that breaks off is logged, and ends neither its owner nor the others."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

from runtime.logs import log_error

_LOG: Final = logging.getLogger("longvideo.background")


class TaskSet:
    """What an owner has started and not yet seen the end of."""

    def __init__(self, name: str) -> None:
        """Begin without tasks; `name` is what the log calls one of them."""
        self._name = name
        self._tasks: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, object]) -> "asyncio.Task[object]":
        """Run `work` beside the caller, in a copy of its context, and return its task."""
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def finish(self, *, timeout_s: float) -> None:
        """Wait until all have ended, at most so long; those that haven't then go on."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout_s)

    async def cancel(self) -> None:
        """Cancel all and wait until each has ended, even if the caller is being cancelled meanwhile."""
        for task in self._tasks:
            task.cancel()
        cancelled: asyncio.CancelledError | None = None
        while self._tasks:
            try:
                await asyncio.wait(set(self._tasks))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log_error(_LOG, "task_failed", error, task=self._name, reason=error)
