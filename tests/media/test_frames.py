"""Single frames are the exact ones: handed to the next segment, compared at a cut, shown as a cover."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from film.canvas import Canvas
from film.errors import ClipRejected
from media.command import run_ffmpeg
from media.picture.conform import conform
from media.picture.frames import first_frame, last_frame, poster, seam, sharpest_part, similarity
from media.picture.sharpness import sharpness

from .conftest import PICTURE, SOUND, MakeClip

NOISE = "testsrc2=s=320x180:r=24:d=2,noise=alls=20:allf=t"
#: The six kinds of files on which seeking from the end was measured to miss.
ODD = {
    "plain": ((), "sine=d=2"),
    "8 B-frames": (("-preset", "medium", "-bf", "8"), "sine=d=2"),
    "variable frame rate": (("-vf", "select='not(eq(mod(n,5),3))'", "-fps_mode", "vfr"), "sine=d=2"),
    "short sound": ((), "sine=d=0.5"),
    "long sound": ((), "sine=d=4"),
    "one frame too many": (("-frames:v", "47"), "sine=d=2"),
}


async def all_frames(clip: Path, size: tuple[int, int] = (320, 180)) -> NDArray[np.uint8]:
    """Every shown frame as RGB, by a plain full decode."""
    args = ["-i", clip, "-map", "0:v", "-fps_mode", "passthrough", "-vf", "setparams=colorspace=smpte170m"]
    report = await run_ffmpeg([*args, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], deadline_s=30)
    return np.frombuffer(report.stdout, np.uint8).reshape(-1, size[1], size[0], 3)


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("name", ODD)
async def test_the_last_frame_is_the_last_decoded_one(name: str, make_clip: MakeClip, tmp_path: Path) -> None:
    args, sound = ODD[name]
    clip = await make_clip(*args, picture=NOISE, sound=sound)
    frames = await all_frames(clip)
    assert (frames[-1] != frames[-2]).any()  # else a near miss would pass
    assert (pixels(await last_frame(clip, tmp_path / "last.png")) == frames[-1]).all()
    assert (pixels(await first_frame(clip, tmp_path / "first.png")) == frames[0]).all()


async def test_the_last_frame_behind_an_edit_list(make: MakeClip, make_clip: MakeClip, tmp_path: Path) -> None:
    whole = await make_clip("-g", "24", picture=NOISE, sound="sine=d=2", encoder=(*PICTURE, "-bf", "2", *SOUND))
    cut = await make("-ss", "0.6", "-i", whole, "-c", "copy", "-avoid_negative_ts", "disabled")
    frames = await all_frames(cut)
    assert (pixels(await last_frame(cut, tmp_path / "last.png")) == frames[-1]).all()


@pytest.mark.parametrize(("skip", "kept"), [(0, 46), (1, 46), (0, 48)], ids=["cut", "first one skipped", "whole"])
async def test_a_parts_last_frame_is_the_last_kept_one_of_the_clip(
    skip: int, kept: int, make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    clip = await make_clip(picture=NOISE, sound=None)
    part = await conform(clip, canvas=canvas, frames=kept, into=tmp_path / "part", skip_frames=skip)
    assert (pixels(part.last_frame) == (await all_frames(clip))[skip + kept - 1]).all()


async def test_a_chained_clip_that_repeats_its_first_frame_is_known(
    make_clip: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """The vendor encodes the picture it was given anew: not the same bytes, yet the same picture."""
    earlier = await make_clip(picture="mandelbrot=s=320x180:r=24,trim=end_frame=24", sound=None)
    part = await conform(earlier, canvas=canvas, frames=24, into=tmp_path / "part")
    repeated = "mandelbrot=s=320x180:r=24,trim=start_frame=23:end_frame=47"
    again = await make_clip("-crf", "30", picture=repeated, sound=None)
    other = await make_clip(picture="testsrc2=s=320x180:r=24:d=1", sound=None)
    same = await seam(part.last_frame, again, folder=tmp_path)
    cut = await seam(part.last_frame, other, folder=tmp_path)
    assert (same.repeats, cut.repeats) == (True, False)
    assert cut.similarity < 0.5


def test_similarity_falls_with_the_difference(tmp_path: Path) -> None:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)).resize((640, 360))
    shifted = Image.fromarray(np.roll(np.asarray(picture), 30, axis=1))
    paths = {"picture": picture, "blurred": picture.filter(ImageFilter.GaussianBlur(1)), "shifted": shifted}
    for name, image in paths.items():
        image.save(tmp_path / f"{name}.png")
    same, blurred, moved = (similarity(tmp_path / "picture.png", tmp_path / f"{name}.png") for name in paths)
    assert same == pytest.approx(1.0)
    assert same > blurred > 0.9 > moved


async def test_the_cover_is_the_sharpest_frame(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """One moment of the clip is in focus, the rest is not."""
    blurred = "testsrc2=s=320x180:r=24:d=2,gblur=sigma=6:enable='not(between(n,16,20))'"
    clip = await make_clip(picture=blurred, sound=None)
    part = await conform(clip, canvas=canvas, frames=48, into=tmp_path / "part")
    frames = await all_frames(clip)
    full = pixels(await poster(clip, canvas, tmp_path / "poster.jpg"))
    assert full.shape == (180, 320, 3)
    for picture in (pixels(part.cover), full):
        assert sharpness(picture) > 0.6 * sharpness(frames[18])
        assert sharpness(picture) > 3 * sharpness(frames[6])


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_poster_comes_from_the_sharpest_part(make_clip: MakeClip, tmp_path: Path) -> None:
    parts = []
    for index, sigma in enumerate((8, 0.1, 5)):
        clip = await make_clip(picture=f"testsrc2=s=640x360:r=24:d=1,gblur=sigma={sigma}", sound=None)
        parts.append(
            await conform(clip, canvas=Canvas(width=640, height=360), frames=24, into=tmp_path / f"part{index}")
        )
    assert sharpest_part(parts) == 1


async def test_the_poster_stands_on_the_films_canvas(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """Also of a clip that had to be fitted: upright, between bars."""
    clip = await make_clip(picture="testsrc2=s=180x320:r=24:d=1", sound=None)
    found = pixels(await poster(clip, canvas, tmp_path / "poster.jpg"))
    assert found.shape == (180, 320, 3)
    assert found[:, :90].max() < 20
    assert found[60:120, 140:180].max() > 100


async def test_a_damaged_clip_gives_no_frame(make_clip: MakeClip, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes((await make_clip()).read_bytes()[:4000])
    with pytest.raises(ClipRejected):
        await last_frame(path, tmp_path / "last.png")
    assert names_in(tmp_path) == ["clip.mp4"]
