"""Words on pictures: one font for Latin and CJK, wrapped to fit, never smaller than can be read."""

from functools import lru_cache
from typing import Final

from PIL import ImageDraw, ImageFont

from media.text.fonts import font_path

_CJK_FROM: Final = "\u2e80"
_NOT_AT_START: Final = "，。！？；：、,.!?;:)]}）】》」"


@lru_cache(maxsize=64)
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """Return the font at a size in pixels."""
    return ImageFont.truetype(str(font_path()), size_px)


def _pieces(text: str) -> list[str]:
    """Cut a text where a line may end: after each CJK sign, else after spaces."""
    pieces: list[str] = []
    word = ""
    for sign in " ".join(text.split()):
        if sign >= _CJK_FROM:
            if word:
                pieces.append(word)
                word = ""
            if sign in _NOT_AT_START and pieces:
                pieces[-1] += sign
            else:
                pieces.append(sign)
        else:
            word += sign
            if sign == " ":
                pieces.append(word)
                word = ""
    return [*pieces, word] if word else pieces


def wrap(text: str, *, size_px: int, width_px: int, lines_max: int) -> list[str]:
    """Return `text` as lines of at most `width_px`; what does not fit into `lines_max` ends in an ellipsis."""
    letters = font(size_px)
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and letters.getlength(line + piece.rstrip()) > width_px:
            lines.append(line.rstrip())
            line = piece
            if len(lines) == lines_max:
                break
        else:
            line += piece
    else:
        if line:
            lines.append(line.rstrip())
        return lines
    last = lines[-1]
    while last and letters.getlength(last + "…") > width_px:
        last = last[:-1]
    return [*lines[:-1], last + "…"]


def fit(text: str, *, width_px: int, height_px: int, largest_px: int, smallest_px: int) -> tuple[int, list[str]]:
    """Return the largest size (pixels) at which all of `text` fits into the box, and its lines.

    At the smallest size what does not fit is left out, with an ellipsis.
    """
    for size_px in range(largest_px, smallest_px - 1, -2):
        lines_max = max(1, int(height_px / (size_px * 1.3)))
        lines = wrap(text, size_px=size_px, width_px=width_px, lines_max=lines_max)
        if not lines or not lines[-1].endswith("…"):
            return size_px, lines
    return smallest_px, wrap(
        text, size_px=smallest_px, width_px=width_px, lines_max=max(1, int(height_px / (smallest_px * 1.3)))
    )


def write_lines(
    draw: ImageDraw.ImageDraw,
    lines: list[str],
    *,
    at: tuple[int, int],
    size_px: int,
    fill: tuple[int, int, int] | tuple[int, int, int, int],
) -> None:
    """Write lines under one another, the first with its top left at `at`."""
    for row, line in enumerate(lines):
        draw.text((at[0], at[1] + int(row * size_px * 1.3)), line, font=font(size_px), fill=fill)
