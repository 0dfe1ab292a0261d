"""Clips that end a little early: their last picture is held, and it is told; much too short ones are refused."""

from pathlib import Path

import pytest

from film.canvas import Canvas
from film.errors import ClipRejected
from media.film.verify_content import check_runs
from media.ingest.validate import validate_clip
from media.picture.conform import conform
from media.picture.part import Mode
from media.sound.mix import Mix
from tasks.composing import found_in

from .conftest import MakeClip
from .pictures import counting, numbers

QUIET = Mix(
    sound=Path("film.m4a"), samples=0, loudness_lufs=-70, true_peak_dbtp=-70, silent=True, silent_runs=((0, 0),)
)


@pytest.mark.parametrize("may_copy", [False, True], ids=["encoded", "copied"])
@pytest.mark.parametrize(("held", "kept_s"), [(237, 10), (189, 8), (60, 3)])
async def test_a_clip_a_few_frames_short_holds_its_last_picture(
    held: int, kept_s: int, make_clip: MakeClip, canvas: Canvas, tmp_path: Path, *, may_copy: bool
) -> None:
    """237 of 240 and 189 of 192, as real files are; and half a second, which is the most."""
    clip = await make_clip(
        "-colorspace", "bt709", picture=counting("24", held, "320x180"), sound=f"sine=330:d={held / 24}"
    )
    validate_clip(clip, kept_s=kept_s)
    frames = kept_s * 24
    part = await conform(clip, canvas=canvas, frames=frames, into=tmp_path / "part", may_copy=may_copy)
    assert numbers(part.picture) == [*range(held), *[held - 1] * (frames - held)]
    assert part.cloned_frames == frames - held
    assert part.mode is (Mode.PREFIX_CUT if may_copy else Mode.ENCODED)
    (finding,) = found_in([part], QUIET)
    assert (finding.segment, finding.amount, finding.unit) == (0, frames - held, "frames")
    check_runs([part])  # a held picture is no fault of the film's


async def test_a_clip_that_lacks_more_than_half_a_second_is_refused(make_clip: MakeClip) -> None:
    clip = await make_clip(picture=counting("24", 59, "320x180"), sound=None)
    with pytest.raises(ClipRejected) as caught:
        validate_clip(clip, kept_s=3)
    assert caught.value.check == "length"


async def test_a_short_clip_that_repeats_its_first_frame_is_not_lost(
    make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """The validation lets it in with half a second missing; leaving out the repeated frame makes it one more."""
    clip = await make_clip(picture=counting("24", 60, "320x180"), sound=None)
    validate_clip(clip, kept_s=3)
    part = await conform(clip, canvas=canvas, frames=72, into=tmp_path / "part", skip_frames=1)
    assert numbers(part.picture) == [*range(1, 60), *[59] * 13]
    assert part.cloned_frames == 13
