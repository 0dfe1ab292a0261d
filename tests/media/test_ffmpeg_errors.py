"""A failed run over a vendor's file: whose fault it was decides what happens to the film."""

from pathlib import Path

import pytest

from film.canvas import Canvas
from film.errors import ClipRejected, CommandFailed, DiskFull, MediaError
from media.command import run_ffmpeg
from media.ingest.ffmpeg_errors import classify_failure
from media.picture.conform import conform

from .conftest import MakeClip


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        # invalid data
        (183, ClipRejected),
        # invalid argument, from a decoder
        (234, ClipRejected),
        # the decoder crashed on it
        (-11, ClipRejected),
        # no space left on device
        (228, DiskFull),
        # out of memory
        (244, CommandFailed),
        # killed from outside
        (-9, CommandFailed),
    ],
)
def test_a_code_has_one_meaning(code: int, kind: type[MediaError], tmp_path: Path) -> None:
    assert (
        type(classify_failure(CommandFailed(command="ffmpeg", code=code, stderr_tail="a\nb\n"), folder=tmp_path))
        is kind
    )


async def test_a_filter_that_can_not_begin_is_no_fault_of_the_clips(tmp_path: Path) -> None:
    """The customer would read that the vendor's clip is damaged, and pay for a new one."""
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=1"]
    with pytest.raises(CommandFailed) as caught:
        await run_ffmpeg([*source, "-vf", "ass=nowhere.ass", "-f", "null", "-"], deadline_s=20, folder=tmp_path)
    assert isinstance(classify_failure(caught.value, folder=tmp_path), CommandFailed)


async def test_a_full_disk_is_told_by_ffmpegs_own_code(tmp_path: Path) -> None:
    """The number in the table above is the one that this binary ends with."""
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=2"]
    with pytest.raises(CommandFailed) as caught:
        await run_ffmpeg([*source, "-f", "rawvideo", "/dev/full"], deadline_s=20)
    assert isinstance(classify_failure(caught.value, folder=tmp_path), DiskFull)


async def test_the_same_clip_gives_the_same_part(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """To the byte: a retried conform is the conform that was lost."""
    clip = await make_clip()
    parts = [await conform(clip, canvas=canvas, frames=72, into=tmp_path / name) for name in ("one", "other", "one")]
    assert len({part.picture_sha256 for part in parts}) == 1
    for name in ("sound.wav", "last.png", "cover.jpg", "part.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]
