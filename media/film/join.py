"""Join: video-only parts, one after the other, their packets copied. No picture is decoded here."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import ffmpeg

from film.canvas import TIMESCALE
from film.errors import DeliverableRejected
from media.command import run_ffmpeg
from media.ingest.safe_open import trusted_input
from media.mp4.boxes import sample_description
from media.picture.part import Mode, Part

_LISTING: Final = "parts.ffconcat"


def concat_list(parts: Sequence[Path], folder: Path) -> Any:
    """Return the ffmpeg-python input that reads `parts` as one file, for an ffmpeg that runs in `folder`.

    The list names only links that this function makes there, so nothing in it was written by anybody else.

    Raises:
        DeliverableRejected: The parts don't share one sample description; joined by copy they would not play.
    """
    _require_one_profile(parts)
    lines = ["ffconcat version 1.0"]
    for index, part in enumerate(parts):
        name = f"{index:05d}.mp4"
        (folder / name).symlink_to(part.resolve())
        lines.append(f"file {name}")
    (folder / _LISTING).write_text("\n".join(lines) + "\n", encoding="ascii")
    return ffmpeg.input(_LISTING, f="concat", safe=1, **trusted_input())


def nonconforming_parts(parts: Sequence[Part]) -> tuple[int, ...]:
    """Return which parts (by their place) must be conformed again without `may_copy`, so that all can be joined.

    None, where one extradata is in all. Else every part whose packets are still a vendor's own: an encoded one has the
    film's profile already.
    """
    if len({part.extradata_sha256 for part in parts}) <= 1:
        return ()
    return tuple(index for index, part in enumerate(parts) if part.mode is not Mode.ENCODED)


async def join(parts: Sequence[Path], into: Path) -> None:
    """Join video-only parts by copy into one video-only file.

    `media.film.mux.mux` joins and muxes in one pass; this is for when the picture alone is wanted.

    Raises:
        DeliverableRejected: The parts don't share one sample description.
        CommandFailed: A part can't be read, or `into` can't be written.
    """
    with TemporaryDirectory(prefix="join-") as name:
        picture = concat_list(parts, Path(name))
        output = ffmpeg.output(
            picture.video, str(into.absolute()), c="copy", map_metadata=-1, video_track_timescale=TIMESCALE, f="mp4"
        )
        await run_ffmpeg(output.compile()[1:], deadline_s=120, folder=Path(name))


def _require_one_profile(parts: Sequence[Path]) -> None:
    found = {sample_description(part) for part in parts}
    if len(found) != 1:
        raise DeliverableRejected(
            check="one profile", expected="one sample description in all parts", found=f"{len(found)} of them"
        )
