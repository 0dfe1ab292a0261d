"""The picture sizes vendors deliver: not what a ratio computes to, but what their models render."""

from typing import Final

#: Seedance and those who resell it: width and height in pixels (16:9 at 480p is 864x496, not 854x480).
_SEEDANCE: Final = {
    "480p": {"16:9": (864, 496), "4:3": (752, 560), "1:1": (640, 640), "21:9": (992, 432)},
    "720p": {"16:9": (1280, 720), "4:3": (1112, 834), "1:1": (960, 960), "21:9": (1470, 630)},
    "1080p": {"16:9": (1920, 1080), "4:3": (1664, 1248), "1:1": (1440, 1440), "21:9": (2206, 946)},
}
#: HappyHorse: the short side is the resolution's number.
_HAPPYHORSE: Final = {
    "720p": {"16:9": (1280, 720), "4:3": (960, 720), "1:1": (720, 720), "21:9": (1680, 720), "5:4": (900, 720)},
    "1080p": {
        "16:9": (1920, 1080),
        "4:3": (1440, 1080),
        "1:1": (1080, 1080),
        "21:9": (2520, 1080),
        "5:4": (1350, 1080),
    },
}


def clip_size(*, model: str, resolution: str, ratio: str) -> tuple[int, int]:
    """Return a clip's width and height in pixels; upright ratios are the lying ones turned.

    `adaptive` and `keep_ratio` without a picture to follow are 16:9.
    """
    table = (_HAPPYHORSE if model == "happyhorse" else _SEEDANCE)[resolution]
    if ratio in {"adaptive", "keep_ratio"}:
        ratio = "16:9"
    if ratio in table:
        return table[ratio]
    across, _, down = ratio.partition(":")
    height, width = table[f"{down}:{across}"]
    return width, height


def following(size: tuple[int, int], picture: tuple[int, int]) -> tuple[int, int]:
    """Return a size of about as many pixels as `size` in the ratio of `picture`, even in both directions."""
    ratio = min(2.5, max(0.4, picture[0] / picture[1]))
    pixels = size[0] * size[1]
    width = round((pixels * ratio) ** 0.5 / 2) * 2
    height = round((pixels / ratio) ** 0.5 / 2) * 2
    return width, height
