"""Characters in flat colours, seen from the front, the side and the back; the colours follow the words of a look."""

import hashlib
import random
import re
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from simulators.drawing.mood import Colour

_COLOURS: Final[tuple[tuple[tuple[str, ...], Colour], ...]] = (
    (("red", "红", "赤"), (206, 60, 52)),
    (("orange", "橙", "橘"), (232, 130, 48)),
    (("yellow", "golden", "黄", "金"), (236, 190, 62)),
    (("green", "绿"), (72, 140, 84)),
    (("blue", "蓝", "靛"), (52, 92, 170)),
    (("purple", "violet", "紫"), (120, 78, 160)),
    (("pink", "粉"), (232, 140, 170)),
    (("white", "白"), (236, 236, 232)),
    (("grey", "gray", "steel", "silver", "灰", "钢", "银"), (136, 142, 152)),
    (("black", "黑"), (44, 44, 52)),
    (("brown", "chestnut", "棕", "褐", "栗"), (126, 84, 54)),
)
_ANIMALS: Final = re.compile(
    r"\b(?:fox|cat|kitten|dog|puppy|panda|bear|horse|wolf|deer|rabbit|tiger|lion)\b|[狐猫狗犬熊马狼鹿兔虎狮]"
)
_PEOPLE: Final = re.compile(
    r"\b(?:girl|boy|woman|man|keeper|astronaut|travell?er|dancer|chef|robot|child|knight|wizard)\b"
    r"|女孩|男孩|少女|少年|女子|男子|女人|男人|老人|孩子|宇航员|旅人|机器人|舞者|奶奶|爷爷|母亲|父亲"
)
_SKINS: Final[tuple[Colour, ...]] = ((246, 214, 186), (226, 178, 140), (178, 124, 88), (118, 78, 56))


#: A colour this near before a word for hair is the hair's.
_NEAR_SIGNS: Final = 14
#: How much is read before and after a mention to find a look, characters.
_LOOK_BEFORE: Final = 24
_LOOK_AFTER: Final = 60
_HAIR: Final = re.compile(r"hair|braid|beard|发|辫|胡")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a look was read as."""

    animal: bool
    coat: Colour
    second: Colour
    hair: Colour
    skin: Colour


def figure_of(look: str, dice: random.Random) -> Figure:
    """Return the figure a text describes; what it does not say is drawn by lot."""
    lower = look.lower()
    found = sorted((place, colour) for words, colour in _COLOURS for word in words for place in _places(lower, word))
    hairs = [colour for place, colour in found if _HAIR.search(lower[place : place + _NEAR_SIGNS])]
    colours = [colour for _, colour in found if colour not in hairs]
    colours += [colour for _, colour in dice.sample(_COLOURS, 2)]
    return Figure(
        animal=_ANIMALS.search(lower) is not None,
        coat=colours[0],
        second=colours[1],
        hair=hairs[0] if hairs else (52, 42, 40),
        skin=dice.choice(_SKINS),
    )


def _places(text: str, word: str) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(word), text)]


def actor_of(text: str) -> str | None:
    """Return the words around the last mention of somebody (where a look is told), None where nobody plays."""
    lower = text.lower()
    mentions = [*_ANIMALS.finditer(lower), *_PEOPLE.finditer(lower)]
    if not mentions:
        return None
    place = max(mention.start() for mention in mentions)
    return text[max(0, place - _LOOK_BEFORE) : place + _LOOK_AFTER]


def sprite(look: str, tall: int) -> Image.Image:
    """Return the figure of a look from the side, walking to the right, on a transparent ground."""
    dice = random.Random(hashlib.sha256(look.encode()).digest())
    picture = Image.new("RGBA", (tall, tall), (0, 0, 0, 0))
    draw_figure(ImageDraw.Draw(picture), figure_of(look, dice), centre=tall // 2, top=0, tall=tall, view="side")
    return picture


def draw_figure(draw: ImageDraw.ImageDraw, figure: Figure, *, centre: int, top: int, tall: int, view: str) -> None:
    """Draw a figure `tall` pixels high; `view` is front, side or back."""
    (_animal if figure.animal else _person)(draw, figure, centre, top, tall / 100, view)


def _box(centre: float, top: float, wide: float, tall: float) -> tuple[float, float, float, float]:
    return centre - wide / 2, top, centre + wide / 2, top + tall


def _person(draw: ImageDraw.ImageDraw, figure: Figure, x: float, y: float, unit: float, view: str) -> None:
    width = 0.72 if view == "side" else 1.0
    for leg in (-5, 5):
        shift = leg * unit * width * (0.4 if view == "side" else 1)
        draw.rounded_rectangle(_box(x + shift, y + 62 * unit, 8 * unit, 36 * unit), 3 * unit, fill=figure.second)
        draw.rounded_rectangle(_box(x + shift, y + 94 * unit, 11 * unit, 6 * unit), 2 * unit, fill=(40, 38, 44))
    for arm in (-1, 1) if view != "side" else (0,):
        draw.rounded_rectangle(
            _box(x + arm * 15 * unit, y + 30 * unit, 7 * unit, 34 * unit), 3 * unit, fill=_darker(figure.coat)
        )
        draw.ellipse(_box(x + arm * 15 * unit, y + 61 * unit, 7 * unit, 7 * unit), fill=figure.skin)
    draw.rounded_rectangle(_box(x, y + 27 * unit, 28 * unit * width, 44 * unit), 9 * unit, fill=figure.coat)
    if view == "side":
        draw.rounded_rectangle(_box(x, y + 32 * unit, 7 * unit, 32 * unit), 3 * unit, fill=_darker(figure.coat))
    draw.ellipse(_box(x, y + 4 * unit, 22 * unit, 24 * unit), fill=figure.skin)
    if view == "back":
        draw.ellipse(_box(x, y + 2 * unit, 24 * unit, 25 * unit), fill=figure.hair)
        return
    start, end = (180, 360) if view == "front" else (150, 330)
    draw.pieslice(_box(x, y + 1 * unit, 25 * unit, 22 * unit), start, end, fill=figure.hair)
    for eye in (-4.5, 4.5) if view == "front" else (6.5,):
        draw.ellipse(_box(x + eye * unit, y + 15 * unit, 2.4 * unit, 3 * unit), fill=(30, 30, 36))
    mouth = x + (7 * unit if view == "side" else 0)
    draw.arc(_box(mouth, y + 19 * unit, 6 * unit, 4 * unit), 20, 160, fill=(140, 60, 60), width=max(1, int(unit)))


def _animal(draw: ImageDraw.ImageDraw, figure: Figure, x: float, y: float, unit: float, view: str) -> None:
    pale = (248, 242, 232)
    legs = (-20, -9, 9, 20) if view == "side" else (-10, 10)
    for leg in legs:
        draw.rounded_rectangle(
            _box(x + leg * unit, y + 70 * unit, 7 * unit, 28 * unit), 3 * unit, fill=_darker(figure.coat)
        )
    body = 62 if view == "side" else 34
    draw.ellipse(_box(x, y + 46 * unit, body * unit, 36 * unit), fill=figure.coat)
    tail = x - 36 * unit if view == "side" else x + 22 * unit
    if view != "front":
        draw.ellipse(_box(tail, y + 44 * unit, 16 * unit, 30 * unit), fill=figure.coat)
        draw.ellipse(_box(tail, y + 44 * unit, 11 * unit, 11 * unit), fill=pale)
    head = x + 26 * unit if view == "side" else x
    for ear in (-10, 10):
        draw.polygon(
            [
                (head + (ear - 6) * unit, y + 30 * unit),
                (head + ear * unit, y + 12 * unit),
                (head + (ear + 6) * unit, y + 30 * unit),
            ],
            fill=figure.coat,
        )
    draw.ellipse(_box(head, y + 22 * unit, 34 * unit, 30 * unit), fill=figure.coat)
    if view == "back":
        return
    nose = head + (12 * unit if view == "side" else 0)
    draw.ellipse(_box(nose, y + 36 * unit, 16 * unit, 14 * unit), fill=pale)
    draw.ellipse(_box(nose, y + 37 * unit, 5 * unit, 4 * unit), fill=(30, 28, 32))
    for eye in (-7, 7) if view == "front" else (5,):
        draw.ellipse(_box(head + eye * unit, y + 30 * unit, 4 * unit, 5 * unit), fill=(34, 28, 26))


def _darker(colour: Colour) -> Colour:
    red, green, blue = colour
    return int(red * 0.8), int(green * 0.8), int(blue * 0.8)
