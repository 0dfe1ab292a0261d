"""The `longvideo` command: its subcommands, gathered."""

import asyncio
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from film.text import one_line
from service.cli.accounts import accounts, delete, keys
from service.cli.films import approve, audit, cancel, list_films, reject, show, watch
from service.cli.make import compose, estimate, make, retry
from service.cli.serve import deploy, up, worker
from service.cli.terminal import Json, own_process, print_json, read_settings, run
from service.http.addresses import HOST
from service.shown import say


class _Commands(TyperGroup):
    """The commands; a word that is no text reaches none of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse words that the terminal's own encoding can't read: no database, file or vendor takes them."""
        for number, word in enumerate(args, start=1):
            if not word.isprintable() and any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in word):
                say(f"Word {number} of the command is no text: {one_line(word)!r}", err=True)
                raise typer.Exit(2)
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:
    if asked:
        say(f"longvideo {installed_version('longvideo')}")
        raise typer.Exit


@app.callback()
def longvideo(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Print it.")
    ] = False,
) -> None:
    """One prompt becomes a finished film of 3 to 180 seconds."""
    del version


def simulate(
    *,
    port: Annotated[int, typer.Option(help="Port on the loopback interface.")] = 8460,
    time_scale: Annotated[float, typer.Option(help="How many times faster than the vendors.")] = 20.0,
    faults: Annotated[Path | None, typer.Option(exists=True, help="File of scripted faults.")] = None,
) -> None:
    """Serve the simulated vendors until Ctrl-C."""
    from service.cli.simulate import serve_simulators  # noqa: PLC0415

    serve_simulators(read_settings(serving=True).home, port=port, time_scale=time_scale, faults=faults)


def api(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on; behind a proxy that speaks TLS, loopback.")] = HOST,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: LONGVIDEO_API_PORT.")] = None,
) -> None:
    """Serve the HTTP API alone until Ctrl-C; any number of them may share one database."""
    from uvloop import new_event_loop  # noqa: PLC0415 - Python's own loop answers half as many requests

    from service.http.standalone import api_alone  # noqa: PLC0415 - FastAPI is slow to import

    settings = read_settings(serving=True)
    serving = api_alone(settings, host=host, port=port or settings.api_port)
    raise typer.Exit(run(serving, as_json=False, loop=new_event_loop))


def migrate() -> None:
    """Bring the ledger's schema up to date; SQLite does so by itself."""
    from ledger.database.engine import migrate_schema  # noqa: PLC0415

    settings = read_settings()
    settings.home.mkdir(parents=True, exist_ok=True)

    async def body() -> int:
        await asyncio.to_thread(migrate_schema, settings.ledger_url)
        say("The ledger's schema is up to date.")
        return 0

    raise typer.Exit(run(body(), as_json=False))


def doctor(*, as_json: Json = False) -> None:
    """Check what a film needs on this machine, and say what to do where something is missing."""

    async def body() -> int:
        from service.doctor.checks import examine  # noqa: PLC0415

        findings = await examine(read_settings())
        if as_json:
            print_json([finding.as_json() for finding in findings])
        else:
            for finding in findings:
                say(finding.line())
        return 0 if all(finding.fine for finding in findings) else 1

    raise typer.Exit(run(body(), as_json=as_json))


for command in (
    make,
    compose,
    retry,
    estimate,
    list_films,
    show,
    watch,
    cancel,
    approve,
    reject,
    delete,
    api,
    simulate,
    migrate,
    audit,
    doctor,
    up,
    worker,
    deploy,
):
    app.command("list" if command is list_films else None)(command)
app.add_typer(accounts, name="account")
app.add_typer(keys, name="key")


def main() -> None:
    """Run the command; the process ends with it."""
    own_process()
    app()
