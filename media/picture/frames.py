"""Single frames: the exact last and first one, the sharpest, and how alike the two sides of a cut are."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from film.canvas import Canvas
from film.errors import ClipRejected, CommandFailed
from media import encoding
from media.command import CommandReport, run_ffmpeg
from media.ingest.ffmpeg_errors import classify_failure
from media.ingest.probe import Facts, PictureFormat, probe, read_picture_format
from media.ingest.safe_open import PICTURES, FileKind, untrusted_input
from media.picture.part import Part
from media.picture.scaling import scale_and_pad, with_colour_matrix
from media.picture.sharpness import sharpness

#: Every sixth frame is looked at for the sharpest, this wide.
STEP: Final = 6
LOOK_WIDTH: Final = 640
#: Similarity from which a clip's first frame counts as the frame it was told to start from.
REPEAT_SIMILARITY: Final = 0.97
#: Seams are compared at this size: grain and a re-encode vanish, a shifted picture does not.
_SEAM_SIZE: Final = (192, 108)
_WINDOW: Final = 8
_DEADLINE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """A cut between two chained segments: 1.0 = the same picture."""

    similarity: float

    @property
    def repeats(self) -> bool:
        """Whether the later clip begins with the frame on which the earlier ended."""
        return self.similarity >= REPEAT_SIMILARITY


async def last_frame(clip: Path, into: Path) -> Path:
    """Write a clip's very last shown frame, upright, as a PNG.

    Raises:
        ClipRejected: The clip can't be decoded.
    """
    source = await asyncio.to_thread(_read, clip)
    # Counted from the front: seeking from the end misses on odd time stamps (three files out of six when measured).
    await _grab(source, f"gte(n,{max(0, source.facts.frames - 2)})", into)
    return into


async def first_frame(clip: Path, into: Path) -> Path:
    """Write a clip's first shown frame, upright, as a PNG.

    Raises:
        ClipRejected: The clip can't be decoded.
    """
    await _grab(await asyncio.to_thread(_read, clip), "eq(n,0)", into, count=1)
    return into


async def poster(clip: Path, canvas: Canvas, into: Path) -> Path:
    """Write the sharpest of a clip's frames as it stands on the film's canvas, nothing drawn on it, as a JPEG.

    Raises:
        ClipRejected: The clip can't be decoded.
    """
    source = await asyncio.to_thread(_read, clip)
    width, height = source.small
    stream = source.upright().filter("select", f"not(mod(n,{STEP}))").filter("scale", width, height, flags="area")
    report = await _decode(
        ffmpeg.output(stream, "pipe:1", f="rawvideo", pix_fmt="rgb24", fps_mode="passthrough"), folder=into.parent
    )
    index = await asyncio.to_thread(_sharpest_of, report.stdout, (height, width))
    await _grab(source, f"eq(n,{index * STEP})", into, count=1, canvas=canvas)
    return into


def sharpest_part(parts: Sequence[Part]) -> int:
    """Return which part (by its place) has the sharpest cover.

    Raises:
        ValueError: There is no part.
    """
    return max(range(len(parts)), key=lambda index: _cover_sharpness(parts[index]))


async def seam(last: Path, clip: Path, *, folder: Path) -> Seam:
    """Compare the picture on which a segment ended with the first frame of the clip that was chained to it.

    Args:
        last: The earlier part's `last_frame`.
        clip: The later segment's validated clip.
        folder: Where a picture may be put for a moment.

    Raises:
        ClipRejected: The clip can't be decoded.
    """
    first = await first_frame(clip, folder / f".{clip.stem}.first.png")
    try:
        return Seam(similarity=await asyncio.to_thread(similarity, last, first))
    finally:
        first.unlink(missing_ok=True)


def similarity(one: Path, other: Path) -> float:
    """Return how alike two pictures are (mean structural similarity of their luma, 1.0 = the same)."""
    left, right = _windows(one), _windows(other)
    mean_l, mean_r = left.mean(axis=1), right.mean(axis=1)
    var_l, var_r = left.var(axis=1), right.var(axis=1)
    both = ((left - mean_l[:, None]) * (right - mean_r[:, None])).mean(axis=1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    index = (2 * mean_l * mean_r + c1) * (2 * both + c2)
    index /= (mean_l**2 + mean_r**2 + c1) * (var_l + var_r + c2)
    return float(index.mean())


def _cover_sharpness(part: Part) -> float:
    with Image.open(part.cover) as image:
        return sharpness(np.asarray(image.convert("RGB")))


def _windows(picture: Path) -> NDArray[np.float64]:
    with Image.open(picture) as image:
        gray = image.convert("L").resize(_SEAM_SIZE, Image.Resampling.BOX)
    width, height = _SEAM_SIZE
    rows, columns = height // _WINDOW, width // _WINDOW
    values = np.asarray(gray, np.float64)[: rows * _WINDOW, : columns * _WINDOW]
    tiles = values.reshape(rows, _WINDOW, columns, _WINDOW).swapaxes(1, 2)
    return tiles.reshape(rows * columns, _WINDOW * _WINDOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A clip and what is known of it."""

    path: Path
    facts: Facts
    picture_format: PictureFormat

    @property
    def small(self) -> tuple[int, int]:
        facts, turned = self.facts, self.picture_format.rotation % 180
        wide, high = (facts.height, facts.width) if turned else (facts.width, facts.height)
        width = min(LOOK_WIDTH, wide)
        return width, max(16, round(high * width / wide))

    def upright(self) -> Any:
        source = ffmpeg.input(str(self.path), threads=encoding.THREADS, **untrusted_input(FileKind.MP4))
        return with_colour_matrix(
            source[PICTURES], self.picture_format, width=self.facts.width, height=self.facts.height
        )


def _read(clip: Path) -> _Source:
    return _Source(path=clip, facts=probe(clip), picture_format=read_picture_format(clip))


def _sharpest_of(pictures: bytes, size: tuple[int, int]) -> int:
    frames = np.frombuffer(pictures, np.uint8).reshape(-1, *size, 3)
    if not len(frames):
        raise ClipRejected(check="decode", expected="a frame", found="none")
    return int(np.argmax([sharpness(frame) for frame in frames]))


async def _grab(
    source: _Source, choice: str, into: Path, *, count: int | None = None, canvas: Canvas | None = None
) -> None:
    settings: dict[str, Any] = {"update": 1, "fps_mode": "passthrough", "f": "image2"}
    settings |= {"q:v": 2} if into.suffix in (".jpg", ".jpeg") else {"pix_fmt": "rgb24"}
    settings |= {} if count is None else {"frames:v": count}
    draft = into.with_name(f".{into.name}")
    stream = source.upright().filter("select", choice)
    stream = stream if canvas is None else scale_and_pad(stream, canvas)
    codec = "mjpeg" if into.suffix in (".jpg", ".jpeg") else "png"
    try:
        await _decode(ffmpeg.output(stream, str(draft), **{"c:v": codec, **settings}), folder=into.parent)
        if not draft.exists():
            raise ClipRejected(check="decode", expected="a frame", found="none")
        draft.replace(into)
    finally:
        draft.unlink(missing_ok=True)


async def _decode(output: Any, *, folder: Path) -> CommandReport:
    try:
        return await run_ffmpeg(output.compile()[1:], deadline_s=_DEADLINE_S)
    except CommandFailed as error:
        raise classify_failure(error, folder=folder) from error
