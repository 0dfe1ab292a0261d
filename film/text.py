"""Texts that come from outside: what may not stand in one, and what is left of one that is shown all the same.

One rule for every door. A customer's text that breaks it is refused, a vendor's or a row's is cleaned.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

_ValueT = TypeVar("_ValueT")
#: The last two code points of each plane are no characters, nor are 32 in the middle of the first.
_NO_CHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | last) for plane in range(17) for last in (65534, 65535)
)
#: Signs that turn the reading direction of what follows (embeddings, overrides, isolates).
_TURNING: Final = "\u202a-\u202e\u2066-\u2069"
#: Line feed, tab, and a carriage return before a line feed stay: a text may need them.
_WRONG: Final = re.compile(
    f"[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f{_TURNING}\ud800-\udfff{_NO_CHARACTERS}]|\\r(?!\\n)"
)
_BREAKS: Final = re.compile("[\\t\\n\\r\u2028\u2029]")
#: Letters and symbols by their category that show nothing: fillers, the empty braille cell.
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5")
#: Spaces, marks that need a letter, controls; a sign that is newer than this Python counts as seen.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Mc", "Me"})
#: What an old row shows where nothing of a text is left.
_NOTHING_LEFT: Final = "?"


def text_fault(text: str, *, lines: bool = True) -> str | None:
    """Return why a text may not come in, as a sentence that says what to do; None if it may.

    An empty text, or one of spaces, is not judged: whether a field may be left empty is the field's own rule.

    Args:
        text: As it came.
        lines: Whether it may have several lines.
    """
    wrong = _WRONG.search(text) or (None if lines else _BREAKS.search(text))
    if wrong is not None:
        return f"must not hold the sign U+{ord(wrong[0]):04X}, which can't be shown: leave it out"
    if text.strip() and not _visible(text):
        return "must hold something that can be seen: it has only invisible signs"
    return None


def wish_fault(
    fields: Mapping[str, Any], *, with_lines: Collection[str], field: str = "", lines: bool = False
) -> tuple[str, str] | None:
    """Return the first field of a wish with a text in it that may not come in, and why; None if there is none.

    Args:
        fields: The fields as they came, however deep.
        with_lines: Names of fields whose texts, and those inside them, may have several lines.
        field: The field that `fields` is the value of; empty for the whole wish.
        lines: Whether the texts of `fields` may have several lines.
    """
    for name, value in fields.items():
        named = field or clean_text(str(name))
        fault = text_fault(str(name), lines=False)
        if fault is not None:
            return named, f"a name in it {fault}"
        may_break = lines or name in with_lines
        for text in value if isinstance(value, list | tuple) else (value,):
            if isinstance(text, Mapping):
                found = wish_fault(text, with_lines=with_lines, field=named, lines=may_break)
            else:
                fault = text_fault(text, lines=may_break) if isinstance(text, str) else None
                found = None if fault is None else (named, fault)
            if found is not None:
                return found
    return None


def clean_text(text: str) -> str:
    """Return a text without the signs that no text may hold; one that is nothing else becomes a question mark."""
    if not text or (text.isascii() and text.isprintable()):
        return text
    clean = _WRONG.sub("", text)
    return clean if clean is text or clean.strip() else _NOTHING_LEFT


def one_line(text: str) -> str:
    """Return a clean text on one line, its breaks and tabs as spaces."""
    return _BREAKS.sub(" ", clean_text(text).replace("\r\n", "\n"))


def clean_tree(value: _ValueT) -> _ValueT:
    """Return a JSON value with each of its texts cleaned, names of fields too."""
    return _cleaned(value)  # type: ignore[no-any-return]


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean_text(value)
        case Mapping():
            return {_cleaned(name): _cleaned(inner) for name, inner in value.items()}
        case list():
            return [_cleaned(inner) for inner in value]
    return value


def _visible(text: str) -> bool:
    return any(unicodedata.category(sign) not in _UNSEEN and sign not in _BLANK for sign in text)
