"""What is drawn on a picture: cards over their frames only, captions inside the frame, in the part's one encode."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from film.canvas import AspectRatio, Canvas, Resolution, canvas_for
from film.cues import Cue
from film.errors import GlyphMissing
from media.picture.conform import conform
from media.picture.overlay import Overlay
from media.text.cards import contact_sheet, end_card, title_card
from media.text.subtitles import ass

from .conftest import MakeClip
from .pictures import rgb

GRAY = "color=0x606060:s=320x180:r=24:d=2"


def changed(picture: NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    """The box of what is no longer gray, as shares of width and height: left, top, right, bottom."""
    marks = np.abs(picture - 0x60).max(axis=2) > 40
    if not marks.any():
        return None
    rows, columns = np.flatnonzero(marks.any(axis=1)), np.flatnonzero(marks.any(axis=0))
    high, wide = marks.shape
    return columns[0] / wide, rows[0] / high, (columns[-1] + 1) / wide, (rows[-1] + 1) / high


async def test_cards_lie_over_their_frames_only(make_clip: MakeClip, tmp_path: Path) -> None:
    canvas = Canvas(width=640, height=360)
    clip = await make_clip(picture=GRAY, sound=None)
    overlay = Overlay(
        title=title_card("城市清晨", canvas, tmp_path / "title.png", language="zh", subtitle="Morning"),
        title_frames=20,
        end=end_card("完", canvas, tmp_path / "end.png", language="zh"),
        end_frames=24,
    )
    part = await conform(clip, canvas=canvas, frames=48, into=tmp_path / "part", overlay=overlay)
    plain = await conform(clip, canvas=canvas, frames=48, into=tmp_path / "plain")
    assert part.extradata_sha256 == plain.extradata_sha256
    shown = [frame for frame in range(48) if rgb(part.picture, frame).std() > 3]
    # The first and last frame of a fade are nearly clear.
    assert {4, 10, 15} <= set(shown) <= set(range(20)) | set(range(24, 48))
    assert {34, 36, 38} <= set(shown)
    left, top, right, bottom = changed(rgb(part.picture, 10)) or (0, 0, 0, 0)
    assert 0 <= left < 0.5 < right <= 1
    assert abs((left + right) / 2 - 0.5) < 0.05
    assert top < 0.5 < bottom


async def test_two_cards_on_a_short_part_share_it(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """Each asks for two seconds of three: the middle belongs to neither, so both texts are never seen at once."""
    clip = await make_clip(picture="color=0x606060:s=320x180:r=24:d=3", sound=None)
    card = title_card("一", canvas, tmp_path / "card.png", language="zh")
    overlay = Overlay(title=card, title_frames=48, end=card, end_frames=48)
    part = await conform(clip, canvas=canvas, frames=72, into=tmp_path / "part", overlay=overlay)
    levels = {frame: rgb(part.picture, frame)[4:12, 4:12].mean() for frame in (18, 35, 36, 54)}
    # The corner shows the veil only: dark under a card, nearly clear where one has gone and the other is to come.
    assert levels[18] == pytest.approx(levels[54], abs=3)
    assert min(levels[35], levels[36]) > levels[18] + 20


@pytest.mark.parametrize("ratio", AspectRatio)
async def test_captions_stand_inside_the_frame(ratio: AspectRatio, make_clip: MakeClip, tmp_path: Path) -> None:
    """The widest text there is, two full lines of 18 characters, on every shape; not a pixel outside its times."""
    canvas = canvas_for(Resolution.P480, ratio)
    text = "春眠不觉晓处处闻啼鸟夜来风雨声花落知" * 2
    cue = Cue(segment=0, text=text, start_sample=24_000, end_sample=48_000)
    words = ass([cue], language="zh", canvas=canvas, start_sample=0, samples=96_000)
    clip = await make_clip(picture=f"color=0x606060:s={canvas.width}x{canvas.height}:r=24:d=1.5", sound=None)
    overlay = Overlay(captions=words)
    part = await conform(clip, canvas=canvas, frames=36, into=tmp_path / "part", overlay=overlay)
    left, top, right, bottom = changed(rgb(part.picture, 18)) or (0, 0, 0, 0)
    assert right - left > 0.4
    assert min(left, top) > 0.02
    assert max(right, bottom) < 0.98
    assert (left + right) / 2 == pytest.approx(0.5, abs=0.02)
    assert top > 0.6
    assert [frame for frame in (0, 11, 12, 23, 24, 35) if changed(rgb(part.picture, frame))] == [12, 23]
    assert sorted(path.name for path in (tmp_path / "part").iterdir()) == [
        "cover.jpg",
        "glances.yuv",
        "last.png",
        "part.json",
        "picture.mp4",
        "sound.wav",
    ]


@pytest.mark.parametrize("ratio", AspectRatio)
async def test_the_label_line_is_large_enough_on_every_canvas(
    ratio: AspectRatio, make_clip: MakeClip, tmp_path: Path
) -> None:
    """Its characters are a twentieth of the shorter side high, at least; a long line is broken, not cut off."""
    canvas = canvas_for(Resolution.P480, ratio)
    clip = await make_clip(picture=f"color=0x606060:s={canvas.width}x{canvas.height}:r=24:d=1", sound=None)
    boxes = []
    for notice in ("生成", "本片画面、声音与文字均由人工智能生成"):
        words = ass([], language="zh", canvas=canvas, start_sample=0, samples=48_000, notice=notice)
        into = tmp_path / f"part{len(boxes)}"
        part = await conform(clip, canvas=canvas, frames=24, into=into, overlay=Overlay(captions=words))
        boxes.append(changed(rgb(part.picture, 12)) or (0, 0, 0, 0))
    _, top, _, bottom = boxes[0]
    assert (bottom - top) * canvas.height >= min(canvas.width, canvas.height) / 20
    for left, top, right, bottom in boxes:
        assert left > 0.02
        assert right < 0.98
        assert 0 < top < bottom < 0.3


async def test_what_is_drawn_is_not_handed_on(make_clip: MakeClip, canvas: Canvas, tmp_path: Path) -> None:
    """The next segment starts from the clip's own last frame, without the caption; the cover shows none either."""
    cue = Cue(segment=0, text="字" * 18, start_sample=0, end_sample=96_000)
    words = ass([cue], language="zh", canvas=canvas, start_sample=0, samples=96_000)
    clip = await make_clip(picture=GRAY, sound=None)
    part = await conform(clip, canvas=canvas, frames=48, into=tmp_path / "part", overlay=Overlay(captions=words))
    for still in (part.last_frame, part.cover):
        with Image.open(still) as image:
            assert changed(np.asarray(image.convert("RGB"), np.float64)) is None


@pytest.mark.parametrize("ratio", AspectRatio)
def test_a_title_fits_every_canvas(ratio: AspectRatio, tmp_path: Path) -> None:
    canvas = canvas_for(Resolution.P720, ratio)
    text = "一个长得不像话的片名：关于一座城市如何在清晨里慢慢醒来"
    with Image.open(title_card(text, canvas, tmp_path / "title.png", language="zh")) as image:
        assert (image.mode, image.size) == ("RGBA", (canvas.width, canvas.height))
        bright = np.asarray(image)[..., :3].max(axis=2) > 128
    columns = np.flatnonzero(bright.any(axis=0))
    assert canvas.width * 0.05 < columns[0]
    assert columns[-1] < canvas.width * 0.95


def test_a_card_with_a_missing_glyph_is_not_drawn(canvas: Canvas, tmp_path: Path) -> None:
    with pytest.raises(GlyphMissing):
        title_card("火箭🚀", canvas, tmp_path / "title.png")
    assert not (tmp_path / "title.png").exists()


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (4, 4, 1), (23, 4, 6)])
def test_a_contact_sheet_shows_every_cover(count: int, columns: int, rows: int, tmp_path: Path) -> None:
    covers = []
    for index in range(count):
        cover = tmp_path / f"{index}.jpg"
        Image.new("RGB", (640, 360), (40 + 8 * index, 90, 160)).save(cover)
        covers.append(cover)
    captions = [f"{index + 1}. 城市清晨🚀 morning" for index in range(count)]
    sheet = contact_sheet(covers, captions, tmp_path / "sheet.jpg")
    with Image.open(sheet) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    high, wide = pixels.shape[0] // rows, pixels.shape[1] // columns
    for index in range(count):
        cell = pixels[index // columns * high + high // 3, index % columns * wide + wide // 2]
        assert abs(cell - [40 + 8 * index, 90, 160]).max() < 8, index
