"""What a text looks like: the time of day, the kind of place and the colours, read from its words or drawn by lot.

The same text and number give the same picture; shots of one film differ because their texts and numbers do.
"""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

Colour = tuple[int, int, int]


class Place(StrEnum):
    """What stands in the foreground."""

    CITY = "city"
    SEA = "sea"
    FOREST = "forest"
    MOUNTAINS = "mountains"
    DESERT = "desert"
    MEADOW = "meadow"


class Hour(StrEnum):
    """The light."""

    DAWN = "dawn"
    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


_Kind = TypeVar("_Kind", Place, Hour)


class Framing(StrEnum):
    """How near the camera is."""

    WIDE = "wide"
    MEDIUM = "medium"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """All that the scenery is drawn from."""

    place: Place
    hour: Hour
    sky: tuple[Colour, Colour, Colour]  # top, middle, horizon
    near: Colour
    accent: Colour
    light: tuple[float, float]  # where the sun or moon stands, as shares of width and height
    framing: Framing
    lot: int


_PLACE_WORDS: Final[Mapping[Place, tuple[str, ...]]] = {
    Place.CITY: ("city", "street", "skyline", "building", "town", "traffic", "城市", "街", "楼", "都市", "車", "地铁"),
    Place.SEA: ("sea", "ocean", "beach", "wave", "harbour", "harbor", "coast", "lighthouse", "ship", "boat",
                "海", "浪", "港", "灯塔", "船"),
    Place.FOREST: ("forest", "tree", "wood", "jungle", "leaf", "森林", "树", "林", "叶"),
    Place.MOUNTAINS: ("mountain", "peak", "snow", "valley", "cliff", "glacier", "山", "雪", "峡谷", "冰川"),
    Place.DESERT: ("desert", "dune", "sand", "mars", "沙漠", "沙丘", "火星"),
    Place.MEADOW: ("meadow", "field", "flower", "garden", "grass", "farm", "花", "草", "田", "园", "原野"),
}  # fmt: skip
_HOUR_WORDS: Final[Mapping[Hour, tuple[str, ...]]] = {
    Hour.DAWN: ("dawn", "sunrise", "morning", "清晨", "日出", "早晨", "黎明", "晨"),
    Hour.NIGHT: ("night", "midnight", "moon", "star", "neon", "夜", "月", "星", "霓虹"),
    Hour.DUSK: ("dusk", "sunset", "evening", "golden hour", "黄昏", "日落", "傍晚", "夕阳"),
    Hour.DAY: ("noon", "daylight", "sunny", "midday", "正午", "晴", "白天", "午后"),
}
_SKIES: Final[Mapping[Hour, tuple[tuple[Colour, Colour, Colour], ...]]] = {
    Hour.DAWN: (((58, 84, 148), (226, 150, 148), (255, 214, 150)), ((44, 62, 120), (190, 130, 170), (255, 196, 160))),
    Hour.DAY: (((38, 112, 196), (118, 182, 230), (222, 240, 246)), ((46, 134, 178), (140, 200, 214), (240, 244, 224))),
    Hour.DUSK: (((40, 30, 88), (190, 72, 96), (255, 160, 84)), ((28, 36, 84), (140, 64, 120), (246, 140, 92))),
    Hour.NIGHT: (((6, 10, 32), (18, 30, 74), (58, 74, 128)), ((10, 8, 36), (40, 24, 84), (96, 62, 128))),
}
_NEAR: Final[Mapping[Place, Colour]] = {
    Place.CITY: (26, 28, 46),
    Place.SEA: (18, 62, 88),
    Place.FOREST: (20, 48, 36),
    Place.MOUNTAINS: (44, 50, 72),
    Place.DESERT: (138, 88, 52),
    Place.MEADOW: (52, 92, 46),
}
_ACCENTS: Final = ((255, 196, 64), (96, 214, 255), (255, 128, 128), (150, 235, 150), (220, 160, 255), (255, 160, 90))
_FRAMING_WORDS: Final[Mapping[Framing, tuple[str, ...]]] = {
    Framing.WIDE: ("远景", "航拍", "俯拍", "wide", "aerial", "top-down"),
    Framing.MEDIUM: ("中景", "跟拍", "medium", "tracking", "handheld"),
    Framing.CLOSE: ("特写", "近景", "close-up", "close up"),
}
_SHADE: Final[Mapping[Hour, float]] = {Hour.DAWN: 0.75, Hour.DAY: 1.0, Hour.DUSK: 0.6, Hour.NIGHT: 0.4}


def mood_of(text: str, number: int) -> Mood:
    """Return the look of shot `number` of what `text` tells."""
    lot = int.from_bytes(hashlib.sha256(f"{number}|{text}".encode()).digest()[:8])
    dice = random.Random(lot)
    lower = text.lower()
    places = _named(_PLACE_WORDS, lower) or [dice.choice(list(Place))]
    hours = _named(_HOUR_WORDS, lower) or [dice.choice(list(Hour))]
    place, hour = places[number % len(places)], hours[0]
    shade = _SHADE[hour]
    red, green, blue = _NEAR[place]
    return Mood(
        place=place,
        hour=hour,
        sky=dice.choice(_SKIES[hour]),
        near=(int(red * shade), int(green * shade), int(blue * shade)),
        accent=_ACCENTS[number % len(_ACCENTS)],
        light=(dice.uniform(0.2, 0.8), dice.uniform(0.22, 0.48)),
        framing=_framing(lower, number),
        lot=lot,
    )


def _named(words: Mapping[_Kind, tuple[str, ...]], text: str) -> list[_Kind]:
    """Return the kinds that a text names, in the order in which it does."""
    found = sorted((text.find(word), kind) for kind, options in words.items() for word in options if word in text)
    return list(dict.fromkeys(kind for _, kind in found))


def _framing(text: str, number: int) -> Framing:
    """Return the framing a text asks for, else one in turn."""
    named = [(text.find(word), framing) for framing, words in _FRAMING_WORDS.items() for word in words if word in text]
    return min(named)[1] if named else list(Framing)[number % len(Framing)]
