"""`longvideo make`, `compose` and `retry`: one film, from the order to the file, wherever films are made here."""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from film.credits import credits_text
from film.errors import FilmNotFound
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest
from film.status import SegmentState, Status
from ledger import films
from ledger.destinations import find_uncopied, set_destination
from ledger.leases import Maker
from ledger.processes import ProcessKind, alive
from ledger.reorders import unfinished_twins
from ledger.salvage import compose_again, retry_film
from ledger.showing import ShownFilm, ordered_film
from service.agreeing import agree_to_cost
from service.outfiles import check_out, copy_out
from service.prefect_server import prefect_server
from service.running import Begun, follow_shown, run_shown
from service.shown import say_on
from tasks.housekeeping import drain
from tasks.open_ledger import open_ledger
from tasks.ordering import checked_request, local_customer, order_film
from tasks.salvaging import indexes_of
from tasks.settings import Settings
from tasks.studio import Studio, open_studio

SIMULATED_LINE = (
    "SIMULATED: simulators make this film, no vendor is called. "
    "LISTENHUB_API_KEY and ANTHROPIC_API_KEY make it the real thing."
)
#: A dispatcher tells every 5 s that it is alive.
_ALIVE_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a command ended with: the film's row and the files that were written."""

    shown: ShownFilm
    files: tuple[Path, ...]


#: What a command begins with: it orders, continues or salvages, and names the film to be run. Whoever is named makes it
#: at once, else a dispatcher.
Start = Callable[[Studio, Maker | None], Coroutine[Any, Any, Begun]]


def ordering(
    wish: Mapping[str, Any], settings: Settings, console: Console, *, out: Path, new: bool, yes: bool
) -> Start:
    """Return the start of `make`: order a film, or go on with an unfinished one of the same order.

    Args:
        wish: The request's fields; judged at once, before anything is started.
        settings: This process's settings.
        console: Where the price is told and agreed to.
        out: Where the film goes: one that is completed and has not got there is the same order's, too.
        new: Order a new film even if an unfinished twin is there.
        yes: Spend without asking.

    Raises:
        InvalidRequest: A field breaks its rule.
        MissingKey: Live mode lacks a key.
    """
    checked_request(wish, settings)

    async def start(studio: Studio, maker: Maker | None) -> Begun:
        request = checked_request(wish, studio.settings, allowed_origin=studio.allowed_origin)
        earlier = None if new else await _earlier(studio, request, out)
        if earlier is not None:
            return earlier
        await _agree(studio, request, console, yes=yes)
        opened = await order_film(studio, request, idem_key=None, at_once=maker is not None)
        return Begun(film_id=opened.film_id, told=_order_line(request, opened.film_id))

    return start


def resuming(film_id: FilmId) -> Start:
    """Return the start of `make --resume`: the film is in the books."""

    async def start(studio: Studio, _: Maker | None) -> Begun:
        shown = await ordered_film(studio.books, film_id)
        if shown.deleted:
            raise FilmNotFound(film_id=film_id)
        return Begun(film_id=shown.film.id)

    return start


def composing_again(film_id: FilmId) -> Start:
    """Return the start of `compose`: the ended film goes back to composing."""

    async def start(studio: Studio, maker: Maker | None) -> Begun:
        await compose_again(studio.books, film_id, maker=maker)
        return Begun(film_id=film_id)

    return start


def retrying(film_id: FilmId, redo: Sequence[int], console: Console, *, yes: bool) -> Start:
    """Return the start of `retry`: a new film adopts what the ended one has ready.

    Args:
        film_id: The ended film.
        redo: Numbers of segments to render anew, as a person counts them, from 1; judged when it begins.
        console: Where the price is told and agreed to.
        yes: Spend without asking.
    """

    async def start(studio: Studio, maker: Maker | None) -> Begun:
        film, again = await films.film(studio.books, film_id), await indexes_of(studio.books, film_id, redo)
        segments = await films.segments(studio.books, film_id)
        wanted = [each.index for each in segments if each.state is not SegmentState.READY or each.index in again]
        await _agree(studio, film.request, console, yes=yes, segments=wanted)
        customer = local_customer(studio.settings)
        new_id = (await retry_film(studio.books, film_id, customer, redo=again, maker=maker)).film_id
        held = credits_text((await films.film(studio.books, new_id)).cost_estimate_mc)
        return Begun(film_id=new_id, told=f"{new_id} adopts {film_id}; {held} credits held for the rest")

    return start


async def make(start: Start, *, out: Path, settings: Settings, console: Console) -> Made:
    """Begin a film, see it made, and copy it to `out`: here, or by the running `longvideo up` or `worker`.

    Args:
        start: What orders or salvages it.
        out: Where the film goes; nothing is written there unless it is completed.
        settings: This process's settings.
        console: Where progress is shown.
    """
    check_out(out)
    async with AsyncExitStack() as stack:
        if settings.simulated:
            say_on(console, SIMULATED_LINE, style="bold yellow")
        async with open_ledger(settings) as books:
            elsewhere = bool(await alive(books, ProcessKind.DISPATCHER, within_s=_ALIVE_S))
        server = None if elsewhere else await stack.enter_async_context(prefect_server(settings.home))
        studio = await stack.enter_async_context(open_studio(settings))
        if server is None:
            begun = await start(studio, None)
            await set_destination(studio.books, begun.film_id, str(out.absolute()))
            shown = await follow_shown(studio, begun, console)
        else:
            await drain(studio)
            begun = await start(studio, studio.maker)
            await set_destination(studio.books, begun.film_id, str(out.absolute()))
            shown = await run_shown(studio, server, begun, console)
        files = await copy_out(studio.objects, shown.film, out) if shown.film.status is Status.COMPLETED else ()
        await set_destination(studio.books, begun.film_id, None)
    return Made(shown=shown, files=files)


async def _earlier(studio: Studio, request: FilmRequest, out: Path) -> Begun | None:
    """Return the film of the same order that isn't finished, or finished and not copied to `out` yet."""
    twins = await unfinished_twins(studio.books, request, LOCAL_ACCOUNT)
    for twin in twins:
        if twin.holder is None or studio.is_dead(twin.holder):
            told = f"Resuming the unfinished film {twin.film_id} of the same order (--new: another)."
            return Begun(film_id=twin.film_id, told=told)
    if twins:
        told = f"{twins[0].film_id} of the same order is being made; this command follows it (--new: another)."
        return Begun(film_id=twins[0].film_id, told=told, followed=True)
    uncopied = await find_uncopied(studio.books, request, LOCAL_ACCOUNT, str(out.absolute()))
    if uncopied is None:
        return None
    return Begun(
        film_id=uncopied, told=f"{uncopied} of the same order is completed; writing its files (--new: another)."
    )


async def _agree(
    studio: Studio, request: FilmRequest, console: Console, *, yes: bool, segments: Collection[int] | None = None
) -> None:
    if not studio.simulated:
        await agree_to_cost(studio, request, console, yes=yes, segments=segments)


def _order_line(request: FilmRequest, film_id: FilmId) -> str:
    segments = "+".join(str(slot.kept_s) for slot in request.plan())
    cost = credits_text(sum(request.prices()))
    return f"{film_id}: {request.duration} s in segments of {segments} s, {cost} credits held"
