"""The picture is the right one: colours to within a bound, upright, whatever matrix, range or rotation the clip had."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from film.canvas import Canvas
from media.ingest.probe import read_picture_format
from media.picture.conform import conform
from media.picture.frames import first_frame
from media.picture.part import Part

from .conftest import SOUND, MakeClip
from .pictures import patch, rgb

#: Eight colours in two rows; none at the edge of the range, so that clipping can't hide an error.
COLOURS = (
    ((200, 40, 40), (40, 180, 50), (50, 60, 200), (220, 210, 60)),
    ((60, 200, 200), (190, 60, 190), (230, 230, 230), (30, 30, 30)),
)
#: Mean absolute error of a patch, in steps of 255; two matrices mixed up would be 10 and more off.
BOUND = 2.5

LIMITED_709 = "scale=out_color_matrix=bt709:out_range=tv"
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "12")
ENCODINGS = {
    "bt709": (LIMITED_709, "yuv420p", ("-colorspace", "bt709", "-color_range", "tv")),
    "bt709 full range": (
        "scale=out_color_matrix=bt709:out_range=pc",
        "yuv420p",
        ("-colorspace", "bt709", "-color_range", "pc"),
    ),
    "bt601": (
        "scale=out_color_matrix=smpte170m:out_range=tv",
        "yuv420p",
        ("-colorspace", "smpte170m", "-color_range", "tv"),
    ),
    "bt601 full range": (
        "scale=out_color_matrix=smpte170m:out_range=pc",
        "yuv420p",
        ("-colorspace", "smpte170m", "-color_range", "pc"),
    ),
    "yuv444": (LIMITED_709, "yuv444p", ("-colorspace", "bt709", "-color_range", "tv")),
    "10 bit": (LIMITED_709, "yuv420p10le", ("-colorspace", "bt709", "-color_range", "tv")),
    # untagged small clips are BT.601 to every player
    "untagged": ("scale=out_color_matrix=smpte170m:out_range=tv,setparams=colorspace=unknown", "yuv420p", ()),
}


def card(folder: Path, *, width: int = 320, height: int = 180) -> Path:
    pixels = np.repeat(np.repeat(np.array(COLOURS, np.uint8), height // 2, axis=0), width // 4, axis=1)
    path = folder / "card.png"
    Image.fromarray(pixels).save(path)
    return path


def worst(picture: NDArray[np.float64]) -> float:
    return max(
        float(np.abs(patch(picture, (column + 0.5) / 4, (row + 0.5) / 2) - colour).mean())
        for row, colours in enumerate(COLOURS)
        for column, colour in enumerate(colours)
    )


async def part_of(clip: Path, canvas: Canvas, folder: Path) -> Part:
    return await conform(clip, canvas=canvas, frames=24, into=folder / "part")


@pytest.mark.parametrize("name", ENCODINGS)
async def test_colours_survive(name: str, make: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """In the part's picture and in the picture handed on to the next segment."""
    filters, pixels, tags = ENCODINGS[name]
    source = ("-loop", "1", "-framerate", "24", "-t", "1", "-i", card(tmp_path))
    clip = await make(*source, "-vf", filters, "-pix_fmt", pixels, *X264, *tags)
    part = await part_of(clip, canvas, tmp_path)
    assert worst(rgb(part.picture, 12)) < BOUND
    with Image.open(part.last_frame) as last:
        assert worst(np.asarray(last.convert("RGB"), np.float64)) < BOUND


async def test_a_wrong_matrix_would_be_seen(make: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """The test of the test: a clip that lies about its matrix misses the bound."""
    source = ("-loop", "1", "-framerate", "24", "-t", "1", "-i", card(tmp_path))
    clip = await make(*source, "-vf", LIMITED_709, "-pix_fmt", "yuv420p", *X264)
    liar = await make("-i", clip, "-c", "copy", "-bsf:v", "h264_metadata=matrix_coefficients=6")
    assert worst(rgb((await part_of(liar, canvas, tmp_path)).picture, 12)) > 2 * BOUND


HDR = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-pix_fmt", "yuv420p10le")


@pytest.mark.parametrize(("curve", "number"), [("smpte2084", 16), ("arib-std-b67", 18)], ids=["PQ", "HLG"])
async def test_an_hdr_clip_is_brought_into_the_films_range(
    curve: str, number: int, make: MakeClip, canvas: Canvas, tmp_path: Path
) -> None:
    """The card as HDR at the usual white: near its colours again, where its bare numbers would be far off."""
    source = ("-loop", "1", "-framerate", "24", "-t", "1", "-i", card(tmp_path))
    linear = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc,zscale=t=linear:npl=100"
    filters = f"format=gbrpf32le,{linear},zscale=p=bt2020,zscale=t={curve}:m=bt2020nc:r=tv:npl=100,format=yuv420p10le"
    tags = f"log-level=error:colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc"
    clip = await make(*source, "-vf", filters, *HDR, "-x265-params", tags)
    assert read_picture_format(clip).transfer == number
    part = await part_of(clip, canvas, tmp_path)
    assert worst(rgb(part.picture, 12)) < 30
    assert worst(rgb(await make("-i", clip, "-pix_fmt", "yuv420p", *X264), 12)) > 40


#: Degrees counter-clockwise that a player must turn the stored picture, and how it was turned before storing.
TURNS = {90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}


@pytest.mark.parametrize("degrees", TURNS)
async def test_a_turned_clip_stands_upright(degrees: int, make: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    source = ("-loop", "1", "-framerate", "24", "-t", "1", "-i", card(tmp_path))
    filters = f"{LIMITED_709},{TURNS[degrees]},setsar=1"
    stored = await make(*source, "-vf", filters, "-pix_fmt", "yuv420p", *X264, "-colorspace", "bt709")
    clip = await make("-display_rotation", str(degrees), "-i", stored, "-c", "copy")
    part = await part_of(clip, canvas, tmp_path)
    assert worst(rgb(part.picture, 12)) < BOUND
    with Image.open(await first_frame(clip, tmp_path / "first.png")) as first:
        assert first.size == (320, 180)
        assert worst(np.asarray(first.convert("RGB"), np.float64)) < BOUND


async def test_a_tall_picture_stands_between_black_bars(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    clip = await make_clip(picture="color=0xC04040:s=180x320:r=24:d=1", sound=None, encoder=(*X264, *SOUND))
    picture = rgb((await part_of(clip, canvas, tmp_path)).picture)
    assert patch(picture, 0.1, 0.5) == pytest.approx([0, 0, 0], abs=3)
    assert patch(picture, 0.9, 0.5) == pytest.approx([0, 0, 0], abs=3)
    assert patch(picture, 0.5, 0.5)[0] > 150
