"""A part: what is left of a clip once it fits the film, as a folder that can be read again."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from film.canvas import samples_of

PICTURE: Final = "picture.mp4"
SOUND: Final = "sound.wav"
LAST_FRAME: Final = "last.png"
COVER: Final = "cover.jpg"
THUMBNAILS: Final = "glances.yuv"
_NOTE: Final = "part.json"
#: What a folder must hold changes now and then; parts of another form are made anew.
_FORM: Final = 3
_FILES: Final = ("picture", "sound", "last_frame", "cover", "thumbnails")
_GIVEN_BY_FOLDER: Final = (*_FILES, "samples")


class Mode(StrEnum):
    """How the part's picture came about."""

    ENCODED = "encoded"
    COPIED = "copied"
    PREFIX_CUT = "prefix_cut"


class Defect(StrEnum):
    """What a run of frames suffers from."""

    BLACK = "black"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectRun:
    """A run of faulty frames: first one, and the one after the last."""

    fault: Defect
    start_frame: int
    end_frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A segment's conformed pieces: `frames` frames of picture, 2000 times as many samples of sound."""

    picture: Path
    sound: Path
    last_frame: Path
    cover: Path
    #: What every sixth frame looks like, for the verification (`media/picture/thumbnails`).
    thumbnails: Path
    frames: int
    samples: int
    extradata_sha256: str
    picture_sha256: str
    mode: Mode
    #: Frames that the clip lacked: its last one is held as long.
    cloned_frames: int
    #: What is black or still in the part, all drawn; and what was so in its clip, more easily taken for it.
    runs: tuple[DefectRun, ...]
    clip_runs: tuple[DefectRun, ...]


def part_in(
    folder: Path,
    *,
    frames: int,
    extradata_sha256: str,
    picture_sha256: str,
    mode: Mode,
    cloned_frames: int,
    runs: tuple[DefectRun, ...],
    clip_runs: tuple[DefectRun, ...],
) -> Part:
    """Return the part whose files lie in `folder` under their fixed names."""
    return Part(
        picture=folder / PICTURE,
        sound=folder / SOUND,
        last_frame=folder / LAST_FRAME,
        cover=folder / COVER,
        thumbnails=folder / THUMBNAILS,
        frames=frames,
        samples=samples_of(frames),
        extradata_sha256=extradata_sha256,
        picture_sha256=picture_sha256,
        mode=mode,
        cloned_frames=cloned_frames,
        runs=runs,
        clip_runs=clip_runs,
    )


def relocated(part: Part, folder: Path) -> Part:
    """Return the part as it is once its folder has become `folder`."""
    files = {name: folder / getattr(part, name).name for name in _FILES}
    return replace(part, **files)


def write_part(part: Part) -> None:
    """Write the part's facts beside its files, for `read_part`."""
    facts = {name: value for name, value in asdict(part).items() if name not in _GIVEN_BY_FOLDER}
    (part.picture.parent / _NOTE).write_text(json.dumps({"form": _FORM, **facts}, indent=1), encoding="utf-8")


def read_part(folder: Path) -> Part | None:
    """Return the part that was finished in `folder`, or None where none was."""
    note = folder / _NOTE
    if not note.is_file():
        return None
    facts = json.loads(note.read_text(encoding="utf-8"))
    if facts.pop("form", None) != _FORM:
        return None
    mode, runs, clip_runs = Mode(facts.pop("mode")), _runs(facts.pop("runs")), _runs(facts.pop("clip_runs"))
    return part_in(folder, mode=mode, runs=runs, clip_runs=clip_runs, **facts)


def _runs(notes: Sequence[Mapping[str, Any]]) -> tuple[DefectRun, ...]:
    return tuple(
        DefectRun(fault=Defect(note["fault"]), start_frame=note["start_frame"], end_frame=note["end_frame"])
        for note in notes
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_folder(into: Path) -> Iterator[Path]:
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
