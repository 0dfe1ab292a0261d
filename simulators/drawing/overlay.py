"""What lies over an animatic: the shot's number, its text, the word SIMULATED, small pictures of the references."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageOps

from simulators.drawing.lettering import fit, font, write_lines
from simulators.drawing.mood import Mood

_SHOT = re.compile(r"(?:shot|镜头|第)\s*(\d{1,3})\s*/\s*(\d{1,3})", re.IGNORECASE)
#: What follows a shot's own words in a prompt (its style, what is forbidden) is nothing to read on a picture.
_REST = re.compile(r"\s+Style:\s")
_WHITE: Final = (255, 255, 255, 255)
_INK: Final = (10, 12, 20, 150)
_DARK_INK: Final = (10, 12, 20, 185)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Two strips and where they lie (top edges in pixels), and the line on which a marker runs."""

    head: Image.Image
    foot: Image.Image
    foot_top: int
    rail_top: int
    marker: Image.Image
    clock_px: int


def number_of(text: str, ordinal: int) -> tuple[int, str]:
    """Return a shot's number and its label: the first "Shot 3/8" of the text, else the job's own ordinal."""
    found = _SHOT.search(text)
    if found is None:
        return ordinal, str(ordinal)
    return int(found[1]), f"{found[1]}/{found[2]}"


def overlay(text: str, label: str, mood: Mood, size: tuple[int, int], insets: Sequence[Image.Image]) -> Overlay:
    """Return what lies over a clip of `size` pixels; `insets` are the reference pictures."""
    width, height = size
    short = min(size)
    # Half of it is left to a film's subtitles.
    foot_height = int(height * (0.28 if width >= height else 0.2)) // 2 * 2
    marker_px = max(10, short // 40)
    return Overlay(
        head=_head(label, mood, (width, int(short * 0.24)), insets),
        foot=_foot(text, mood, (width, foot_height)),
        foot_top=height - foot_height,
        rail_top=height - foot_height - marker_px // 2,
        marker=_marker(mood, marker_px),
        clock_px=short // 18,
    )


def _head(label: str, mood: Mood, size: tuple[int, int], insets: Sequence[Image.Image]) -> Image.Image:
    width, height = size
    strip = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(strip)
    edge = height // 8
    number_px, word_px = int(height * 0.5), int(height * 0.13)
    box_width = int(max(font(number_px).getlength(label), font(word_px).getlength("SHOT"))) + 2 * edge
    draw.rounded_rectangle((edge, edge, edge + box_width, height - 2), radius=edge // 2, fill=_INK)
    draw.rectangle((edge, edge + edge // 2, edge + edge // 4, height - 2 - edge // 2), fill=(*mood.accent, 255))
    draw.text((edge * 2, edge + edge // 3), "SHOT", font=font(word_px), fill=(*mood.accent, 255))
    draw.text((edge * 2, edge + word_px + edge // 3), label, font=font(number_px), fill=_WHITE)
    pill_px = int(height * 0.14)
    pill_width = int(font(pill_px).getlength("SIMULATED")) + edge
    left = width - edge - pill_width
    draw.rounded_rectangle(
        (left, edge, width - edge, edge + int(pill_px * 1.7)), radius=pill_px, fill=(200, 40, 40, 210)
    )
    draw.text((left + edge // 2, edge + pill_px // 4), "SIMULATED", font=font(pill_px), fill=_WHITE)
    _hang(strip, insets, first_left=edge * 2 + box_width, top=edge, tall=height - edge - 2, last_right=left - edge)
    return strip


def _hang(
    strip: Image.Image, pictures: Sequence[Image.Image], *, first_left: int, top: int, tall: int, last_right: int
) -> None:
    left = first_left
    for picture in pictures:
        wide = min(int(tall * 1.4), max(tall // 2, int(tall * picture.width / picture.height)))
        if left + wide > last_right:
            return
        framed = ImageOps.expand(ImageOps.fit(picture.convert("RGB"), (wide - 6, tall - 6)), 3, (255, 255, 255))
        strip.paste(framed, (left, top))
        left += wide + 6


def _foot(text: str, mood: Mood, size: tuple[int, int]) -> Image.Image:
    width, height = size
    strip = Image.new("RGBA", size, _DARK_INK)
    draw = ImageDraw.Draw(strip)
    draw.rectangle((0, 0, width, 2), fill=(*mood.accent, 160))
    edge = width // 40
    short = min(width, height * 4)
    words = _REST.split(_SHOT.sub("", text, count=1).lstrip(" ."), maxsplit=1)[0]
    size_px, lines = fit(
        words,
        width_px=width - 2 * edge,
        height_px=height // 3,
        largest_px=max(18, short // 26),
        smallest_px=max(13, short // 36),
    )
    write_lines(draw, lines, at=(edge, edge // 2 + 4), size_px=size_px, fill=_WHITE)
    return strip


def _marker(mood: Mood, size_px: int) -> Image.Image:
    dot = Image.new("RGBA", (size_px, size_px), (0, 0, 0, 0))
    ImageDraw.Draw(dot).ellipse((0, 0, size_px - 1, size_px - 1), fill=(*mood.accent, 255), outline=_WHITE)
    return dot
