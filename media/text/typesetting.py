"""Typesetting: where a line of subtitles may break, by the rules of its script. Never left to a renderer."""

import unicodedata
from typing import Final

#: Widths are counted in half-width units: a Chinese character is two, a Latin letter one, an accent none.
CJK_LINE: Final = 36
LATIN_LINE: Final = 42
CJK_LANGUAGES: Final = ("zh", "ja", "ko", "yue", "cmn")

_NOT_FIRST: Final = frozenset(
    "，。！？；：、）】》〉」』”’…—～·,.!?;:)]}%‰℃°ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ｡､"
)
_NOT_LAST: Final = frozenset("（【《〈「『“‘([{$￥¥£€#@")
_PAUSES: Final = frozenset("，。！？；：、…,.!?;:،؟。")
#: What a break costs that stands behind no pause, in squared units of slack: a line may be 14 units shorter instead.
_NO_PAUSE_COST: Final = 200


def width(text: str) -> int:
    """Return how wide a text is, in half-width units."""
    return sum(_width(character) for character in text)


def line_limit(text: str, language: str) -> int:
    """Return how wide a line of this text may be, in half-width units."""
    if language.lower().split("-")[0] in CJK_LANGUAGES:
        return CJK_LINE
    wide = sum(_is_wide(character) for character in text)
    return CJK_LINE if wide * 3 > len(text) else LATIN_LINE


def lines(text: str, language: str, *, limit: int | None = None) -> tuple[str, ...]:
    """Break a text into lines of at most 18 full-width characters (42 of a narrow script), or of `limit` units.

    As few lines as possible, then breaks after a pause, then even lines. No line starts with closing punctuation or
    ends with opening punctuation; Latin and Korean words, and Japanese ones with their endings, stay whole unless one
    alone is wider than a line. No character is added, removed (but blanks at a break) or moved: right-to-left text
    keeps its logical order.
    """
    limit = limit or line_limit(text, language)
    atoms = _atoms(" ".join(text.split()), limit)
    if not atoms:
        return ()
    # best[i]: the cheapest way to set the first i atoms, as (lines, cost, where its last line starts).
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(atoms) + 1):
        options = []
        for start in range(end - 1, -1, -1):
            room = limit - width("".join(atoms[start:end]).strip())
            if room < 0 and start < end - 1:
                break
            count, cost, _ = best[start]
            paused = end == len(atoms) or atoms[end - 1].rstrip()[-1:] in _PAUSES
            options.append((count + 1, cost + room * room + (0 if paused else _NO_PAUSE_COST), start))
        best.append(min(options))
    broken: list[str] = []
    end = len(atoms)
    while end:
        start = best[end][2]
        broken.append("".join(atoms[start:end]).strip())
        end = start
    return tuple(reversed(broken))


def on_the_line(text: str, language: str) -> str:
    """Return a text to be drawn with its dots on the line; the font's own "…" hangs at mid-height, as Chinese wants."""
    cjk = language.lower().split("-")[0] in CJK_LANGUAGES
    return text if cjk else text.replace("…", "...")


def _atoms(text: str, limit: int) -> list[str]:
    atoms: list[str] = []
    for character in text:
        if atoms and _sticks(atoms[-1], character) and width(atoms[-1] + character) <= limit:
            atoms[-1] += character
        else:
            atoms.append(character)
    return atoms


def _sticks(before: str, character: str) -> bool:
    last = before[-1]
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
        return True
    if character == " " or character in _NOT_FIRST or last in _NOT_LAST:
        return True
    if _is_hangul(last) and _is_hangul(character):
        return True  # Korean sets blanks between its words
    if _is_hiragana(character) and last != " ":
        return _is_wide(last) and last not in _PAUSES  # particles and endings belong to the word before them
    return last != " " and not _is_wide(last) and not _is_wide(character)


def _is_hangul(character: str) -> bool:
    return "가" <= character <= "힣"


def _is_hiragana(character: str) -> bool:
    return "ぁ" <= character <= "ん"


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if _is_wide(character) else 1


def _is_wide(character: str) -> bool:
    # Chinese quotes and dashes are "ambiguous" to Unicode and full-width in every CJK font.
    return unicodedata.east_asian_width(character) in ("W", "F") or character in "“”‘’…—"
