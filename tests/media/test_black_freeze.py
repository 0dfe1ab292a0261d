"""Black and frozen runs: found once, where the part is made, and told by the film's frames."""

from pathlib import Path

import pytest

from film.canvas import Canvas
from media.film.verify_content import film_runs
from media.picture.conform import conform
from media.picture.part import Defect, DefectRun, Mode, Part, part_in

from .conftest import MakeClip


async def test_black_and_frozen_runs_are_found_once_and_told_by_the_films_frames(
    make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """A still second, and a black end that meets the next part's black beginning."""
    still = "testsrc2=s=320x180:r=24:d=1,loop=loop=24:size=1:start=23"
    clips = [
        await make_clip(picture=still + ",trim=end_frame=48", sound=None),
        await make_clip(picture="testsrc2=s=320x180:r=24:d=2,drawbox=c=black:t=fill:enable='gte(n,36)'", sound=None),
        await make_clip(picture="testsrc2=s=320x180:r=24:d=2,drawbox=c=black:t=fill:enable='lt(n,6)'", sound=None),
    ]
    parts = [
        await conform(clip, canvas=canvas, frames=48, into=tmp_path / f"part{index}")
        for index, clip in enumerate(clips)
    ]
    found = {(run.fault, run.start_frame, run.end_frame) for run in film_runs(parts)}
    assert (Defect.BLACK, 48 + 36, 96 + 6) in found
    frozen = [run for run in film_runs(parts) if run.fault is Defect.FROZEN and run.start_frame < 48]
    assert len(frozen) == 1
    assert abs(frozen[0].start_frame - 23) <= 6
    assert abs(frozen[0].end_frame - 48) <= 2


def part_with(*runs: DefectRun, own: tuple[DefectRun, ...] = ()) -> Part:
    return part_in(
        Path("part"),
        frames=48,
        extradata_sha256="",
        picture_sha256="",
        mode=Mode.ENCODED,
        cloned_frames=0,
        runs=runs,
        clip_runs=own,
    )


def run(fault: Defect, start: int, end: int) -> DefectRun:
    return DefectRun(fault=fault, start_frame=start, end_frame=end)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # meet at the join: one run
        (run(Defect.BLACK, 40, 48), run(Defect.BLACK, 0, 4), [run(Defect.BLACK, 40, 52)]),
        # of two kinds: two runs
        (run(Defect.BLACK, 40, 48), run(Defect.FROZEN, 0, 4), [run(Defect.BLACK, 40, 48), run(Defect.FROZEN, 48, 52)]),
        # don't meet: two runs
        (run(Defect.BLACK, 40, 47), run(Defect.BLACK, 0, 4), [run(Defect.BLACK, 40, 47), run(Defect.BLACK, 48, 52)]),
    ],
)
def test_runs_become_one_only_where_they_meet(first: DefectRun, second: DefectRun, expected: list[DefectRun]) -> None:
    assert list(film_runs([part_with(first), part_with(second)])) == expected
