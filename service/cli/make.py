"""`longvideo make`, `compose`, `retry` and `estimate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from film.canvas import AspectRatio, Resolution
from film.credits import credits_number, credits_text
from film.errors import LongVideoError
from film.ids import film_id_of
from film.profiles import Provider
from film.request import Continuity, Subtitles, parse_request
from service.cli.output import film_json, film_text
from service.cli.terminal import EXIT_OF, FilmArgument, Json, print_error, print_json, read_settings, run
from service.shown import say, say_on

if TYPE_CHECKING:
    from service.cli.foreground import FilmOutput

Duration = Annotated[int, typer.Option(help="Length in seconds, 3 to 180; exact to the frame.")]
Who = Annotated[Provider, typer.Option(help="Who renders the segments.")]
Size = Annotated[Resolution, typer.Option(help="Height class, as the provider allows.")]
Sound = Annotated[bool, typer.Option("--native-sound", help="Keep the clips' own sound under the mix.")]
Yes = Annotated[bool, typer.Option("--yes", help="Live: spend without asking.")]

Out = Annotated[Path, typer.Option(help="Where the film goes, over what is there; .srt, .vtt, .jpg beside it.")]


def make(
    prompt: Annotated[str, typer.Argument(help="What the film is about, in any language.")] = "",
    *,
    duration: Duration = 30,
    provider: Who = Provider.HAPPYHORSE,
    resolution: Size = Resolution.P720,
    ratio: Annotated[AspectRatio, typer.Option(help="Width to height.")] = AspectRatio.WIDE,
    out: Out = Path("film.mp4"),
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
    ask: Annotated[bool, typer.Option("--approve", help="Wait for `longvideo approve ID` before spending.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Don't go on with an unfinished film of the same order.")] = False,
    yes: Yes = False,
    resume: Annotated[
        str, typer.Option(metavar="ID", help="No new film: go on with this one, or write it to --out once more.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make one film, here and now."""
    fields: dict[str, Any] = {
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
        "approve": ask,
    }
    settings = read_settings(on_terminal=True)
    console = Console(stderr=as_json)

    async def body() -> int:
        from service.cli.foreground import make, order_start, resume_start  # noqa: PLC0415 - Prefect reads its settings at import

        ordered = order_start(fields, settings, console, out=out, new=new, yes=yes) if not resume else None
        start = ordered or resume_start(film_id_of(resume))
        return _tell(await make(start, out=out, settings=settings, console=console), console, as_json=as_json)

    raise typer.Exit(run(body(), as_json=as_json))


def compose(film_id: FilmArgument, *, out: Out = Path("film.mp4"), as_json: Json = False) -> None:
    """Compose an ended film again from its parts; free."""
    settings, console = read_settings(on_terminal=True), Console(stderr=as_json)

    async def body() -> int:
        from service.cli.foreground import make, recompose  # noqa: PLC0415 - as above

        start = recompose(film_id_of(film_id))
        return _tell(await make(start, out=out, settings=settings, console=console), console, as_json=as_json)

    raise typer.Exit(run(body(), as_json=as_json))


def retry(
    film_id: FilmArgument,
    *,
    redo: Annotated[
        list[int] | None, typer.Option(help="Number of a segment to render anew, as `show` counts, from 1; repeatable.")
    ] = None,
    out: Out = Path("film.mp4"),
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make a new film that adopts what an ended one has ready and pays only for the rest."""
    settings, console = read_settings(on_terminal=True), Console(stderr=as_json)

    async def body() -> int:
        from service.cli.foreground import make, retry  # noqa: PLC0415 - as above

        start = retry(film_id_of(film_id), redo or [], console, yes=yes)
        return _tell(await make(start, out=out, settings=settings, console=console), console, as_json=as_json)

    raise typer.Exit(run(body(), as_json=as_json))


def _tell(output: "FilmOutput", console: Console, *, as_json: bool) -> int:
    if as_json:
        print_json({**film_json(output.view), "files": [str(file) for file in output.files]})
    else:
        say_on(console, film_text(output.view.film, output.files), wrap=False)
    return EXIT_OF[output.view.film.status]


def estimate(
    *,
    duration: Duration = 30,
    provider: Who = Provider.HAPPYHORSE,
    resolution: Size = Resolution.P720,
    native_sound: Sound = False,
    as_json: Json = False,
) -> None:
    """Say what a film would cost, and its segments."""
    fields = {"duration": duration, "provider": provider, "resolution": resolution, "native_sound": native_sound}
    try:
        request = parse_request({"prompt": "-", "language": "en", **fields})
    except LongVideoError as error:
        raise typer.Exit(print_error(error, as_json=as_json)) from error
    cost, seconds = sum(request.prices()), [slot.kept_s for slot in request.plan()]
    if as_json:
        print_json({"cost_estimate": credits_number(cost), "segments": seconds})
    else:
        say(f"{credits_text(cost)} credits: {len(seconds)} segments of {'+'.join(map(str, seconds))} s")


def _music(described: str, url: str) -> bool | dict[str, str]:
    fields = {"prompt": described} if described else {}
    return {**fields, "url": url} if url else (fields or True)
