"""A film's flow in this process, beside its progress; what Ctrl-C and SIGTERM mean for it."""

import asyncio
import signal
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from film.errors import FilmEnded, LeaseTaken
from film.ids import FilmId
from ledger.database import Books
from ledger.ending import cancel_film
from ledger.showing import ShownFilm, ordered_film
from service.prefect_server import PrefectServer
from service.progress import show_progress
from service.shown import say_on
from service.signals import sigterm
from tasks.studio import Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A film that a command has ordered, taken up or salvaged, and what a person is told of that."""

    film_id: FilmId
    told: str = ""


async def run_shown(studio: Studio, server: PrefectServer, begun: Begun, console: Console) -> ShownFilm:
    """Run the film's flow beside its progress; Ctrl-C cancels the film and settles it, SIGTERM gives it back."""
    loop, film_id = asyncio.get_running_loop(), begun.film_id
    starting = asyncio.create_task(_started(server, console))
    cancels: set[asyncio.Task[None]] = set()

    async def canceled() -> None:
        await cancel_film(studio.books, film_id)
        starting.cancel()  # before its flow has begun there is nobody else to settle anything

    def cancel() -> None:
        say_on(console, "Canceling: unused credits go back ...")
        cancels.add(loop.create_task(canceled()))

    loop.add_signal_handler(signal.SIGINT, cancel)
    if begun.told:  # only now: whoever reads of the film may press Ctrl-C at once
        say_on(console, begun.told)
    making = asyncio.create_task(_made(starting, film_id, console))
    showing = asyncio.create_task(_shown(starting, studio.books, film_id, console))
    try:
        async with sigterm(making.cancel):
            await making
            await showing
    finally:
        starting.cancel()
        showing.cancel()
        loop.remove_signal_handler(signal.SIGINT)
        # The caller closes the books: whoever still read them would wait for ever.
        await asyncio.gather(starting, showing, return_exceptions=True)
        await asyncio.gather(*cancels)
    return await ordered_film(studio.books, film_id)


async def _started(server: PrefectServer, console: Console) -> Any:
    with console.status("Starting Prefect ..."):
        await server.healthy()
    from flows.long_video import produce_film  # noqa: PLC0415 - Prefect reads its settings when it is imported

    return produce_film


async def _shown(starting: "asyncio.Task[Any]", books: Books, film_id: FilmId, console: Console) -> None:
    await asyncio.wait([starting])  # a terminal draws one thing at a time
    await show_progress(books, film_id, console)


async def _made(starting: "asyncio.Task[Any]", film_id: FilmId, console: Console) -> None:
    """Run the film's flow, unless Ctrl-C has ended its start; if another process has taken it, that one is followed."""
    await asyncio.wait([starting])
    if starting.cancelled():
        return
    state = await starting.result()(film_id, return_state=True)
    try:
        await state.aresult()
    except LeaseTaken as taken:
        say_on(console, f"It is already running on {taken.where}; this command follows.")
    except FilmEnded:
        return  # told by the film's row
