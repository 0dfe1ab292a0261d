"""A part: what is left of a clip once it fits the film, as a folder that can be read again."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from film.canvas import samples_of

PICTURE: Final = "picture.mp4"
SOUND: Final = "sound.wav"
LAST_FRAME: Final = "last.png"
COVER: Final = "cover.jpg"
_NOTE: Final = "part.json"
_GIVEN_BY_FOLDER: Final = ("picture", "sound", "last_frame", "cover", "samples")


class Mode(StrEnum):
    """How the part's picture came about."""

    ENCODED = "encoded"
    COPIED = "copied"
    PREFIX_CUT = "prefix_cut"


class Fault(StrEnum):
    """What a run of frames suffers from."""

    BLACK = "black"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of faulty frames: first one, and the one after the last."""

    fault: Fault
    start_frame: int
    end_frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A segment's conformed pieces: `frames` frames of picture, 2000 times as many samples of sound."""

    picture: Path
    sound: Path
    last_frame: Path
    cover: Path
    frames: int
    samples: int
    extradata_sha256: str
    picture_sha256: str
    mode: Mode
    #: Frames that the clip lacked and that were cloned from its last one (0..2).
    cloned_frames: int
    runs: tuple[Run, ...]


def part_in(
    folder: Path,
    *,
    frames: int,
    extradata_sha256: str,
    picture_sha256: str,
    mode: Mode,
    cloned_frames: int,
    runs: tuple[Run, ...],
) -> Part:
    """Return the part whose files lie in `folder` under their fixed names."""
    return Part(
        picture=folder / PICTURE,
        sound=folder / SOUND,
        last_frame=folder / LAST_FRAME,
        cover=folder / COVER,
        frames=frames,
        samples=samples_of(frames),
        extradata_sha256=extradata_sha256,
        picture_sha256=picture_sha256,
        mode=mode,
        cloned_frames=cloned_frames,
        runs=runs,
    )


def write_part(part: Part) -> None:
    """Write the part's facts beside its files, for `read_part`."""
    facts = {name: value for name, value in asdict(part).items() if name not in _GIVEN_BY_FOLDER}
    (part.picture.parent / _NOTE).write_text(json.dumps(facts, indent=1), encoding="utf-8")


def read_part(folder: Path) -> Part | None:
    """Return the part that was finished in `folder`, or None where none was."""
    note = folder / _NOTE
    if not note.is_file():
        return None
    facts = json.loads(note.read_text(encoding="utf-8"))
    runs = tuple(
        Run(fault=Fault(run["fault"]), start_frame=run["start_frame"], end_frame=run["end_frame"])
        for run in facts.pop("runs")
    )
    return part_in(folder, mode=Mode(facts.pop("mode")), runs=runs, **facts)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def folder_made_whole(into: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `into` that takes its place when the block ends well, and vanishes else."""
    into.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    try:
        yield draft
        if into.exists():
            into.replace(draft / ".former")
        draft.rename(into)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(into / ".former", ignore_errors=True)
