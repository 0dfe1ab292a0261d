"""Reference sheets: a character from three sides above the words it was ordered with; same words, same sheet."""

import asyncio
import hashlib
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw

from simulators.drawing.figures import draw_figure, figure_of
from simulators.drawing.lettering import fit, font, write_lines
from simulators.world.jobs import Job

#: Width and height in pixels at size 1K.
_SIZES: Final = {
    "16:9": (1376, 768),
    "4:3": (1200, 896),
    "1:1": (1024, 1024),
    "3:4": (896, 1200),
    "9:16": (768, 1376),
    "21:9": (1584, 672),
}
_TIMES: Final = {"1K": 1, "2K": 2, "4K": 4}
_VIEWS: Final = ("front", "side", "back")


def sheet(text: str, size: tuple[int, int]) -> Image.Image:
    """Return the sheet of the character a text describes."""
    width, height = size
    dice = random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))
    picture = Image.new("RGB", size, (243, 240, 233))
    draw = ImageDraw.Draw(picture)
    foot = int(height * 0.78)
    draw.rectangle((0, int(foot * 0.93), width, foot), fill=(226, 221, 210))
    figure = figure_of(text, dice)
    tall = int(min(height * 0.62, width * 0.46))
    for place, view in enumerate(_VIEWS):
        centre = width * (2 * place + 1) // 6
        top = foot - tall - int(height * 0.02)
        draw.ellipse((centre - tall // 4, foot - tall // 18, centre + tall // 4, foot), fill=(206, 200, 188))
        draw_figure(draw, figure, centre=centre, top=top, tall=tall, view=view)
        label = font(height // 34)
        draw.text((centre - label.getlength(view) / 2, height * 0.04), view, font=label, fill=(120, 114, 104))
    draw.rectangle((0, foot, width, height), fill=(34, 36, 44))
    draw.rectangle((0, foot, width, foot + 5), fill=figure.coat)
    edge = width // 40
    size_px, lines = fit(
        text,
        width_px=width - 2 * edge,
        height_px=height - foot - int(height * 0.06),
        largest_px=height // 24,
        smallest_px=height // 58,
    )
    write_lines(draw, lines, at=(edge, foot + edge // 2), size_px=size_px, fill=(255, 255, 255))
    mark = font(height // 40)
    place_x = width - edge - int(mark.getlength("SIMULATED"))
    draw.text((place_x, height - height // 40 - edge // 2), "SIMULATED", font=mark, fill=(240, 96, 96))
    return picture


async def make_image(job: Job, folder: Path) -> Mapping[str, Any]:
    """Write the image of a job into `folder`."""
    return await asyncio.to_thread(_write, job, folder)


def _write(job: Job, folder: Path) -> Mapping[str, Any]:
    picture = sheet(job.text, _SIZES[job.facts["ratio"]])
    times = _TIMES[job.facts["size"]]
    if times > 1:
        picture = picture.resize((picture.width * times, picture.height * times))
    file = folder / job.facts["file"]
    picture.save(file, quality=90, compress_level=3)  # each format takes the one it knows
    return {"width": picture.width, "height": picture.height}
