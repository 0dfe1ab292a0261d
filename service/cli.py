"""The `longvideo` command. Exit codes: 0 completed, 1 failed, 2 bad request, 130 canceled."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from film.canvas import AspectRatio, Resolution
from film.credits import credits_number, credits_text
from film.errors import LongVideoError, RequestError
from film.ids import FilmId
from film.profiles import Provider
from film.request import Continuity, Subtitles, parse_request
from film.status import Status
from service.environment import prepare_environment
from service.telling import film_json, film_text, films_table
from tasks.settings import Settings

app = typer.Typer(
    help="One prompt becomes a finished film of 3 to 180 seconds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_EXIT: Final = {Status.COMPLETED: 0, Status.FAILED: 1, Status.CANCELED: 130}
_BAD_REQUEST: Final = 2
T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts; progress goes to stderr.")]
Duration = Annotated[int, typer.Option(help="Length in seconds, 3 to 180; exact to the frame.")]
Who = Annotated[Provider, typer.Option(help="Who renders the segments.")]
Size = Annotated[Resolution, typer.Option(help="Height class, as the provider allows.")]
Sound = Annotated[bool, typer.Option("--native-sound", help="Keep the clips' own sound under the mix.")]
FilmArgument = Annotated[str, typer.Argument(metavar="ID", help="The film's id, vid_...")]


@app.command()
def make(
    prompt: Annotated[str, typer.Argument(help="What the film is about, in any language.")] = "",
    *,
    duration: Duration = 30,
    provider: Who = Provider.HAPPYHORSE,
    resolution: Size = Resolution.P720,
    ratio: Annotated[AspectRatio, typer.Option(help="Width to height.")] = AspectRatio.WIDE,
    out: Annotated[Path, typer.Option(help="Where the film goes; .srt, .vtt and .jpg lie beside it.")] = Path(
        "film.mp4"
    ),
    language: Annotated[str, typer.Option(help="BCP-47 tag; default: the prompt's own.")] = "",
    narration: Annotated[bool, typer.Option(help="Buy a spoken narration.")] = True,
    voice: Annotated[str, typer.Option(help="Narrator's voice id.")] = "",
    music: Annotated[bool, typer.Option(help="Buy background music.")] = True,
    music_prompt: Annotated[str, typer.Option(help="Describe the music.")] = "",
    music_url: Annotated[str, typer.Option(help="Use this music file.")] = "",
    native_sound: Sound = False,
    subtitles: Annotated[Subtitles, typer.Option(help="As a stream, drawn on, or none.")] = Subtitles.SOFT,
    title_card: Annotated[str, typer.Option(help="Text over the first 2 s.")] = "",
    end_card: Annotated[str, typer.Option(help="Text over the last 2 s.")] = "",
    continuity: Annotated[Continuity, typer.Option(help="Reference images, or cut to cut.")] = Continuity.ANCHORED,
    reference: Annotated[list[str] | None, typer.Option(help="URL of a reference image; up to 9 times.")] = None,
    seed: Annotated[int | None, typer.Option(help="0 to 2147483647.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Don't go on with an unfinished film of the same order.")] = False,
    resume: Annotated[str, typer.Option(help="Go on with this film.")] = "",
    as_json: Json = False,
) -> None:
    """Make one film, here and now."""
    wish: dict[str, Any] = {
        "prompt": prompt,
        "duration": duration,
        "provider": provider,
        "resolution": resolution,
        "aspect_ratio": ratio,
        "language": language,
        "narration": {"voice_id": voice} if narration and voice else narration,
        "music": _music(music_prompt, music_url) if music else False,
        "native_sound": native_sound,
        "subtitles": subtitles,
        "title_card": title_card or None,
        "end_card": end_card or None,
        "continuity": continuity,
        "reference_images": reference or [],
        "seed": seed,
    }
    settings = _settings()
    console = Console(stderr=as_json)

    async def body() -> int:
        from service.making import make_film  # noqa: PLC0415 - after the environment is prepared

        made = await make_film(
            wish, out=out, settings=settings, console=console, new=new, resume=FilmId(resume) if resume else None
        )
        if as_json:
            _print_json({**film_json(made.film), "files": [str(file) for file in made.files]})
        else:
            console.print(film_text(made.film, made.files), highlight=False, soft_wrap=True)
        return _EXIT[made.film.status]

    raise typer.Exit(_run(body(), as_json=as_json))


@app.command()
def estimate(
    *,
    duration: Duration = 30,
    provider: Who = Provider.HAPPYHORSE,
    resolution: Size = Resolution.P720,
    native_sound: Sound = False,
    as_json: Json = False,
) -> None:
    """Say what a film would cost, and its segments."""
    wish = {"duration": duration, "provider": provider, "resolution": resolution, "native_sound": native_sound}
    try:
        request = parse_request({"prompt": "-", "language": "en", **wish})
    except LongVideoError as error:
        raise typer.Exit(_told(error, as_json=as_json)) from error
    cost, seconds = sum(request.prices()), [slot.kept_s for slot in request.plan()]
    if as_json:
        _print_json({"cost_estimate": credits_number(cost), "segments": seconds})
    else:
        typer.echo(f"{credits_text(cost)} credits: {len(seconds)} segments of {'+'.join(map(str, seconds))} s")


@app.command("list")
def list_films(
    *, limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20, as_json: Json = False
) -> None:
    """List this machine's films, newest first."""

    async def body() -> int:
        from service.looking import newest_films  # noqa: PLC0415

        found = await newest_films(_settings(), limit=limit)
        if as_json:
            _print_json([film_json(film) for film in found])
        else:
            Console().print(films_table(found))
        return 0

    raise typer.Exit(_run(body(), as_json=as_json))


@app.command()
def show(film_id: FilmArgument, *, as_json: Json = False) -> None:
    """Show one film: status, segments, storyboard, credits, files."""

    async def body() -> int:
        from service.looking import one_film  # noqa: PLC0415

        film, segments = await one_film(_settings(), FilmId(film_id))
        if as_json:
            _print_json(film_json(film, segments))
        else:
            from service.progress import picture  # noqa: PLC0415

            console = Console()
            console.print(picture(film, segments, now_ms=film.updated_at_ms))
            console.print(film_text(film, ()), highlight=False, soft_wrap=True)
        return 0

    raise typer.Exit(_run(body(), as_json=as_json))


@app.command()
def cancel(film_id: FilmArgument, *, as_json: Json = False) -> None:
    """Cancel a film; what no finished segment used goes back."""

    async def body() -> int:
        from service.looking import canceled_film  # noqa: PLC0415

        film = await canceled_film(_settings(), FilmId(film_id))
        if as_json:
            _print_json(film_json(film))
        else:
            typer.echo(film_text(film, ()))
        return 0

    raise typer.Exit(_run(body(), as_json=as_json))


@app.command()
def simulate(
    *,
    port: Annotated[int, typer.Option(help="Port on the loopback interface.")] = 8460,
    time_scale: Annotated[float, typer.Option(help="How many times faster than the vendors.")] = 20.0,
    faults: Annotated[Path | None, typer.Option(exists=True, help="File of scripted faults.")] = None,
) -> None:
    """Serve the simulated vendors until Ctrl-C."""
    from service.simulating import serve_simulators  # noqa: PLC0415

    serve_simulators(_settings().home, port=port, time_scale=time_scale, faults=faults)


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Check what a film needs on this machine, and say what to do where something is missing."""

    async def body() -> int:
        from service.doctor import examine  # noqa: PLC0415

        findings = await examine(_settings())
        if as_json:
            _print_json([finding.as_json() for finding in findings])
        else:
            for finding in findings:
                typer.echo(finding.line())
        return 0 if all(finding.fine for finding in findings) else 1

    raise typer.Exit(_run(body(), as_json=as_json))


def _music(described: str, url: str) -> bool | dict[str, str]:
    wish = {"prompt": described} if described else {}
    return {**wish, "url": url} if url else (wish or True)


def _settings() -> Settings:
    try:
        settings = Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        variable = name if name.isupper() else f"LONGVIDEO_{name.upper()}"
        typer.echo(f"{variable}: {fault['msg']}", err=True)
        raise typer.Exit(_BAD_REQUEST) from error
    prepare_environment(settings)
    return settings


def _run(body: Coroutine[Any, Any, int], *, as_json: bool) -> int:
    try:
        return asyncio.run(body)
    except LongVideoError as error:
        return _told(error, as_json=as_json)
    except asyncio.CancelledError:
        typer.echo("Stopped; the film is given back. Run the same command again to go on with it.", err=True)
        return 143


def _told(error: LongVideoError, *, as_json: bool) -> int:
    code = getattr(error, "code", "internal_error")
    if as_json:
        _print_json({"error": {"code": code, "message": str(error)}})
    else:
        typer.echo(str(error), err=True)
    return _BAD_REQUEST if isinstance(error, RequestError) else 1


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def main() -> None:
    """Run the command."""
    app()
