"""Glyphs: whether the font can draw a text, read from its own character map (OpenType `cmap`, formats 4 and 12)."""

import struct
import unicodedata
from functools import cache
from pathlib import Path

from film.errors import GlyphMissing
from media.text.fonts import font_path


def require_glyphs(text: str) -> None:
    """Check that every visible character of `text` has a glyph.

    Raises:
        GlyphMissing: Which have none.
    """
    if missing := _missing(text):
        raise GlyphMissing(characters="".join(sorted(missing)))


def drawable(text: str) -> str:
    """Return `text` without the characters that the font can't draw."""
    missing = _missing(text)
    return "".join(character for character in text if character not in missing)


def _missing(text: str) -> set[str]:
    known = _characters(font_path())
    return {
        character
        for character in text
        if ord(character) not in known and unicodedata.category(character) not in ("Cc", "Cf", "Zs", "Zl", "Zp")
    }


@cache
def _characters(path: Path) -> frozenset[int]:
    data = path.read_bytes()
    font = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    cmap = _table(data, font, b"cmap")
    found: set[int] = set()
    for index in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        at = cmap + int(struct.unpack_from(">I", data, cmap + 4 + 8 * index + 4)[0])
        form = struct.unpack_from(">H", data, at)[0]
        if form == 4:
            found |= _segments(data, at)
        elif form == 12:
            found |= _groups(data, at)
    return frozenset(found)


def _table(data: bytes, font: int, tag: bytes) -> int:
    for index in range(struct.unpack_from(">H", data, font + 4)[0]):
        name, _, offset, _ = struct.unpack_from(">4sIII", data, font + 12 + 16 * index)
        if name == tag:
            return int(offset)
    raise ValueError(f"the font has no {tag!r} table")


def _segments(data: bytes, at: int) -> set[int]:
    double = struct.unpack_from(">H", data, at + 6)[0]
    ends = struct.unpack_from(f">{double // 2}H", data, at + 14)
    starts = struct.unpack_from(f">{double // 2}H", data, at + 16 + double)
    return {code for start, end in zip(starts, ends, strict=True) for code in range(start, end + 1) if code != 0xFFFF}


def _groups(data: bytes, at: int) -> set[int]:
    found: set[int] = set()
    for index in range(struct.unpack_from(">I", data, at + 12)[0]):
        start, end, glyph = struct.unpack_from(">III", data, at + 16 + 12 * index)
        found.update(range(start + (glyph == 0), end + 1))
    return found
