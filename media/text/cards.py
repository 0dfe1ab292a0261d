"""Cards and sheets, set by moviepy: title and end card as transparent pictures, the contact sheet of a film.

Pure CPU; call these from a thread.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from moviepy import ColorClip, CompositeVideoClip, ImageClip, TextClip
from PIL import Image

from film.canvas import Canvas
from media.text.fonts import font_path
from media.text.glyphs import drawable, require_glyphs
from media.text.typesetting import line_limit, lines, on_the_line, width

#: The veil behind a card's words.
VEIL_OPACITY: Final = 0.42
#: The short line under a title.
RULE_OPACITY: Final = 0.7
#: Contact sheet: pictures a row, and their width.
SHEET_COLUMNS: Final = 4
SHEET_PICTURE_WIDTH: Final = 320
SHEET_CAPTION_HEIGHT: Final = 44
SHEET_MARGIN: Final = 12


def title_card(text: str, canvas: Canvas, into: Path, *, language: str = "", subtitle: str = "") -> Path:
    """Write a title as a canvas-sized transparent PNG, to be laid over a part's first frames.

    Raises:
        GlyphMissing: The font can't draw it.
    """
    return _card(text, subtitle, canvas, into, language=language, share=0.11)


def end_card(text: str, canvas: Canvas, into: Path, *, language: str = "", subtitle: str = "") -> Path:
    """Write an end card as a canvas-sized transparent PNG, to be laid over a part's last frames.

    Raises:
        GlyphMissing: The font can't draw it.
    """
    return _card(text, subtitle, canvas, into, language=language, share=0.08)


def contact_sheet(covers: Sequence[Path], captions: Sequence[str], into: Path) -> Path:
    """Write all covers of a film on one JPEG, a line of text under each.

    Characters that the font lacks are left out of the captions: a sheet is a help, not the film.
    """
    cells = [_picture(cover) for cover in covers]
    high = max(cell.shape[0] for cell in cells) + SHEET_CAPTION_HEIGHT + SHEET_MARGIN
    wide = SHEET_PICTURE_WIDTH + SHEET_MARGIN
    columns = min(SHEET_COLUMNS, len(cells))
    size = (columns * wide + SHEET_MARGIN, -(-len(cells) // columns) * high + SHEET_MARGIN)
    layers: list[Any] = [ColorClip(size, color=(18, 18, 20), duration=1)]
    for index, (cell, caption) in enumerate(zip(cells, captions, strict=True)):
        x, y = SHEET_MARGIN + index % columns * wide, SHEET_MARGIN + index // columns * high
        layers.append(ImageClip(cell, duration=1).with_position((x, y)))
        if words := _sheet_words(caption):
            layers.append(_words(words, 15, color="#d8d8d8", align="left").with_position((x, y + cell.shape[0] + 4)))
    with CompositeVideoClip(layers, size=size) as sheet:
        Image.fromarray(sheet.get_frame(0).astype(np.uint8)).save(into, format="JPEG", quality=88)
    return into


def _card(text: str, subtitle: str, canvas: Canvas, into: Path, *, language: str, share: float) -> Path:
    require_glyphs(text + subtitle)
    # A tall canvas has room for fewer characters at the size that reads well.
    units = int(canvas.width * 1.6 / (share * 1.2 * min(canvas.width, canvas.height)))
    text, subtitle = on_the_line(text, language), on_the_line(subtitle, language)
    rows = lines(text, language, limit=min(units, line_limit(text, language)))
    layers: list[Any] = [
        ColorClip((canvas.width, canvas.height), color=(0, 0, 0), duration=1).with_opacity(VEIL_OPACITY)
    ]
    size = _font_size(rows, canvas, share)
    title = _words(rows, size) if rows else None
    below = canvas.height // 2
    if title is not None:
        layers.append(title.with_position(("center", below - title.size[1] // 2)))
        below += title.size[1] // 2 + size // 8
        rule = (2 * size, max(2, size // 24))
        layers.append(
            ColorClip(rule, color=(255, 255, 255), duration=1)
            .with_opacity(RULE_OPACITY)
            .with_position(("center", below))
        )
        below += size // 4
    if small := lines(subtitle, language):
        words = _words(small, _font_size(small, canvas, share / 2), color="#e0e0e0")
        layers.append(words.with_position(("center", below)))
    with CompositeVideoClip(layers, size=(canvas.width, canvas.height), bg_color=None) as card:
        card.duration = 1
        color = card.get_frame(0).astype(np.uint8)
        alpha = (card.mask.get_frame(0) * 255).astype(np.uint8)
    Image.fromarray(np.dstack([color, alpha])).save(into, format="PNG")
    return into


def _font_size(rows: Sequence[str], canvas: Canvas, share: float) -> int:
    # Half-width units are half a font size wide; a tenth of the canvas stays free at either side.
    widest = max((width(row) for row in rows), default=1)
    return max(
        8, min(int(min(canvas.height, 1.2 * canvas.width) * share), int(canvas.width * 0.8 * 2 / max(1, widest)))
    )


def _words(rows: Sequence[str], size: int, *, color: str = "#ffffff", align: str = "center") -> Any:
    return TextClip(
        font=str(font_path()),
        text="\n".join(rows),
        font_size=size,
        color=color,
        text_align=align,
        margin=(size // 4, size // 4),
        interline=size // 4,
        duration=1,
    )


def _picture(cover: Path) -> Any:
    with Image.open(cover) as image:
        height = round(image.height * SHEET_PICTURE_WIDTH / image.width)
        return np.asarray(image.convert("RGB").resize((SHEET_PICTURE_WIDTH, height), Image.Resampling.LANCZOS))


def _sheet_words(caption: str) -> tuple[str, ...]:
    rows = lines(drawable(caption), "zh")
    return rows if len(rows) < 3 else (rows[0], f"{rows[1]}…")
