"""Repeated background work: one helper for every loop that runs until it is cancelled, with one error policy."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Final, NoReturn

_LOG: Final = logging.getLogger("longvideo.background")
#: The longest wait after failures in a row, in seconds; never shorter than the loop's own interval.
_BACKOFF_MAX_S: Final = 30.0

Work = Callable[[], Awaitable[object]]
Sleep = Callable[[float], Awaitable[object]]


async def repeat(
    work: Work,
    *,
    name: str,
    every_s: float,
    backoff_max_s: float = _BACKOFF_MAX_S,
    fatal: tuple[type[Exception], ...] = (),
    sleep: Sleep = asyncio.sleep,
) -> NoReturn:
    """Await `work()`, then wait `every_s` seconds, again and again until cancelled.

    A failure never ends the loop: it is logged, and the wait doubles with each further failure in a row. The first
    success after failures is logged too.

    Args:
        work: One round of the work.
        name: What the log calls the loop.
        every_s: Seconds between the end of a round and the beginning of the next.
        backoff_max_s: The longest wait after failures, in seconds.
        fatal: Errors that are raised to the caller instead.
        sleep: Lets time pass; a proof hands in its own.

    Raises:
        Exception: One of `fatal`.
    """
    failures = 0
    while True:
        try:
            await work()
        except fatal:
            raise
        except Exception as error:  # noqa: BLE001 - one round's trouble, of whatever kind, must not end the loop
            failures += 1
            wait_s = min(every_s * 2**failures, max(backoff_max_s, every_s))
            _LOG.warning(
                "%s failed (%s in a row), again in %.1f s: %s: %s",
                name, failures, wait_s, type(error).__name__, error,
                extra={"action": "loop_failed", "loop": name, "failures": failures},
            )  # fmt: skip
        else:
            if failures:
                _LOG.info("%s works again", name, extra={"action": "loop_recovered", "loop": name})
            failures, wait_s = 0, every_s
        await sleep(wait_s)


@asynccontextmanager
async def repeating(
    work: Work,
    *,
    name: str,
    every_s: float,
    backoff_max_s: float = _BACKOFF_MAX_S,
    sleep: Sleep = asyncio.sleep,
    context: contextvars.Context | None = None,
) -> AsyncIterator[None]:
    """Run `repeat` beside the block and end it with the block; nothing that it meets reaches the block.

    Args:
        work: One round of the work.
        name: What the log calls the loop.
        every_s: Seconds between the end of a round and the beginning of the next.
        backoff_max_s: The longest wait after failures, in seconds.
        sleep: Lets time pass; a proof hands in its own.
        context: The context variables that the loop sees; None: a copy of the caller's.
    """
    loop = asyncio.create_task(
        repeat(work, name=name, every_s=every_s, backoff_max_s=backoff_max_s, sleep=sleep), name=name, context=context
    )
    try:
        yield
    finally:
        await end_task(loop)


async def end_task(task: "asyncio.Task[object]") -> None:
    """Cancel a task and wait until it has ended, even if the caller itself is being cancelled; its errors are lost."""
    task.cancel()
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
            task.cancel()
    if not task.cancelled():
        task.exception()  # read, so that nothing complains of an error nobody looked at
    if cancelled is not None:
        raise cancelled


class BackgroundTasks:
    """Tasks that may outlive what started them; the process that owns them ends them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[object, object, object], *, name: str) -> "asyncio.Task[object]":
        """Run `work` beside everything else, in a copy of the caller's context; its errors are its own business."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self, *, within_s: float) -> None:
        """Wait up to `within_s` seconds for what still runs, then end it."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within_s)
        for task in list(self._tasks):
            await end_task(task)
