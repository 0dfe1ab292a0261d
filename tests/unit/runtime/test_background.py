"""Loops that nothing ends but their owner."""

import asyncio
import contextvars
import logging
from contextlib import suppress

import pytest

from runtime.background import end_task, repeat, repeating

pytestmark = pytest.mark.anyio


class _Time:
    """Notes what was slept, ends the loop after so many sleeps, and lets no time pass."""

    def __init__(self, rounds: int) -> None:
        self.slept_s: list[float] = []
        self._rounds = rounds

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        if len(self.slept_s) == self._rounds:
            raise asyncio.CancelledError
        await asyncio.sleep(0)


async def test_a_failure_of_any_kind_is_logged_and_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    """Three failures double the wait up to the bound; a success goes back to the interval and is told."""
    rounds = iter([OSError("gone"), TypeError(), ValueError("odd"), None, None])
    time = _Time(5)

    async def work() -> None:
        if (error := next(rounds)) is not None:
            raise error

    with caplog.at_level(logging.INFO), suppress(asyncio.CancelledError):
        await repeat(work, name="the look", every_s=1, backoff_max_s=5, sleep=time.sleep)
    assert time.slept_s == [2, 4, 5, 1, 1]
    assert [record.action for record in caplog.records] == ["loop_failed"] * 3 + ["loop_recovered"]  # type: ignore[attr-defined]
    assert "the look failed (2 in a row), again in 4.0 s: TypeError" in caplog.text


async def test_a_fatal_error_ends_it() -> None:
    """What the caller named is the caller's."""

    async def work() -> None:
        raise LookupError("the end")

    with pytest.raises(LookupError, match="the end"):
        await repeat(work, name="the look", every_s=1, fatal=(LookupError,))


async def test_the_block_never_hears_of_it() -> None:
    """A loop that always fails neither ends the block nor raises out of it, and it ends with the block."""
    rounds, failed = 0, asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            failed.set()
        raise OSError("gone")

    async with repeating(work, name="the look", every_s=0.001):
        await failed.wait()
    ended = rounds
    await asyncio.sleep(0.01)
    assert rounds == ended


async def test_it_sees_the_context_it_was_given() -> None:
    """A loop that serves many films keeps nothing of the film in which it was started."""
    film: contextvars.ContextVar[str] = contextvars.ContextVar("film", default="none")
    context, seen, told = contextvars.copy_context(), [], asyncio.Event()
    film.set("the first")

    async def work() -> None:
        seen.append(film.get())
        told.set()

    async with repeating(work, name="the look", every_s=1, context=context):
        await told.wait()
    assert seen == ["none"]


async def test_a_task_ends_although_its_owner_is_cancelled() -> None:
    """The owner is cancelled while it waits: the task still ends first, and the cancellation goes on."""
    began, ending, order = asyncio.Event(), asyncio.Event(), []

    async def stubborn() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ending.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            order.append("task")

    async def owner() -> None:
        task = asyncio.create_task(stubborn())
        await began.wait()
        try:
            await end_task(task)
        finally:
            order.append("owner")

    waiting = asyncio.create_task(owner())
    await ending.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert order == ["task", "owner"]
