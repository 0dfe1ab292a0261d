"""Commands that look at films, answer them or end them: list, show, watch, cancel, approve, reject, audit."""

from typing import Annotated

import typer
from rich.console import Console

from app.ledger import open_ledger
from film.ids import film_id_of
from ledger.database.records import Approval
from ledger.films.queries import FilmView
from service.cli.film_commands import answer_film, cancel_and_get, film_with_segments, list_newest_films
from service.cli.output import detail_json, film_json, film_text, films_table, seams_text, stored_text
from service.cli.progress import picture, show_progress
from service.cli.terminal import EXIT_OF, FilmArgument, Json, print_json, read_settings, run
from service.shown import say, say_on
from store.objects import Objects


def list_films(
    *, limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20, as_json: Json = False
) -> None:
    """List this machine's films, newest first."""

    async def body() -> int:
        found = await list_newest_films(read_settings(), limit=limit)
        if as_json:
            print_json([film_json(view) for view in found])
        else:
            Console().print(films_table([view.film for view in found]))
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


def show(film_id: FilmArgument, *, as_json: Json = False) -> None:
    """Show one film: status, segments, storyboard, credits, where it is stored."""

    async def body() -> int:
        settings = read_settings()
        detail = await film_with_segments(settings, film_id_of(film_id))
        if as_json:
            print_json(detail_json(detail))
        else:
            film, segments = detail.view.film, detail.segments
            console = Console()
            console.print(picture(film, segments, now_ms=film.updated_at_ms))
            told = [film_text(film, ()), seams_text(segments), stored_text(film, Objects(settings.objects_url))]
            say_on(console, "\n".join(filter(None, told)), wrap=False)
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


def watch(film_id: FilmArgument) -> None:
    """Follow a film that is being made, here or elsewhere, until it has ended."""

    async def body() -> int:
        async with open_ledger(read_settings()) as database:
            film = await show_progress(database, film_id_of(film_id), Console())
        say(film_text(film, ()))
        return EXIT_OF[film.status]

    raise typer.Exit(run(body(), as_json=False))


def cancel(film_id: FilmArgument, *, as_json: Json = False) -> None:
    """Cancel a film; what no finished segment used goes back."""

    async def body() -> int:
        canceled, view = await cancel_and_get(read_settings(), film_id_of(film_id))
        words = "canceled" if canceled else "it had ended before; nothing was canceled"
        return _tell(view, words, as_json=as_json)

    raise typer.Exit(run(body(), as_json=as_json))


def approve(film_id: FilmArgument, *, as_json: Json = False) -> None:
    """Let a film that asks before spending go on."""
    raise typer.Exit(run(_answer(film_id, Approval.APPROVED, as_json=as_json), as_json=as_json))


def reject(film_id: FilmArgument, *, as_json: Json = False) -> None:
    """Stop a film that asks before spending; it is canceled and everything goes back."""
    raise typer.Exit(run(_answer(film_id, Approval.REJECTED, as_json=as_json), as_json=as_json))


def audit(
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Compare each stored file's hash, not only its size.")] = False,
    providers: Annotated[bool, typer.Option("--providers", help="Ask the vendors what they charged.")] = False,
    as_json: Json = False,
) -> None:
    """Check every invariant of the ledger, the store and, if asked, the vendors' books; name each row at fault."""

    async def body() -> int:
        from service.audit.report import run_audit  # noqa: PLC0415 - only here

        report = await run_audit(read_settings(), deep=deep, providers=providers)
        if as_json:
            print_json(report.as_json())
        else:
            for note in report.notes:
                say(note, err=True)
            for line in (*(finding.line() for finding in report.findings), report.summary()):
                say(line)
        return 1 if report.findings else 0

    raise typer.Exit(run(body(), as_json=as_json))


async def _answer(film_id: str, decision: Approval, *, as_json: bool) -> int:
    approved = decision is Approval.APPROVED
    words = "approved: it goes on" if approved else "rejected: it is being canceled, all credits go back"
    return _tell(await answer_film(read_settings(), film_id_of(film_id), decision), words, as_json=as_json)


def _tell(view: FilmView, words: str, *, as_json: bool) -> int:
    if as_json:
        print_json(film_json(view))
    else:
        say(f"{view.film.id}: {words}")
        say(film_text(view.film, ()))
    return 0
