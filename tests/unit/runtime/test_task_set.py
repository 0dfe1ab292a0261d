"""Tasks beside their owner: one that breaks off is told and harms no other."""

import asyncio

import pytest

from runtime.task_set import TaskSet

pytestmark = pytest.mark.anyio


async def _broken() -> None:
    raise ValueError("odd")


async def test_one_that_breaks_off_is_logged_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """The owner hears nothing of it; a line with the trace does."""
    tasks, done, go = TaskSet("the work"), list[str](), asyncio.Event()

    async def good() -> None:
        await go.wait()
        done.append("good")

    tasks.start(good())
    tasks.start(_broken())
    async with asyncio.timeout(10):
        while len(tasks) > 1:  # noqa: ASYNC110 - one turn of the loop a look
            await asyncio.sleep(0)
        go.set()
        await tasks.finish(timeout_s=10)
    (record,) = caplog.records
    assert (record.action, record.task, done) == ("task_failed", "the work", ["good"])  # type: ignore[attr-defined]
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


async def test_what_is_cancelled_is_waited_for_by_whoever_is_cancelled_too() -> None:
    """A task that gives something back on its way out isn't cut short, and its owner's own cancel isn't lost."""
    tasks, closing, go, gone = TaskSet("the work"), asyncio.Event(), asyncio.Event(), list[str]()

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closing.set()
            await go.wait()
            gone.append("given back")

    tasks.start(slow_to_end())
    await asyncio.sleep(0)
    ending = asyncio.create_task(tasks.cancel())
    async with asyncio.timeout(10):
        await closing.wait()
        ending.cancel()
        await asyncio.sleep(0)
        assert not ending.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await ending
    assert (gone, len(tasks)) == (["given back"], 0)


async def test_finishing_waits_only_so_long() -> None:
    """What hasn't ended by then goes on."""
    tasks = TaskSet("the work")
    tasks.start(asyncio.Event().wait())
    await tasks.finish(timeout_s=0.01)
    assert len(tasks) == 1
    await tasks.cancel()
    await tasks.finish(timeout_s=10)
    assert len(tasks) == 0
