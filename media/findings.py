"""Black and frozen runs of a part, measured in the one pass in which it is conformed."""

import re
from pathlib import Path
from typing import Any, Final

from film.canvas import FPS
from media.part import Fault, Run

#: Frames from which a black run is worth telling.
BLACK_FRAMES: Final = 3
#: Frames from which a still run is worth telling: half a second.
FROZEN_FRAMES: Final = 12

_MARK = re.compile(r"^lavfi\.(black|freezedetect\.freeze)_(start|end)=([\d.]+)")
_FAULT: Final = {"black": Fault.BLACK, "freezedetect.freeze": Fault.FROZEN}


def detect(stream: Any, log: Path) -> Any:
    """Return the ffmpeg-python `stream` watched for black and frozen runs, its findings going to `log`."""
    return (
        stream.filter("blackdetect", d=BLACK_FRAMES / FPS, pix_th=0.06, pic_th=0.98)
        .filter("freezedetect", n=0.0005, d=FROZEN_FRAMES / FPS)
        .filter("metadata", mode="print", file=str(log))
    )


def read_findings(log: Path, *, frames: int) -> tuple[Run, ...]:
    """Return the runs noted in `log`; a run still open at the end lasts to frame `frames`."""
    open_runs: dict[Fault, int] = {}
    runs: list[Run] = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else ():
        if not (mark := _MARK.match(line)):
            continue
        fault, frame = _FAULT[mark[1]], round(float(mark[3]) * FPS)
        if mark[2] == "start":
            open_runs[fault] = frame
        elif (start := open_runs.pop(fault, None)) is not None:
            runs.append(Run(fault=fault, start_frame=start, end_frame=frame))
    runs += [Run(fault=fault, start_frame=start, end_frame=frames) for fault, start in open_runs.items()]
    return tuple(sorted(runs, key=lambda run: (run.start_frame, run.fault)))
