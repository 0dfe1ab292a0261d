"""How work is shown in Prefect: a stage or a piece of one is a task run, named in words. Prefect never decides it."""

from collections.abc import Callable, Coroutine
from functools import update_wrapper, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled

from film.errors import StaleEpoch
from film.status import Status
from ledger.stages import enter_stage
from tasks.blame import blaming
from tasks.run import FilmRun, RunStopped

P = ParamSpec("P")
R = TypeVar("R")
_Shown = Callable[..., Coroutine[Any, Any, Any]]
_Body = Callable[Concatenate[FilmRun, P], Coroutine[Any, Any, R]]


def piece(
    name: str, *, run_name: str
) -> Callable[[_Body[P, R]], Callable[Concatenate[FilmRun, P], Coroutine[Any, Any, State[R]]]]:
    """Show a coroutine `(run, ...)` as a task run of its own; it ends with the run, as Cancelled, not as Crashed.

    A definite fault inside stops the whole run at once: siblings submit nothing more.

    Args:
        name: The task's name.
        run_name: The task run's name; Prefect fills in the coroutine's arguments.

    Returns:
        A coroutine that returns the task run's state and never raises what the body raised.
    """

    def decorate(body: _Body[P, R]) -> Callable[Concatenate[FilmRun, P], Coroutine[Any, Any, State[R]]]:
        @wraps(body)
        async def stoppable(run: FilmRun, *args: P.args, **kwargs: P.kwargs) -> R | State[R]:
            done = False
            try:
                made = await run.until_stopped(body(run, *args, **kwargs))
                done = True
            except (RunStopped, StaleEpoch):
                return Cancelled(message="The film has ended, or another run has taken it over.")
            finally:
                if not done:
                    run.stop()
            return made

        return _shown(stoppable, name=name, run_name=run_name)

    return decorate


def stage(
    status: Status, *, of_pieces: bool = False
) -> Callable[[_Body[P, R]], Callable[Concatenate[FilmRun, P], Coroutine[Any, Any, R]]]:
    """Make a coroutine `(run, ...)` the stage of `status`: it sets the status, runs as a task and names its faults.

    Args:
        status: The stage; also the task's name.
        of_pieces: Whether the body only awaits `piece`s, which watch the run's stop signal themselves.
    """

    def decorate(body: _Body[P, R]) -> Callable[Concatenate[FilmRun, P], Coroutine[Any, Any, R]]:
        @wraps(body)
        async def blamed(run: FilmRun, *args: P.args, **kwargs: P.kwargs) -> R | State[R]:
            try:
                with blaming(status):
                    work = body(run, *args, **kwargs)
                    return await (work if of_pieces else run.until_stopped(work))
            except (RunStopped, StaleEpoch):
                return Cancelled(message="The film has ended, or another run has taken it over.")

        shown = _shown(blamed, name=status.value, run_name=status.value)

        async def entered(run: FilmRun, /, *args: P.args, **kwargs: P.kwargs) -> R:
            run.stage = status
            await enter_stage(run.studio.books, run.lease, status)
            run.studio.desk.fault(f"stage_{status}")
            return await outcome(await shown(run, *args, **kwargs))

        update_wrapper(entered, body)
        return entered

    return decorate


async def outcome(state: State[R]) -> R:
    """Return what a task run returned, or raise what it raised.

    Raises:
        RunStopped: It ended because the run did.
    """
    if state.is_cancelled():
        raise RunStopped
    return await state.aresult()


def _shown(
    body: Callable[..., Coroutine[Any, Any, Any]], *, name: str, run_name: str
) -> Callable[..., Coroutine[Any, Any, Any]]:
    prefect_task = task(
        name=name, task_run_name=run_name, cache_policy=NO_CACHE, persist_result=False, log_prints=False
    )(body)

    async def run_it(*args: Any, **kwargs: Any) -> Any:
        return await prefect_task(*args, **kwargs, return_state=True)

    return run_it
