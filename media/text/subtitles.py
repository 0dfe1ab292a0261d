"""Subtitles: the narration's cues as SRT, VTT and ASS, all three from one list of captions."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from film.canvas import SAMPLE_RATE, Canvas
from film.cues import Cue
from media.text.fonts import FAMILY
from media.text.typesetting import lines, on_the_line, width

#: Lines shown at once.
LINES_AT_ONCE: Final = 2
#: A tall picture's font size where it is 1080 wide: characters of 49 pixels, of which 18 fit between the margins.
_TALL_SIZE: Final = 58
#: From this shape on (1.6) a picture fills a phone, whose apps lay their buttons over its lowest fifth.
_PHONE_TENTHS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What stands on the screen at once: its lines, from `start_sample` to `end_sample`."""

    rows: tuple[str, ...]
    start_sample: int
    end_sample: int


def captions(cues: Sequence[Cue], *, language: str) -> tuple[Caption, ...]:
    """Set cues as captions of two lines at most; a longer cue becomes several, its time shared by their width."""
    found: list[Caption] = []
    for cue in cues:
        rows = lines(cue.text, language)
        groups = [rows[at : at + LINES_AT_ONCE] for at in range(0, len(rows), LINES_AT_ONCE)]
        total = sum(width(row) for row in rows) or 1
        length, done = cue.end_sample - cue.start_sample, 0
        for group in groups:
            start = cue.start_sample + length * done // total
            done += sum(width(row) for row in group)
            end = cue.start_sample + length * done // total
            found.append(Caption(rows=group, start_sample=start, end_sample=end))
    return tuple(found)


def srt(cues: Sequence[Cue], *, language: str) -> str:
    """Return the cues as a SubRip file (empty for no cues)."""
    blocks = [
        f"{number}\n{_clock(shown.start_sample, ',')} --> {_clock(shown.end_sample, ',')}\n{plain_text(shown.rows)}\n"
        for number, shown in enumerate(captions(cues, language=language), start=1)
    ]
    return "\n".join(blocks)


def plain_text(rows: Sequence[str]) -> str:
    """Return a caption's lines as they stand in SRT, and in the film's own subtitle stream."""
    # SRT has no escapes, and readers take `<...>`, `{...}` and `\N` for markup.
    twins = str.maketrans({"<": "＜", ">": "＞", "{": "｛", "}": "｝", "\\": "＼"})
    return "\n".join(row.translate(twins) for row in rows)


def vtt(cues: Sequence[Cue], *, language: str) -> str:
    """Return the cues as a WebVTT file."""
    blocks = [
        f"{_clock(shown.start_sample, '.')} --> {_clock(shown.end_sample, '.')}\n"
        + "\n".join(html.escape(row, quote=False) for row in shown.rows)
        + "\n"
        for shown in captions(cues, language=language)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def ass(
    cues: Sequence[Cue], *, language: str, canvas: Canvas, start_sample: int, samples: int, notice: str = ""
) -> str:
    """Return what is to be burned into one part, as an ASS file; empty if there is nothing.

    Args:
        cues: The film's cues; those outside the part are left out, times are counted from its start.
        language: BCP 47 tag of their text.
        canvas: The film's picture size.
        start_sample: The part's first sample in the film.
        samples: The part's length.
        notice: A text that stands at the upper edge all the time (the visible label).
    """
    events = []
    for shown in captions(cues, language=language):
        start, end = max(shown.start_sample - start_sample, 0), min(shown.end_sample - start_sample, samples)
        if start < end:
            events.append(_event(start, end, "Words", [on_the_line(row, language) for row in shown.rows]))
    if notice:
        room = 2 * (canvas.width - 2 * _side(canvas)) // _notice_size(canvas)
        events.append(_event(0, samples, "Notice", lines(notice, language, limit=room)))
    return "\n".join([_ass_head(canvas), *events, ""]) if events else ""


def _ass_head(canvas: Canvas) -> str:
    # 18 full-width characters must fit between the margins on the narrowest canvas.
    side, tall = _side(canvas), canvas.height > canvas.width
    size = canvas.width * _TALL_SIZE // 1080 if tall else min(canvas.height // 18, (canvas.width - 2 * side) // 18)
    below = canvas.height // 5 if canvas.height * 10 > canvas.width * _PHONE_TENTHS else canvas.height // 20
    label_size = _notice_size(canvas)
    fields = "Name,Fontname,Fontsize,PrimaryColour,OutlineColour,BackColour,Bold,Outline,Shadow,Alignment"
    words = f"Style: Words,{FAMILY},{size},&H00FFFFFF,&H00000000,&H80000000,{-1 if tall else 0},{size / 14:.1f},0,2"
    label = f"Style: Notice,{FAMILY},{label_size},&H30FFFFFF,&H60000000,&H80000000,0,{label_size / 20:.1f},0,8"
    margins, above = f"{side},{side},{max(8, below)}", f"{side},{side},{max(8, canvas.height // 20)}"
    return "\n".join(
        [
            "[Script Info]",
            "ScriptType: v4.00+",
            f"PlayResX: {canvas.width}",
            f"PlayResY: {canvas.height}",
            "WrapStyle: 2",  # lines are broken by media/text/typesetting alone
            "ScaledBorderAndShadow: yes",
            "YCbCr Matrix: TV.709",
            "[V4+ Styles]",
            f"Format: {fields},MarginL,MarginR,MarginV",
            f"{words},{margins}",
            f"{label},{above}",
            "[Events]",
            "Format: Layer,Start,End,Style,Text",
        ]
    )


def _side(canvas: Canvas) -> int:
    return canvas.width // 24


def _notice_size(canvas: Canvas) -> int:
    # The characters themselves are three quarters of a font's size: a twentieth of the shorter side at least, so that
    # nobody can miss them.
    return -(-min(canvas.width, canvas.height) * 7 // 100)


def _event(start: int, end: int, style: str, rows: Sequence[str]) -> str:
    return f"Dialogue: 0,{_ass_clock(start)},{_ass_clock(end)},{style},{_ass_text(rows)}"


def _ass_text(rows: Sequence[str]) -> str:
    # Braces would open an override and a backslash an escape: their full-width twins mean nothing to libass.
    twins = str.maketrans({"{": "｛", "}": "｝", "\\": "＼"})
    return "\\N".join(row.translate(twins) for row in rows)


def _clock(sample: int, mark: str) -> str:
    total_ms = (sample * 1000 + SAMPLE_RATE // 2) // SAMPLE_RATE
    seconds, millis = divmod(total_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{millis:03d}"


def _ass_clock(sample: int) -> str:
    hundredths = (sample * 100 + SAMPLE_RATE // 2) // SAMPLE_RATE
    seconds, rest = divmod(hundredths, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:02d}"
