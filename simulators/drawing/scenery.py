"""Landscapes in two layers, drawn once a clip: a far one that pans slowly and a near one that passes faster."""

import random
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from simulators.drawing.mood import Colour, Hour, Mood, Place


def far_layer(mood: Mood, size: tuple[int, int]) -> Image.Image:
    """Return sky, sun or moon, clouds or stars, and distant ridges, `size` in pixels."""
    width, height = size
    dice = random.Random(mood.lot)
    picture = _sky(mood, size)
    if mood.hour is Hour.NIGHT:
        _stars(ImageDraw.Draw(picture), size, dice)
    picture = _glow(picture, mood)
    _clouds(picture, mood, dice)
    draw = ImageDraw.Draw(picture)
    for step in range(3):
        colour = _mix(mood.sky[2], mood.near, 0.3 + 0.22 * step)
        rough = 0.16 if mood.place is Place.MOUNTAINS else 0.05
        _ridge(draw, size, colour, base=int(height * (0.6 + 0.07 * step)), rise=int(height * rough), dice=dice)
    if mood.place is Place.SEA:
        _water(draw, mood, (width, height), dice)
    return picture


def near_layer(mood: Mood, size: tuple[int, int]) -> Image.Image:
    """Return the transparent foreground strip, `size` in pixels."""
    strip = Image.new("RGBA", size, (0, 0, 0, 0))
    _FOREGROUNDS[mood.place](ImageDraw.Draw(strip), mood, size, random.Random(mood.lot + 1))
    return strip


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (int(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _sky(mood: Mood, size: tuple[int, int]) -> Image.Image:
    width, height = size
    rows = np.linspace(0, 1, height)
    stops = np.array(mood.sky, dtype=float)
    column = np.stack([np.interp(rows, [0.0, 0.38, 0.72], stops[:, band]) for band in range(3)], axis=1)
    return Image.fromarray(np.repeat(column.astype(np.uint8)[:, None, :], width, axis=1))


def _stars(draw: ImageDraw.ImageDraw, size: tuple[int, int], dice: random.Random) -> None:
    for _ in range(160):
        x, y, bright = dice.randrange(size[0]), dice.randrange(int(size[1] * 0.6)), dice.randrange(120, 255)
        radius = dice.choice((0, 0, 1))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(bright, bright, bright))


def _glow(picture: Image.Image, mood: Mood) -> Image.Image:
    """Lay the sun's or moon's light over the sky; worked out at a quarter of the size, because it is soft."""
    width, height = picture.size
    small = (max(1, width // 4), max(1, height // 4))
    x, y = int(mood.light[0] * small[0]), int(mood.light[1] * small[1])
    ys, xs = np.mgrid[0 : small[1], 0 : small[0]]
    distance = np.hypot(xs - x, ys - y) / small[1]
    strength = 90 if mood.hour is Hour.NIGHT else 190
    halo = Image.fromarray((strength * np.exp(-distance * 4.5)).astype(np.uint8)).resize(picture.size)
    colour = (225, 230, 250) if mood.hour is Hour.NIGHT else (255, 236, 190)
    picture.paste(Image.new("RGB", picture.size, colour), (0, 0), halo)
    radius = int(height * (0.05 if mood.hour is Hour.NIGHT else 0.065))
    centre = int(mood.light[0] * width), int(mood.light[1] * height)
    ImageDraw.Draw(picture).ellipse(
        (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius), fill=colour
    )
    return picture


def _clouds(picture: Image.Image, mood: Mood, dice: random.Random) -> None:
    small = picture.size[0] // 6, picture.size[1] // 6
    veil = Image.new("L", small, 0)
    draw = ImageDraw.Draw(veil)
    for _ in range(9):
        x, y = dice.randrange(small[0]), dice.randrange(int(small[1] * 0.08), int(small[1] * 0.42))
        for _ in range(6):
            left, top = x + dice.randrange(-22, 22), y + dice.randrange(-3, 4)
            draw.ellipse((left - 14, top - 4, left + 14, top + 4), fill=dice.randrange(50, 130))
    veil = veil.filter(ImageFilter.GaussianBlur(4)).resize(picture.size, Image.Resampling.BILINEAR)
    picture.paste(Image.new("RGB", picture.size, _mix(mood.sky[2], (255, 255, 255), 0.35)), (0, 0), veil)


def _ridge(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], colour: Colour, *, base: int, rise: int, dice: random.Random
) -> None:
    width, height = size
    waves = [(dice.uniform(1, 9), dice.uniform(0, 6.3), dice.uniform(0.2, 1)) for _ in range(5)]
    total = sum(weight for _, _, weight in waves)
    xs = np.arange(0, width + 8, 8)
    ys = np.full(xs.shape, float(base))
    for pace, phase, weight in waves:
        ys -= rise * weight / total * np.sin(2 * np.pi * pace * xs / width + phase)
    line = [(int(x), int(y)) for x, y in zip(xs, ys, strict=True)]
    draw.polygon([(0, height), *line, (width, height)], fill=colour)


def _water(draw: ImageDraw.ImageDraw, mood: Mood, size: tuple[int, int], dice: random.Random) -> None:
    width, height = size
    top = int(height * 0.66)
    for y in range(top, height):
        share = (y - top) / (height - top)
        draw.line((0, y, width, y), fill=_mix(mood.sky[2], mood.near, min(1.0, 0.25 + share)))
    middle = int(mood.light[0] * width)
    for _ in range(90):
        y = dice.randrange(top, height)
        spread = 20 + (y - top)
        x, length = middle + dice.randrange(-spread, spread), dice.randrange(10, 60)
        draw.line((x, y, x + length, y), fill=_mix(mood.near, mood.sky[2], 0.9), width=2)


def _city(draw: ImageDraw.ImageDraw, mood: Mood, size: tuple[int, int], dice: random.Random) -> None:
    width, height = size
    lit = mood.hour is not Hour.DAY
    x = 0
    while x < width:
        wide, top = dice.randrange(height // 7, height // 3), dice.randrange(int(height * 0.04), int(height * 0.62))
        tone = _mix(mood.near, mood.sky[1], dice.uniform(0, 0.18))
        draw.rectangle((x, top, x + wide, height), fill=(*tone, 255))
        pane = max(4, height // 46)
        for row in range(top + pane * 2, height, pane * 3):
            for column in range(x + pane, x + wide - pane, pane * 2):
                if dice.random() < (0.35 if lit else 0.12):
                    draw.rectangle((column, row, column + pane // 2, row + pane), fill=(255, 214, 130, 255))
        x += wide + dice.randrange(2, height // 12)


def _trees(draw: ImageDraw.ImageDraw, mood: Mood, size: tuple[int, int], dice: random.Random) -> None:
    width, height = size
    for share in (0.35, 0.0):
        colour = (*_mix(mood.near, mood.sky[2], share), 255)
        for x in range(-40, width + 40, height // 6):
            centre, tall = x + dice.randrange(-20, 20), dice.uniform(0.5, 0.92) * height
            for level in range(4):
                half, top = height * (0.06 + 0.035 * level), height - tall + level * tall * 0.2
                hem = top + tall * 0.36
                draw.polygon([(centre - half, hem), (centre, top), (centre + half, hem)], fill=colour)
            draw.rectangle((centre - 4, height - tall * 0.2, centre + 4, height), fill=colour)
    draw.rectangle((0, int(height * 0.9), width, height), fill=(*mood.near, 255))


def _swell(draw: ImageDraw.ImageDraw, mood: Mood, size: tuple[int, int], dice: random.Random) -> None:
    for step in range(3):
        colour = _mix(mood.near, mood.sky[1], 0.3 - 0.12 * step)
        _hill(draw, size, colour, base=0.52 + 0.16 * step, rise=0.05, pace=14 - step * 3, dice=dice)


def _hills(draw: ImageDraw.ImageDraw, mood: Mood, size: tuple[int, int], dice: random.Random) -> None:
    steep = {Place.MOUNTAINS: 0.3, Place.DESERT: 0.14}.get(mood.place, 0.09)
    for step in range(2):
        colour = _mix(mood.near, mood.sky[2], 0.22 - 0.22 * step)
        _hill(draw, size, colour, base=0.5 + 0.24 * step, rise=steep, pace=4 + step, dice=dice)
    if mood.place is Place.MEADOW:
        for _ in range(260):
            x, y, radius = dice.randrange(size[0]), dice.randrange(int(size[1] * 0.74), size[1]), dice.randrange(2, 6)
            draw.ellipse((x, y, x + radius, y + radius), fill=(*dice.choice(_FLOWERS), 255))


def _hill(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    colour: Colour,
    *,
    base: float,
    rise: float,
    pace: float,
    dice: random.Random,
) -> None:
    width, height = size
    phase = dice.uniform(0, 6.3)
    xs = np.arange(0, width + 8, 8)
    curve = np.sin(2 * np.pi * pace * xs / width + phase) + 0.4 * np.sin(2 * np.pi * 2.7 * pace * xs / width)
    line = [(int(x), int(y)) for x, y in zip(xs, height * (base - rise * curve), strict=True)]
    draw.polygon([(0, height), *line, (width, height)], fill=(*colour, 255))


_FLOWERS: Final = ((250, 220, 90), (240, 120, 150), (250, 250, 250), (200, 140, 240))
_FOREGROUNDS: Final[Mapping[Place, Callable[[ImageDraw.ImageDraw, Mood, tuple[int, int], random.Random], None]]] = {
    Place.CITY: _city,
    Place.SEA: _swell,
    Place.FOREST: _trees,
    Place.MOUNTAINS: _hills,
    Place.DESERT: _hills,
    Place.MEADOW: _hills,
}
