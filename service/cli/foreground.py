"""`longvideo make`, `compose` and `retry`: one film, from the order to the file, wherever films are made here."""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from app.context import AppContext, open_context
from app.ledger import open_ledger
from app.settings import Settings
from film.credits import credits_text
from film.errors import FilmNotFound
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest
from film.status import SegmentState, Status
from ledger.films import queries
from ledger.films.destinations import find_uncopied, set_destination
from ledger.films.lookup import find_unfinished
from ledger.films.queries import FilmView, get_film_view
from ledger.films.retry import open_retry, reopen_to_compose
from ledger.leases import LeaseOwner
from ledger.operations.heartbeats import ProcessKind, live_processes
from service.agreeing import agree_to_cost
from service.cli.export import check_output, export_film
from service.cli.flow_run import StartedFilm, follow_shown, run_with_progress
from service.prefect.server import prefect_server
from service.shown import say_on
from tasks.films.housekeeping import follow_late_jobs
from tasks.films.ordering import local_payer, order_film, validate_request
from tasks.films.retrying import redo_indexes

SIMULATED_LINE = (
    "SIMULATED: simulators make this film, no vendor is called. "
    "LISTENHUB_API_KEY and ANTHROPIC_API_KEY make it the real thing."
)
#: A dispatcher tells every 5 s that it is alive.
_ALIVE_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOutput:
    """What a command ended with: the film's row and the files that were written."""

    view: FilmView
    files: tuple[Path, ...]


#: What a command begins with: it orders, continues or retries, and names the film to be run. Whoever is named makes it
#: at once, else a dispatcher.
StartFilm = Callable[[AppContext, LeaseOwner | None], Coroutine[Any, Any, StartedFilm]]


def order_start(
    fields: Mapping[str, Any], settings: Settings, console: Console, *, out: Path, new: bool, yes: bool
) -> StartFilm:
    """Return the start of `make`: order a film, or go on with an unfinished one of the same order.

    Args:
        fields: The request's fields; judged at once, before anything is started.
        settings: This process's settings.
        console: Where the price is told and agreed to.
        out: Where the film goes: one that is completed and has not got there is the same order's, too.
        new: Order a new film even if an unfinished film of the same order is there.
        yes: Spend without asking.

    Raises:
        InvalidRequest: A field breaks its rule.
        MissingKey: Live mode lacks a key.
    """
    validate_request(fields, settings)

    async def start(ctx: AppContext, lease_owner: LeaseOwner | None) -> StartedFilm:
        request = validate_request(fields, ctx.settings, allowed_origin=ctx.allowed_origin)
        earlier = None if new else await _earlier(ctx, request, out)
        if earlier is not None:
            return earlier
        await _agree(ctx, request, console, yes=yes)
        opened = await order_film(ctx, request, idem_key=None, at_once=lease_owner is not None)
        return StartedFilm(film_id=opened.film_id, message=_order_line(request, opened.film_id))

    return start


def resume_start(film_id: FilmId) -> StartFilm:
    """Return the start of `make --resume`: the film is in the ledger."""

    async def start(ctx: AppContext, _: LeaseOwner | None) -> StartedFilm:
        view = await get_film_view(ctx.database, film_id)
        if view.deleted:
            raise FilmNotFound(film_id=film_id)
        return StartedFilm(film_id=view.film.id)

    return start


def recompose(film_id: FilmId) -> StartFilm:
    """Return the start of `compose`: the ended film goes back to composing."""

    async def start(ctx: AppContext, lease_owner: LeaseOwner | None) -> StartedFilm:
        await reopen_to_compose(ctx.database, film_id, lease_owner=lease_owner)
        return StartedFilm(film_id=film_id)

    return start


def retry(film_id: FilmId, redo: Sequence[int], console: Console, *, yes: bool) -> StartFilm:
    """Return the start of `retry`: a new film adopts what the ended one has ready.

    Args:
        film_id: The ended film.
        redo: Numbers of segments to render anew, as a person counts them, from 1; judged when it begins.
        console: Where the price is told and agreed to.
        yes: Spend without asking.
    """

    async def start(ctx: AppContext, lease_owner: LeaseOwner | None) -> StartedFilm:
        film, again = await queries.get_film(ctx.database, film_id), await redo_indexes(ctx.database, film_id, redo)
        segments = await queries.get_segments(ctx.database, film_id)
        wanted = [each.index for each in segments if each.state is not SegmentState.READY or each.index in again]
        await _agree(ctx, film.request, console, yes=yes, segments=wanted)
        payer = local_payer(ctx.settings)
        new_id = (await open_retry(ctx.database, film_id, payer, redo=again, lease_owner=lease_owner)).film_id
        held = credits_text((await queries.get_film(ctx.database, new_id)).cost_estimate_mc)
        return StartedFilm(film_id=new_id, message=f"{new_id} adopts {film_id}; {held} credits held for the rest")

    return start


async def make(start: StartFilm, *, out: Path, settings: Settings, console: Console) -> FilmOutput:
    """Begin a film, see it made, and copy it to `out`: here, or by the running `longvideo up` or `worker`.

    Args:
        start: What orders or retries it.
        out: Where the film goes; nothing is written there unless it is completed.
        settings: This process's settings.
        console: Where progress is shown.
    """
    check_output(out)
    async with AsyncExitStack() as stack:
        if settings.simulated:
            say_on(console, SIMULATED_LINE, style="bold yellow")
        async with open_ledger(settings) as database:
            elsewhere = bool(await live_processes(database, ProcessKind.DISPATCHER, within_s=_ALIVE_S))
        server = None if elsewhere else await stack.enter_async_context(prefect_server(settings.home))
        ctx = await stack.enter_async_context(open_context(settings))
        if server is None:
            started = await start(ctx, None)
            await set_destination(ctx.database, started.film_id, str(out.absolute()))
            view = await follow_shown(ctx, started, console)
        else:
            await follow_late_jobs(ctx)
            started = await start(ctx, ctx.lease_owner)
            await set_destination(ctx.database, started.film_id, str(out.absolute()))
            view = await run_with_progress(ctx, server, started, console)
        files = await export_film(ctx.objects, view.film, out) if view.film.status is Status.COMPLETED else ()
        await set_destination(ctx.database, started.film_id, None)
    return FilmOutput(view=view, files=files)


async def _earlier(ctx: AppContext, request: FilmRequest, out: Path) -> StartedFilm | None:
    """Return the film of the same order that isn't finished, or finished and not copied to `out` yet."""
    twins = await find_unfinished(ctx.database, request, LOCAL_ACCOUNT)
    for unfinished in twins:
        if unfinished.owner is None or ctx.is_dead(unfinished.owner):
            told = f"Resuming the unfinished film {unfinished.film_id} of the same order (--new: another)."
            return StartedFilm(film_id=unfinished.film_id, message=told)
    if twins:
        told = f"{twins[0].film_id} of the same order is being made; this command follows it (--new: another)."
        return StartedFilm(film_id=twins[0].film_id, message=told, followed=True)
    uncopied = await find_uncopied(ctx.database, request, LOCAL_ACCOUNT, str(out.absolute()))
    if uncopied is None:
        return None
    return StartedFilm(
        film_id=uncopied, message=f"{uncopied} of the same order is completed; writing its files (--new: another)."
    )


async def _agree(
    ctx: AppContext, request: FilmRequest, console: Console, *, yes: bool, segments: Collection[int] | None = None
) -> None:
    if not ctx.simulated:
        await agree_to_cost(ctx, request, console, yes=yes, segments=segments)


def _order_line(request: FilmRequest, film_id: FilmId) -> str:
    segments = "+".join(str(slot.kept_s) for slot in request.plan())
    cost = credits_text(sum(request.prices()))
    return f"{film_id}: {request.duration} s in segments of {segments} s, {cost} credits held"
