"""Stages and their subtasks: coroutines over a film's run that set its status, name their faults and stop with it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

from film.errors import StaleEpoch
from film.status import Status
from ledger.films.stages import enter_stage
from tasks.run.faults import RunStopped, as_stage_failure
from tasks.run.film_run import FilmRun

P = ParamSpec("P")
R = TypeVar("R")
_Body = Callable[Concatenate[FilmRun, P], Coroutine[Any, Any, R]]


def subtask(name: str, *, run_name: str) -> Callable[[_Body[P, R]], _Body[P, R]]:
    """Make a coroutine `(run, ...)` a part of a stage that is shown as a task of its own and ends with the run.

    A definite fault inside stops the whole run at once: siblings submit nothing more.

    Args:
        name: The task's name.
        run_name: The task run's name; `{0}` is the coroutine's first argument after the run.
    """

    def decorate(body: _Body[P, R]) -> _Body[P, R]:
        async def shown(run: FilmRun, /, *args: P.args, **kwargs: P.kwargs) -> R:
            async def stoppable() -> R:
                done = False
                try:
                    result = await run.until_stopped(body(run, *args, **kwargs))
                    done = True
                finally:
                    if not done:
                        run.stop()
                return result

            return await run.presenter.run_task(name, run_name.format(*args), stoppable)

        update_wrapper(shown, body)
        return shown

    return decorate


def stage(status: Status, *, of_subtasks: bool = False) -> Callable[[_Body[P, R]], _Body[P, R]]:
    """Make a coroutine `(run, ...)` the stage of `status`: it sets the status, is shown as a task, names its faults.

    Args:
        status: The stage; also the task's name.
        of_subtasks: Whether the body only awaits `subtask`s, which watch the run's stop signal themselves.
    """

    def decorate(body: _Body[P, R]) -> _Body[P, R]:
        async def entered(run: FilmRun, /, *args: P.args, **kwargs: P.kwargs) -> R:
            async def blamed() -> R:
                with as_stage_failure(status):
                    work = body(run, *args, **kwargs)
                    return await (work if of_subtasks else run.until_stopped(work))

            run.stage = status
            await enter_stage(run.ctx.database, run.lease, status)
            run.ctx.purchasing.failpoint(f"stage_{status}")
            return await run.presenter.run_task(status.value, status.value, blamed)

        update_wrapper(entered, body)
        return entered

    return decorate


async def gather_all(*tasks: "asyncio.Task[Any]") -> None:
    """Wait for all tasks; siblings of one that failed end by the run's stop signal.

    Raises:
        Exception: The first definite fault, else what stopped the run.
    """
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [end for end in ended if isinstance(end, BaseException)]
    definite = [error for error in errors if not isinstance(error, RunStopped | StaleEpoch | asyncio.CancelledError)]
    for error in definite or errors:
        raise error
