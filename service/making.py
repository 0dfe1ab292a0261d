"""`longvideo make`, `compose` and `retry`: one film, here and now, from the order to the file."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.prompt import Confirm

from film.credits import credits_text
from film.errors import FilmEnded, NotAgreed
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest
from film.status import Status
from ledger import films
from ledger.ending import cancel_film
from ledger.rows import Film
from ledger.salvage import compose_again, retry_film
from service.outfiles import copy_out
from service.prefect_server import prefect_server
from service.progress import show_progress
from service.quoting import quotes
from tasks.holder import is_dead
from tasks.housekeeping import drain
from tasks.ordering import checked_request, local_customer, order_film
from tasks.settings import Settings
from tasks.studio import Studio, open_studio

SIMULATED_LINE = "SIMULATED: simulators make this film, no vendor is called. Set LISTENHUB_API_KEY for the real thing."

_SIGTERM_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What `make` ended with: the film's row and the files that were written."""

    film: Film
    files: tuple[Path, ...]


#: What a command begins with: it orders, continues or salvages, and names the film to be run.
Start = Callable[[Studio], Coroutine[Any, Any, FilmId]]


def ordering(wish: Mapping[str, Any], settings: Settings, console: Console, *, new: bool, yes: bool) -> Start:
    """Return the start of `make`: order a film, or go on with an unfinished one of the same order.

    Args:
        wish: The request's fields; judged at once, before anything is started.
        settings: This process's settings.
        console: Where the order is told.
        new: Order a new film even if an unfinished twin is there.
        yes: Spend without asking.

    Raises:
        InvalidRequest: A field breaks its rule.
        MissingKey: Live mode lacks a key.
    """
    checked_request(wish, settings)

    async def start(studio: Studio) -> FilmId:
        return await _ordered(studio, wish, console, new=new, yes=yes)

    return start


def resuming(film_id: FilmId) -> Start:
    """Return the start of `make --resume`: the film is in the books."""

    async def start(studio: Studio) -> FilmId:
        return (await films.film(studio.books, film_id)).id

    return start


def composing_again(film_id: FilmId) -> Start:
    """Return the start of `compose`: the ended film goes back to composing."""

    async def start(studio: Studio) -> FilmId:
        await compose_again(studio.books, film_id)
        return film_id

    return start


def retrying(film_id: FilmId, redo: Sequence[int], console: Console) -> Start:
    """Return the start of `retry`: a new film adopts what the ended one has ready."""

    async def start(studio: Studio) -> FilmId:
        new_id = (await retry_film(studio.books, film_id, local_customer(studio), redo=redo)).film_id
        film = await films.film(studio.books, new_id)
        console.print(f"{new_id} adopts {film_id}; {credits_text(film.cost_estimate_mc)} credits held for the rest")
        return new_id

    return start


async def run_here(start: Start, *, out: Path, settings: Settings, console: Console) -> Made:
    """Run a film in this process and copy it to `out`.

    Args:
        start: What orders or salvages it.
        out: Where the film goes; nothing is written there unless it is completed.
        settings: This process's settings.
        console: Where progress is shown.
    """
    async with AsyncExitStack() as stack:
        if settings.simulated:
            console.print(SIMULATED_LINE, style="bold yellow", highlight=False)
        server = await stack.enter_async_context(prefect_server(settings.home))
        studio = await stack.enter_async_context(open_studio(settings))
        await drain(studio)
        film_id = await start(studio)
        with console.status("Starting Prefect ..."):
            await server.healthy()
        film = await _run(studio, film_id, console)
        files = await copy_out(studio, film, out) if film.status is Status.COMPLETED else ()
    return Made(film=film, files=files)


async def _ordered(studio: Studio, wish: Mapping[str, Any], console: Console, *, new: bool, yes: bool) -> FilmId:
    request = checked_request(wish, studio.settings, allowed_origin=studio.allowed_origin)
    if not new:
        for twin in await films.unfinished_twins(studio.books, request, LOCAL_ACCOUNT):
            if twin.holder is None or is_dead(twin.holder):
                console.print(f"Going on with the unfinished film {twin.film_id} of the same order (--new: another).")
                return twin.film_id
    if not studio.simulated:
        await _agreed(studio, request, console, yes=yes)
    opened = await order_film(studio, request, idem_key=None)
    console.print(_order_line(request, opened.film_id), highlight=False)
    return opened.film_id


async def _agreed(studio: Studio, request: FilmRequest, console: Console, *, yes: bool) -> None:
    """Show what the vendors will charge, and return if a person, or `--yes`, lets it be spent.

    Raises:
        NotAgreed: Nobody did.
    """
    for quote in await quotes(studio, request):
        console.print(f"LIVE: this film costs {quote.line()}", style="bold", highlight=False)
    if yes:
        return
    if not (console.is_terminal and sys.stdin.isatty()):
        raise NotAgreed(remedy="add --yes to spend it from a script")
    if not await asyncio.to_thread(Confirm.ask, "Spend it?", console=console, default=False):
        raise NotAgreed(remedy="run the command again when you want the film")


def _order_line(request: FilmRequest, film_id: FilmId) -> str:
    segments = "+".join(str(slot.kept_s) for slot in request.plan())
    cost = credits_text(sum(request.prices()))
    return f"{film_id}: {request.duration} s in segments of {segments} s, {cost} credits held"


async def _run(studio: Studio, film_id: FilmId, console: Console) -> Film:
    """Run the film's flow beside its progress; Ctrl-C cancels the film and settles it, SIGTERM gives it back."""
    from flows.long_video import produce_film  # noqa: PLC0415 - Prefect reads its settings when it is imported

    loop = asyncio.get_running_loop()
    making = asyncio.create_task(_flow(produce_film, film_id))
    cancels: set[asyncio.Task[bool]] = set()

    def cancel() -> None:
        console.print("Canceling: unused credits go back ...")
        cancels.add(loop.create_task(cancel_film(studio.books, film_id)))

    loop.add_signal_handler(signal.SIGINT, cancel)
    sigterm = asyncio.create_task(_own_sigterm(making.cancel))
    showing = asyncio.create_task(show_progress(studio.books, film_id, console))
    try:
        await making
        await showing
    finally:
        showing.cancel()
        sigterm.cancel()
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
        await asyncio.gather(*cancels)
    return await films.film(studio.books, film_id)


async def _own_sigterm(stop: Callable[[], object]) -> None:
    """Keep SIGTERM ours: Prefect's engine puts its own handler over it, which raises wherever the loop happens to be.

    A stop must be a cancellation, so that the film is given back.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    ours = signal.getsignal(signal.SIGTERM)
    while True:
        await asyncio.sleep(_SIGTERM_LOOK_S)
        if signal.getsignal(signal.SIGTERM) is not ours:
            loop.add_signal_handler(signal.SIGTERM, stop)


async def _flow(produce_film: Any, film_id: FilmId) -> None:
    state = await produce_film(film_id, return_state=True)
    try:
        await state.aresult()
    except FilmEnded:
        return  # told by the film's row
