"""Films told to people and to scripts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from api.video import Urls, Video, detail_of, video_of
from film.credits import credits_text
from film.status import Status
from film.text import one_line
from ledger.database.records import Film, Segment
from ledger.films.queries import FilmDetail, FilmView
from service.shown import cell
from store.objects import Objects


def film_json(view: FilmView) -> dict[str, Any]:
    """Return a film as scripts get it: the HTTP API's Video, and its title."""
    return _titled(view, video_of(view, Urls()))


def detail_json(detail: FilmDetail) -> dict[str, Any]:
    """Return a film with its segments and its storyboard as scripts get it."""
    return _titled(detail.view, detail_of(detail, Urls()))


def _titled(view: FilmView, video: Video) -> dict[str, Any]:
    storyboard = view.film.storyboard
    told: dict[str, Any] = video.model_dump(mode="json", exclude_unset=True)
    # The files lie beside OUT; links are the API's to give.
    for link in ("result_url", "poster_url", "subtitles_url"):
        del told[link]
    return {**told, "title": storyboard.title if storyboard else None}


def film_text(film: Film, files: Sequence[Path]) -> str:
    """Return a film's end, or where it stands, in a few lines; segments count from 1."""
    cost = film.cost_actual_mc if film.cost_actual_mc is not None else 0
    back = film.cost_estimate_mc - cost
    lines = [f"{film.id} {film.status}"]
    match film.status:
        case Status.COMPLETED:
            lines[0] += f": {film.request.duration} s, {credits_text(cost)} credits"
        case Status.FAILED if film.error is not None:
            where = (
                film.error.stage
                if film.error.segment is None
                else f"{film.error.stage}, segment {film.error.segment + 1}"
            )
            lines[0] += f" in {where} ({film.error.code}): {one_line(film.error.message)}"
            lines.append(f"{credits_text(cost)} credits charged, {credits_text(back)} given back")
        case Status.CANCELED:
            lines.append(f"{credits_text(cost)} credits charged, {credits_text(back)} given back")
        case _:
            lines[0] += f", {film.progress} %"
            if film.awaiting_approval:
                price = credits_text(film.cost_estimate_mc)
                lines.append(f"waits for you ({price} credits): `longvideo approve {film.id}` or `reject`")
    if film.simulated:
        lines.append("simulated: made by simulators, nothing was paid")
    return "\n".join([*lines, *(str(file) for file in files)])


def stored_text(film: Film, objects: Objects) -> str:
    """Return where a completed film lies, and how to have it as a file; empty for any other."""
    if film.result is None:
        return ""
    return f"stored as {objects.url_of(film.result.film)}; `longvideo make --resume {film.id} --out FILE` writes it"


def seams_text(segments: Sequence[Segment]) -> str:
    """Return how well the cuts of a chained film meet, in one line; empty where none was measured.

    Segments count from 1.
    """
    seams = [
        f"{segment.index}|{segment.index + 1} {segment.seam_similarity:.3f}"
        for segment in segments
        if segment.seam_similarity is not None
    ]
    return f"cuts, 1 = the same picture on both sides: {', '.join(seams)}" if seams else ""


def films_table(found: Sequence[Film]) -> Table:
    """Return films as a table, one a row."""
    table = Table(box=None)
    # An id that is cut can't be copied; whatever else gives way.
    table.add_column("film", no_wrap=True, min_width=28)
    table.add_column("status", no_wrap=True, min_width=10)
    for name, width in (("%", 3), ("s", 3), ("credits", 7)):
        table.add_column(name, no_wrap=True, justify="right", min_width=width)
    table.add_column("provider", no_wrap=True, min_width=10)
    table.add_column("title or prompt", no_wrap=True, overflow="ellipsis", ratio=1)
    for film in found:
        cost = film.cost_estimate_mc if film.cost_actual_mc is None else film.cost_actual_mc
        words = film.storyboard.title if film.storyboard else film.request.prompt
        table.add_row(
            cell(film.id),
            cell(film.status),
            cell(str(film.progress)),
            cell(str(film.request.duration)),
            cell(credits_text(cost)),
            cell(film.request.provider),
            cell(words[:50]),
        )
    return table
