"""A film told in Markdown: its storyboard with pictures, its credits that add up. Pure: rows in, text out."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from film.credits import MilliCredits, credits_text
from film.status import SegmentState
from film.text import one_line
from ledger.database.records import Film, Segment

_MARKS: Final[Mapping[SegmentState, str]] = {
    SegmentState.PENDING: "○ pending",
    SegmentState.GENERATING: "… generating",
    SegmentState.READY: "✓ ready",
    SegmentState.FAILED: "✗ failed",
    SegmentState.CANCELED: "– canceled",
}
#: What Markdown reads as more than text: signs anywhere, what begins a list, a rule or a head, and bare addresses.
_ACTIVE: Final = re.compile(r"[\\`*_\[\]<>|#~&@$]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=www)\.|:(?=//)", re.IGNORECASE)


def storyboard_markdown(film: Film, segments: Sequence[Segment], pictures: Mapping[int, str]) -> str:
    """Return the film's shots, one below the other, counted from 1.

    Args:
        film: The film.
        segments: Its segments, in order.
        pictures: A data URL by segment's index, of those whose clip has arrived.
    """
    title = film.storyboard.title if film.storyboard else film.request.prompt
    lines = [f"# {_plain(title)}", "", _facts(film), ""]
    for segment in segments:
        number = segment.index + 1
        lines += [f"**{number}** · {segment.kept_s} s · {_MARKS[segment.state]}", ""]
        if segment.index in pictures:
            lines += [f"![segment {number}]({pictures[segment.index]})", ""]
        lines += _words(film, segment.index)
    return "\n".join(lines)


def credit_statement(film: Film, segments: Sequence[Segment]) -> str:
    """Return what was held, charged, given back and is still held, by segment; the last row is their sum."""
    lines = [f"Credits of {film.id}", "", "| segment | held | charged | given back | still held |"]
    lines += ["|---|---:|---:|---:|---:|"]
    rows = [_parts(film, segment) for segment in segments]
    for segment, row in zip(segments, rows, strict=True):
        name = f"{segment.index + 1}, {segment.kept_s} s" + ("" if segment.hold else ", adopted")
        lines.append(_row(name, row))
    totals = [sum(column) for column in zip(*rows, strict=True)]
    return "\n".join([*lines, _row("**sum**", totals)]) + "\n"


def _parts(film: Film, segment: Segment) -> tuple[int, int, int, int]:
    """Return a segment's credits: held, charged, given back, still held; the first is the sum of the others."""
    held = segment.price_mc if segment.hold else 0
    if segment.state is SegmentState.READY:
        return held, held, 0, 0
    return (held, 0, held, 0) if film.status.terminal else (held, 0, 0, held)


def _row(name: str, amounts_mc: Sequence[int]) -> str:
    return f"| {name} | " + " | ".join(credits_text(MilliCredits(amount)) for amount in amounts_mc) + " |"


def _facts(film: Film) -> str:
    request = film.request
    words = [
        f"{request.duration} s",
        f"{request.provider} {request.resolution} {request.aspect_ratio}",
        f"{credits_text(film.cost_estimate_mc)} credits",
        f"**{film.status}**, {film.progress} %",
    ]
    if film.simulated:
        words.append("simulated")
    if film.error is not None:
        words.append(f"{film.error.code}: {_plain(film.error.message)}")
    return f"`{film.id}` · " + " · ".join(words)


def _words(film: Film, index: int) -> list[str]:
    if film.storyboard is None:
        return []
    shot = film.storyboard.shots[index]
    said = [f"*{_plain(shot.narration)}*", ""] if shot.narration else []
    return [_plain(shot.prompt), "", *said]


def _plain(text: str) -> str:
    """Return words of others as one line of Markdown: no markup of theirs is followed."""
    return _ACTIVE.sub(r"\\\g<0>", " ".join(one_line(text).split()))
