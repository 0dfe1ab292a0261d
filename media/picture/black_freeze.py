"""Black and frozen runs: what a clip has of its own, and what stands in its part, both measured in the conform's pass.

The clip is asked the easier question (darker by a card's veil, alone between bars, stiller by half), so that whatever
is black or still by its vendor's doing is known as such; a run of the part that the clip hasn't was made by us.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from film.canvas import FPS
from media.picture.part import Defect, DefectRun, Part

#: Frames from which a black run is worth telling.
BLACK_FRAMES: Final = 3
#: Frames from which a still run is worth telling: half a second.
FROZEN_FRAMES: Final = 12
#: A pixel is black below this share of white, a picture if so much of it is.
_BLACK_PIXEL: Final = 0.06
_BLACK_PICTURE: Final = 0.98
#: A picture stands still if it differs from the one before by less than this share of white, on average.
_STILL_NOISE: Final = 0.0005
#: A card's veil halves the light (`media/text/cards`).
_VEILED: Final = 0.12
#: Frames by which two measures of one run may differ at its ends.
_SLACK_FRAMES: Final = 3

_MARK = re.compile(r"^lavfi\.(black|freezedetect\.freeze)_(start|end)=([\d.]+)")
_FAULT: Final = {"black": Defect.BLACK, "freezedetect.freeze": Defect.FROZEN}


def detect_in_part(stream: Any, log: str) -> Any:
    """Return the ffmpeg-python `stream` of a part, all drawn, watched for runs; its findings go to the file `log`."""
    return _detecting(
        stream,
        log,
        black=(BLACK_FRAMES, _BLACK_PIXEL, _BLACK_PICTURE),
        still=(FROZEN_FRAMES, _STILL_NOISE),
    )


def detect_in_clip(stream: Any, log: str, *, filled: float) -> Any:
    """Return the ffmpeg-python `stream` of a clip, in the film's time, watched for runs that are its own.

    Args:
        stream: Its pictures, nothing done to them yet.
        log: Where the findings go: a bare name in the folder where ffmpeg runs.
        filled: The share of the canvas that they will fill; the rest are black bars, which never move.
    """
    light = (1 - _BLACK_PICTURE) / filled * 1.5 + 0.03
    return _detecting(
        stream,
        log,
        black=(0.5, _VEILED, max(0.5, 1 - light)),
        still=(FROZEN_FRAMES / 2, 4 * _STILL_NOISE / filled),
    )


def read_detections(log: Path, *, frames: int) -> tuple[DefectRun, ...]:
    """Return the runs noted in `log`; a run still open at the end lasts to frame `frames`."""
    open_runs: dict[Defect, int] = {}
    runs: list[DefectRun] = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
        if not (mark := _MARK.match(line)):
            continue
        fault, frame = _FAULT[mark[1]], round(float(mark[3]) * FPS)
        if mark[2] == "start":
            open_runs[fault] = frame
        elif (start := open_runs.pop(fault, None)) is not None:
            runs.append(DefectRun(fault=fault, start_frame=start, end_frame=frame))
    runs += [DefectRun(fault=fault, start_frame=start, end_frame=frames) for fault, start in open_runs.items()]
    return tuple(sorted(runs, key=lambda run: (run.start_frame, run.fault)))


def unexplained_runs(part: Part) -> tuple[DefectRun, ...]:
    """Return the stretches of a part's runs that its clip doesn't explain, if long enough to be seen."""
    limits = {Defect.BLACK: BLACK_FRAMES, Defect.FROZEN: FROZEN_FRAMES}
    return tuple(
        stretch
        for run in part.runs
        for stretch in _unexplained(run, [own for own in part.clip_runs if own.fault is run.fault])
        if stretch.end_frame - stretch.start_frame >= limits[run.fault]
    )


def _unexplained(run: DefectRun, own: Sequence[DefectRun]) -> list[DefectRun]:
    stretches, at = [], run.start_frame
    for each in sorted(own, key=lambda each: each.start_frame):
        first, last = each.start_frame - _SLACK_FRAMES, each.end_frame + _SLACK_FRAMES
        if at < first < run.end_frame:
            stretches.append(DefectRun(fault=run.fault, start_frame=at, end_frame=first))
        if first < run.end_frame:
            at = max(at, last)
    if at < run.end_frame:
        stretches.append(DefectRun(fault=run.fault, start_frame=at, end_frame=run.end_frame))
    return stretches


def _detecting(stream: Any, log: str, *, black: tuple[float, float, float], still: tuple[float, float]) -> Any:
    black_frames, pixel, picture = black
    still_frames, noise = still
    return (
        stream.filter("blackdetect", d=black_frames / FPS, pix_th=pixel, pic_th=round(picture, 4))
        .filter("freezedetect", n=round(noise, 6), d=still_frames / FPS)
        .filter("metadata", mode="print", file=log)
    )
