"""`longvideo make`, `compose` and `retry`: one film, here and now, from the order to the file."""

import signal
import sys
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.prompt import Confirm

from film.credits import credits_text
from film.errors import FilmNotFound, NotAgreed
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest
from film.status import SegmentState, Status
from ledger import films
from ledger.database import Books
from ledger.leases import Lease, Maker
from ledger.processes import ProcessKind, alive
from ledger.reorders import unfinished_twins
from ledger.salvage import compose_again, retry_film
from ledger.showing import ShownFilm, ordered_film
from service.outfiles import check_out, copy_out
from service.prefect_server import prefect_server
from service.progress import show_progress
from service.quoting import quotes
from service.running import Begun, run_shown
from service.shown import say_on
from store.objects import Objects
from tasks.holder import is_dead
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
    """What `make` ended with: the film's row and the files that were written."""

    shown: ShownFilm
    files: tuple[Path, ...]


#: What a command begins with: it orders, continues or salvages, and names the film to be run.
Start = Callable[[Studio], Coroutine[Any, Any, Begun]]


def ordering(wish: Mapping[str, Any], settings: Settings, console: Console, *, new: bool, yes: bool) -> Start:
    """Return the start of `make`: order a film, or go on with an unfinished one of the same order.

    Args:
        wish: The request's fields; judged at once, before anything is started.
        settings: This process's settings.
        console: Where the price is told and agreed to.
        new: Order a new film even if an unfinished twin is there.
        yes: Spend without asking.

    Raises:
        InvalidRequest: A field breaks its rule.
        MissingKey: Live mode lacks a key.
    """
    checked_request(wish, settings)

    async def start(studio: Studio) -> Begun:
        return await _ordered(studio, wish, console, new=new, yes=yes)

    return start


def resuming(film_id: FilmId) -> Start:
    """Return the start of `make --resume`: the film is in the books."""

    async def start(studio: Studio) -> Begun:
        shown = await ordered_film(studio.books, film_id)
        if shown.deleted:
            raise FilmNotFound(film_id=film_id)
        return Begun(film_id=shown.film.id)

    return start


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """What leads an ended film back, or salvages it."""

    #: Whoever is named makes it at once, else a dispatcher.
    begin: Callable[[Books, Maker | None], Coroutine[Any, Any, Begun]]
    #: Has a person agree to what the vendors will charge; None where nothing is bought.
    agree: Callable[[Studio], Coroutine[Any, Any, None]] | None = None


def composing_again(film_id: FilmId) -> Salvage:
    """Return what `compose` does first: the ended film goes back to composing."""

    async def begin(books: Books, maker: Maker | None) -> Begun:
        await compose_again(books, film_id, maker=maker)
        return Begun(film_id=film_id)

    return Salvage(begin=begin)


def retrying(film_id: FilmId, redo: Sequence[int], settings: Settings, console: Console, *, yes: bool) -> Salvage:
    """Return what `retry` does first: a new film adopts what the ended one has ready.

    Args:
        film_id: The ended film.
        redo: Numbers of segments to render anew, as a person counts them, from 1; judged when it begins.
        settings: This process's settings.
        console: Where the price is told and agreed to.
        yes: Spend without asking.
    """

    async def agree(studio: Studio) -> None:
        film = await films.film(studio.books, film_id)
        again = await indexes_of(studio.books, film_id, redo)
        segments = await films.segments(studio.books, film_id)
        wanted = [each.index for each in segments if each.state is not SegmentState.READY or each.index in again]
        await _agreed(studio, film.request, console, yes=yes, segments=wanted)

    async def begin(books: Books, maker: Maker | None) -> Begun:
        indexes = await indexes_of(books, film_id, redo)
        new_id = (await retry_film(books, film_id, local_customer(settings), redo=indexes, maker=maker)).film_id
        film = await films.film(books, new_id)
        held = credits_text(film.cost_estimate_mc)
        return Begun(film_id=new_id, told=f"{new_id} adopts {film_id}; {held} credits held for the rest")

    return Salvage(begin=begin, agree=agree)


async def salvage(salvaging: Salvage, *, out: Path, settings: Settings, console: Console) -> Made:
    """Salvage a film where films are made: by a dispatcher that is alive, else here; and copy it to `out`."""
    check_out(out)
    agree = None if settings.simulated else salvaging.agree
    async with open_ledger(settings) as books:
        if await alive(books, ProcessKind.DISPATCHER, within_s=_ALIVE_S):
            if agree is not None:
                async with open_studio(settings) as studio:
                    await agree(studio)
            begun = await salvaging.begin(books, None)
            if begun.told:
                say_on(console, begun.told)
            film = await show_progress(books, begun.film_id, console)
            objects = Objects(settings.objects_url)
            files = await copy_out(objects, film, out) if film.status is Status.COMPLETED else ()
            return Made(shown=await ordered_film(books, film.id), files=files)

    async def start(studio: Studio) -> Begun:
        if agree is not None:
            await agree(studio)
        return await salvaging.begin(studio.books, studio.maker)

    return await run_here(start, out=out, settings=settings, console=console)


async def run_here(start: Start, *, out: Path, settings: Settings, console: Console) -> Made:
    """Run a film in this process and copy it to `out`.

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
        server = await stack.enter_async_context(prefect_server(settings.home))
        studio = await stack.enter_async_context(open_studio(settings))
        await drain(studio)
        begun = await start(studio)
        epoch = (await films.film(studio.books, begun.film_id)).epoch
        with studio.keeper.claimed(Lease(film_id=begun.film_id, epoch=epoch, holder=studio.holder)):
            shown = await run_shown(studio, server, begun, console)
        film = shown.film
        files = await copy_out(studio.objects, film, out) if film.status is Status.COMPLETED else ()
    return Made(shown=shown, files=files)


async def _ordered(studio: Studio, wish: Mapping[str, Any], console: Console, *, new: bool, yes: bool) -> Begun:
    request = checked_request(wish, studio.settings, allowed_origin=studio.allowed_origin)
    if not new:
        for twin in await unfinished_twins(studio.books, request, LOCAL_ACCOUNT):
            if twin.holder is None or is_dead(twin.holder):
                told = f"Going on with the unfinished film {twin.film_id} of the same order (--new: another)."
                return Begun(film_id=twin.film_id, told=told)
    if not studio.simulated:
        await _agreed(studio, request, console, yes=yes)
    opened = await order_film(studio, request, idem_key=None)
    return Begun(film_id=opened.film_id, told=_order_line(request, opened.film_id))


async def _agreed(
    studio: Studio, request: FilmRequest, console: Console, *, yes: bool, segments: Collection[int] | None = None
) -> None:
    """Show what the vendors will charge for all segments or some, and return if a person, or `--yes`, lets it be spent.

    Raises:
        NotAgreed: Nobody did.
    """
    for quote in await quotes(studio, request, segments=segments):
        say_on(console, f"LIVE: this film costs {quote.line()}", style="bold")
    if yes:
        return
    if not (console.is_terminal and sys.stdin.isatty()):
        raise NotAgreed(remedy="add --yes to spend it from a script")
    if not _yes(console):
        raise NotAgreed(remedy="run the command again when you want the film")


def _yes(console: Console) -> bool:
    """Ask a person; Ctrl-C and Ctrl-D mean no. The loop stands still meanwhile: nothing runs that needs it."""
    # asyncio's own handler cancels the task, which somebody who waits for a line of input doesn't feel.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return Confirm.ask("Spend it?", console=console, default=False)
    except (KeyboardInterrupt, EOFError):
        console.print()
        return False
    finally:
        signal.signal(signal.SIGINT, usual)


def _order_line(request: FilmRequest, film_id: FilmId) -> str:
    segments = "+".join(str(slot.kept_s) for slot in request.plan())
    cost = credits_text(sum(request.prices()))
    return f"{film_id}: {request.duration} s in segments of {segments} s, {cost} credits held"
