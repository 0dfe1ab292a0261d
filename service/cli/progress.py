"""Live progress in a terminal: one bar a stage, one line a segment, read from the ledger, whoever makes the film."""

import asyncio
from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from film.credits import credits_text
from film.ids import FilmId
from film.status import SegmentState, Status
from ledger.database.engine import Database
from ledger.database.records import Film, Segment
from ledger.films import queries
from service.shown import cell, say_on

_LOOK_S: Final = 0.3
_STAGES: Final = tuple(status for status in Status if not status.terminal and status is not Status.QUEUED)
_MARKS: Final = {
    SegmentState.PENDING: ("·", "dim"),
    SegmentState.GENERATING: ("…", "yellow"),
    SegmentState.READY: ("✓", "green"),
    SegmentState.FAILED: ("✗", "red"),
    SegmentState.CANCELED: ("–", "dim"),
}


async def show_progress(database: Database, film_id: FilmId, console: Console) -> Film:
    """Show a film's progress until it has ended, and return it.

    On a terminal the picture is redrawn in place; elsewhere each new status is one line.
    """
    if not console.is_terminal:
        return await _lines(database, film_id, console)
    with Live(console=console, refresh_per_second=8, transient=False) as live:
        while True:
            film, segments = await queries.get_film(database, film_id), await queries.get_segments(database, film_id)
            live.update(picture(film, segments, now_ms=database.now_ms()))
            if film.status.terminal:
                return film
            await asyncio.sleep(_LOOK_S)


async def _lines(database: Database, film_id: FilmId, console: Console) -> Film:
    shown = ""
    while True:
        film, segments = await queries.get_film(database, film_id), await queries.get_segments(database, film_id)
        ready = sum(segment.state is SegmentState.READY for segment in segments)
        line = f"{film.id} {film.status} {film.progress} %, segments {ready}/{len(segments)}"
        if film.awaiting_approval:
            line += f", waits for `longvideo approve {film.id}` or `reject`"
        if line != shown:
            shown = line
            say_on(console, line, wrap=False)
        if film.status.terminal:
            return film
        await asyncio.sleep(_LOOK_S)


def picture(film: Film, segments: Sequence[Segment], *, now_ms: int) -> RenderableType:
    """Return the film as it stands: stages with their seconds, segments with their words, credits."""
    return Group(
        _headline(film), _stage_table(film, segments, now_ms), _segment_table(film, segments), _credits(film, segments)
    )


def _headline(film: Film) -> Text:
    title = film.storyboard.title if film.storyboard else film.request.prompt[:60]
    words = f"{film.request.duration} s · {film.request.provider} {film.request.resolution} {film.request.aspect_ratio}"
    return Text.assemble(cell(title, "bold"), f"  {film.id} · {words}")


def _stage_table(film: Film, segments: Sequence[Segment], now_ms: int) -> Table:
    table = Table.grid(padding=(0, 1))
    times = film.stage_times_ms
    reached = [stage for stage in _STAGES if stage in times]
    ends = [*(times[stage] for stage in reached[1:]), film.completed_at_ms or now_ms]
    for stage, end in zip(reached, ends, strict=False):
        bar = ProgressBar(total=1, completed=_share(film, segments, stage), width=30)
        table.add_row(cell(stage), bar, cell(f"{(end - times[stage]) / 1000:.1f} s"))
    for stage in _STAGES[len(reached) :]:
        table.add_row(Text(stage, "dim"), ProgressBar(total=1, completed=0, width=30), "")
    return table


def _share(film: Film, segments: Sequence[Segment], stage: Status) -> float:
    if film.status is not stage:
        return 1.0
    if stage is Status.GENERATING and segments:
        return sum(segment.state is SegmentState.READY for segment in segments) / len(segments)
    return 0.0


def _segment_table(film: Film, segments: Sequence[Segment]) -> Table:
    table = Table.grid(padding=(0, 1))
    for segment in segments:
        mark, style = _MARKS[segment.state]
        shot = film.storyboard.shots[segment.index] if film.storyboard else None
        words = "" if shot is None else (shot.narration or shot.prompt)
        price = f"{credits_text(segment.price_mc)} cr"
        table.add_row(
            Text(f"  {mark}", style),
            cell(f"{segment.index + 1:>2}"),
            cell(f"{segment.kept_s} s"),
            Text(price, "green" if segment.state is SegmentState.READY else "dim"),
            _row(words),
        )
    return table


def _row(words: str) -> Text:
    shown = cell(words)
    shown.overflow, shown.no_wrap = "ellipsis", True
    return shown


def _credits(film: Film, segments: Sequence[Segment]) -> Text:
    posted = sum(segment.price_mc for segment in segments if segment.state is SegmentState.READY)
    text = f"credits: {credits_text(posted)} charged of {credits_text(film.cost_estimate_mc)}"
    if film.cost_actual_mc is not None and film.cost_actual_mc < film.cost_estimate_mc:
        text += f", {credits_text(film.cost_estimate_mc - film.cost_actual_mc)} given back"
    if film.awaiting_approval:
        text += f"\nwaits for you: `longvideo approve {film.id}` or `longvideo reject {film.id}`"
    return Text(text, "bold" if film.status.terminal or film.awaiting_approval else "")
