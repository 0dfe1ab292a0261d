"""An event loop on virtual time: nothing waits, everything happens in one thread, a history repeats to the byte.

When nothing is ready, the clock jumps to the next timer. While real I/O is under way (PostgreSQL) it stands still.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final, TypeVar

T = TypeVar("T")

#: A database that is silent for so long, in real seconds, is a deadlock.
_SILENCE_S: Final = 60
#: Where virtual time begins, in unix seconds.
EPOCH_S: Final = 1_790_000_000.0


class Stuck(Exception):
    """Nothing is ready, no timer is set and no I/O is under way: whoever waits waits for ever."""


class _Jumping(selectors.DefaultSelector):
    """A selector that never waits: it moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.busy = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.busy:
            ready = super().select(_SILENCE_S if timeout is None or timeout > 0 else 0)
            if not ready and (timeout is None or timeout > 0):
                raise Stuck("the database has been silent too long")
            return ready
        if len(self.get_map()) > 1 and (ready := super().select(0)):
            return ready  # a database's connection is being closed behind everybody's back
        if timeout is None:
            raise Stuck("nothing will ever happen again")
        self.now_s += max(timeout, 0)
        return []


class _NumberedTask(asyncio.Task[Any]):
    """A task whose hash is its number: sets of tasks (TaskGroup's, wait's) are walked in the same order every time."""

    def __init__(self, number: int, coroutine: Coroutine[Any, Any, Any], **options: Any) -> None:
        self._number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop over a clock that jumps; threads' work is done at once, in place."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        numbers = count()
        self.set_task_factory(
            lambda loop, coroutine, **options: _NumberedTask(next(numbers), coroutine, loop=loop, **options)
        )

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._jumping.now_s

    def run_in_executor(  # type: ignore[override]
        self, _: object, work: Callable[..., T], *arguments: Any
    ) -> asyncio.Future[T]:
        """Do a thread's work at once: a second thread would make histories differ."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(work(*arguments))
        except Exception as error:  # noqa: BLE001 - an executor hands every error on to whoever awaits it
            done.set_exception(error)
        return done

    @contextmanager
    def real_io(self) -> Iterator[None]:
        """Hold virtual time while the block waits for something outside this process."""
        self._jumping.busy += 1
        try:
            yield
        finally:
            self._jumping.busy -= 1


class VirtualClock:
    """This program's clock port on a virtual loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        """Return unix seconds."""
        return EPOCH_S + self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(seconds)
