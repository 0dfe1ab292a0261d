"""A film's run in this process, beside its progress; what Ctrl-C and SIGTERM mean for it.

Prefect shows the run where it can. The film never needs it: where its server is away, or holds the flow's end up, the
film is made and ended all the same.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console

from app.context import AppContext
from film.errors import FilmEnded, LeaseTaken, LongVideoError, PrefectUnavailable, StaleEpoch
from film.ids import FilmId
from ledger.database.records import Film
from ledger.films import queries
from ledger.films.queries import FilmView, get_film_view
from ledger.films.settlement import cancel_film
from ledger.leases import Lease
from runtime.background import end_task
from service.cli.progress import show_progress
from service.prefect.server import PrefectServer
from service.shown import say_on
from service.worker.signals import on_sigterm
from tasks.run.faults import RunInterrupted
from tasks.run.presenter import NoPresenter

#: What Prefect's engine may take to end the flow of a film that has ended.
_ENGINE_S: Final = 15.0
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedFilm:
    """A film that a command has ordered, taken up or retried, and what a person is told of that."""

    film_id: FilmId
    message: str = ""
    #: Another command makes it: Ctrl-C here ends the watching, not the film.
    followed: bool = False


async def run_with_progress(
    ctx: AppContext, server: PrefectServer, started_film: StartedFilm, console: Console
) -> FilmView:
    """Run the film beside its progress; Ctrl-C cancels the film and settles it, SIGTERM gives it back."""
    started = asyncio.create_task(_start_prefect(server, console))
    epoch = (await queries.get_film(ctx.database, started_film.film_id)).epoch
    claim = Lease(film_id=started_film.film_id, epoch=epoch, owner=ctx.owner_id)
    try:
        with ctx.heartbeat.keep_claim_alive(claim):
            return await _show_progress(
                ctx, started_film, console, _drive(ctx, started_film.film_id, started, console), ready=started
            )
    finally:
        await end_task(started)


async def follow_shown(ctx: AppContext, started: StartedFilm, console: Console) -> FilmView:
    """Show the progress of a film that another process makes, until it has ended; Ctrl-C cancels it."""
    return await _show_progress(ctx, started, console, _until_ended(ctx, started.film_id))


async def _show_progress(
    ctx: AppContext,
    started: StartedFilm,
    console: Console,
    work: Awaitable[object],
    *,
    ready: "asyncio.Task[Any] | None" = None,
) -> FilmView:
    making = asyncio.ensure_future(work)
    async with _cancelable(ctx, started, making, console), on_sigterm(making.cancel):
        if started.message:  # only now: whoever reads of the film may press Ctrl-C at once
            say_on(console, started.message)
        showing = asyncio.create_task(_show(ctx, started.film_id, console, ready))
        try:
            await making
            if ready is not None:
                ready.cancel()  # a film that has ended needs no Prefect any more
            await showing
        finally:
            # The caller closes the ledger: whoever still read them would wait for ever.
            await end_task(showing)
            await end_task(making)
    return await get_film_view(ctx.database, started.film_id)


async def _show(ctx: AppContext, film_id: FilmId, console: Console, ready: "asyncio.Task[Any] | None") -> None:
    if ready is not None:
        await asyncio.wait([ready])  # a terminal draws one thing at a time
    await show_progress(ctx.database, film_id, console)


@asynccontextmanager
async def _cancelable(
    ctx: AppContext, started: StartedFilm, making: "asyncio.Future[object]", console: Console
) -> AsyncIterator[None]:
    """Let Ctrl-C cancel the film for the length of the block; of a film that another makes, it ends the watching."""
    loop, cancels = asyncio.get_running_loop(), set[asyncio.Task[object]]()

    def cancel() -> None:
        if started.followed:
            say_on(console, f"Stopped watching; {started.film_id} is still being made.")
            making.cancel()
            return
        say_on(console, "Canceling: unused credits go back ...")
        cancels.add(loop.create_task(cancel_film(ctx.database, started.film_id)))

    loop.add_signal_handler(signal.SIGINT, cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        await asyncio.gather(*cancels)


async def _start_prefect(server: PrefectServer, console: Console) -> Any:
    """Wait for Prefect's server and return the film's flow; None if the server doesn't come."""
    with console.status("Starting Prefect ..."):
        try:
            await server.healthy()
        except PrefectUnavailable as error:
            say_on(console, f"{error}. The film is made without it.")
            return None
    from flows.long_video import produce_film  # noqa: PLC0415 - Prefect reads its settings when it is imported

    return produce_film


async def _drive(ctx: AppContext, film_id: FilmId, started: "asyncio.Task[Any]", console: Console) -> None:
    """Make the film; while another makes it, follow that one, and take over if it dies."""
    canceled = asyncio.create_task(_until_ended(ctx, film_id))
    try:
        await asyncio.wait({started, canceled}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_task(canceled)
    while not (await queries.get_film(ctx.database, film_id)).status.terminal:
        try:
            await _make(ctx, film_id, await started, console)
        except (LeaseTaken, StaleEpoch) as taken:
            where = taken.where if isinstance(taken, LeaseTaken) else "Another process"
            say_on(console, f"{where} makes it; this command follows.")
            await _until_free(ctx, film_id)
        except FilmEnded:
            return  # told by the film's row


async def _make(ctx: AppContext, film_id: FilmId, flow: Any, console: Console) -> None:
    """Run the film as a flow run, or, where Prefect fails around it, plainly.

    Raises:
        FilmFailed, FilmCanceled: It ended so.
        LeaseTaken: Another process makes it.
        DatabaseUnavailable: The ledger is away; the film is given back.
    """
    if flow is not None:
        state = await _flow_state(ctx, film_id, flow)
        error = None if state is None else await state.aresult(raise_on_failure=False)
        if isinstance(error, LongVideoError) and not isinstance(error, RunInterrupted):
            raise error
        if (await queries.get_film(ctx.database, film_id)).status.terminal:
            return
        say_on(console, "Prefect's server doesn't answer; the film goes on without it.")
    from flows.long_video import make_film  # noqa: PLC0415 - as above

    await make_film(ctx, film_id, NoPresenter())


async def _flow_state(ctx: AppContext, film_id: FilmId, flow: Any) -> Any:
    """Return the state in which the film's flow ended; None where Prefect's engine could not end it in time."""
    from tasks.prefect.client import PREFECT_ERRORS  # noqa: PLC0415 - as above

    running = asyncio.ensure_future(flow(film_id, return_state=True))
    running.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # it may end after everything else
    over = asyncio.create_task(_until_ended(ctx, film_id, grace_s=_ENGINE_S))
    try:
        await asyncio.wait({running, over}, return_when=asyncio.FIRST_COMPLETED)
        return running.result() if running.done() else None
    except PREFECT_ERRORS:
        return None
    finally:
        await end_task(over)
        running.cancel()
        await asyncio.wait({running}, timeout=_ENGINE_S)  # a server that is away holds it longer; it changes nothing


async def _until_ended(ctx: AppContext, film_id: FilmId, *, grace_s: float = 0.0) -> None:
    while not (await queries.get_film(ctx.database, film_id)).status.terminal:  # noqa: ASYNC110 - rows tell nobody
        await asyncio.sleep(_LOOK_S)
    await asyncio.sleep(grace_s)


async def _until_free(ctx: AppContext, film_id: FilmId) -> None:
    """Wait until the film has ended, or whoever makes it is gone."""
    while _is_held(ctx, await queries.get_film(ctx.database, film_id)):  # noqa: ASYNC110 - as above
        await asyncio.sleep(_LOOK_S)


def _is_held(ctx: AppContext, film: Film) -> bool:
    lapsed = film.lease_until_ms is None or film.lease_until_ms <= ctx.database.now_ms()
    return not (film.status.terminal or lapsed or film.lease_owner is None or ctx.is_dead(film.lease_owner))
