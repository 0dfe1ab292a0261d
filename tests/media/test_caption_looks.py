"""How burned captions look: large, heavy and clear of an app's buttons on tall pictures; dots on the line in Latin."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from film.canvas import Canvas
from film.cues import Cue
from media.command import run_ffmpeg
from media.text.fonts import font_path
from media.text.subtitles import ass

TALL = Canvas(width=1080, height=1920)


async def ink(folder: Path, text: str, canvas: Canvas, language: str) -> NDArray[np.bool_]:
    """Return which pixels of a black picture the words make bright."""
    cue = Cue(segment=0, text=text, start_sample=0, end_sample=48_000)
    (folder / "words.ass").write_text(ass([cue], language=language, canvas=canvas, start_sample=0, samples=48_000))
    (folder / "fonts").symlink_to(font_path().parent)
    source = ["-f", "lavfi", "-i", f"color=black:s={canvas.width}x{canvas.height}:r=24:d=0.1"]
    drawn = ["-vf", "ass=words.ass:fontsdir=fonts", "-frames:v", "1", "-update", "1", "words.png"]
    await run_ffmpeg([*source, *drawn], deadline_s=30, folder=folder)
    with Image.open(folder / "words.png") as picture:
        return np.asarray(picture.convert("L")) > 128


async def test_tall_captions_are_large_and_clear_of_the_apps_buttons(tmp_path: Path) -> None:
    """46 to 52 pixels a character of 1080, the lowest fifth free, 18 of them inside the margins."""
    found = await ink(tmp_path, "国" * 18, TALL, "zh")
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    pitch = (columns[-1] - columns[0]) / 17.9
    assert 46 <= pitch <= 52
    assert rows[-1] < 0.8 * TALL.height
    assert columns[0] >= TALL.width // 24
    assert columns[-1] < TALL.width - TALL.width // 24


async def test_tall_captions_are_heavier_than_the_plain_face(tmp_path: Path) -> None:
    """A wide picture as large draws the same words at the same size, but thin."""
    for name in ("tall", "wide"):
        (tmp_path / name).mkdir()
    heavy = await ink(tmp_path / "tall", "国国国国", TALL, "zh")
    plain = await ink(tmp_path / "wide", "国国国国", Canvas(width=1920, height=58 * 18), "zh")
    assert heavy.sum() > 1.1 * plain.sum()


@pytest.mark.parametrize(("language", "low"), [("en", True), ("zh", False)])
async def test_three_dots_stand_on_the_line_in_latin_text(language: str, tmp_path: Path, *, low: bool) -> None:
    text = "And then… x" if language == "en" else "然后…"
    found = await ink(tmp_path, text, Canvas(width=1280, height=720), language)
    rows = np.flatnonzero(found.any(axis=1))
    columns = np.flatnonzero(found.any(axis=0))
    start = columns[0] + (columns[-1] - columns[0]) * (0.78 if low else 0.75)
    end = columns[0] + (columns[-1] - columns[0]) * (0.86 if low else 1.0)
    dots = np.flatnonzero(found[:, int(start) : int(end)].any(axis=1))
    middle = (rows[0] + rows[-1]) / 2
    assert (dots.mean() > middle + 4) == low
