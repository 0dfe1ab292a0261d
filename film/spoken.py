"""What is said of a written line: no stage directions, no markup, signs as words; the captions say the same."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

_BRACKETED: Final = re.compile(r"\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
#: In parentheses before a sentence, unless it is one itself; elsewhere parentheses belong to the text.
_ASIDE: Final = re.compile(r"(^|[.!?…。！？]\s*)(?:\([^()]*[^().!?]\)|（[^（）]*[^（）。！？]）)\s*")
_SPEAKER: Final = re.compile(
    r"^\s*(?:narrator|narration|voice-?over|v\.?o\.?|旁白|画外音|解说)\s*[:：]\s*", re.IGNORECASE
)
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_HEADING: Final = re.compile(r"^\s*(?:#{1,6}|>|[-*])\s+", re.MULTILINE)
_MARKED: Final = (
    re.compile(r"\*\*(\S(?:.*?\S)?)\*\*"),
    re.compile(r"(?<!\w)__(\S(?:.*?\S)?)__(?!\w)"),
    re.compile(r"(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])"),
    re.compile(r"(?<!\w)_(\S(?:[^_]*?\S)?)_(?!\w)"),
    re.compile(r"`([^`]*)`"),
)
_ADDRESS: Final = re.compile(r"https?://(?:www\.)?([A-Za-z0-9.-]+[A-Za-z0-9])(?::\d+)?(?:/[^\s，。！？；、）)]*)?")
_KEPT_SYMBOLS: Final = frozenset("°℃℉©®™№%")

_NUMBER: Final = r"(?<![\d.,])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_DIGITS: Final = "零一二三四五六七八九"

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def said(line: str, language: str) -> str:
    """Return the words of a written line, as they are bought and captioned; empty if nobody would say anything.

    Signs are said in Chinese and English; in other languages they are left to the voice.
    """
    text = _LINK.sub(r"\1", line)
    text = _SPEAKER.sub("", _TAG.sub("", _HEADING.sub("", text)))
    text = _ASIDE.sub(r"\1", _BRACKETED.sub("", text))
    for mark in _MARKED:
        text = mark.sub(r"\1", text)
    text = _ADDRESS.sub(_host, text)
    for pattern, words in _RULES.get(language.partition("-")[0].lower(), ()):
        text = pattern.sub(words, text)
    text = "".join(character for character in text if not _is_ornament(character))
    text = " ".join(text.split())
    return text if speaks(text) else ""


def speaks(line: str) -> bool:
    """Return whether a line holds a letter or a digit of any script: else it is silence."""
    return any(unicodedata.category(character)[0] in "LN" for character in line)


def _host(found: re.Match[str]) -> str:
    ended = found[0][-1] if found[0][-1] in ".,;:!?" else ""
    return found[1] + ended


def _is_ornament(character: str) -> bool:
    if character in _KEPT_SYMBOLS:
        return False
    return unicodedata.category(character) in ("So", "Sk") or character in "\u200d\ufe0f\u20e3"


def _chinese(number: str) -> str:
    whole, _, part = number.replace(",", "").partition(".")
    if len(whole) > 4:
        return number  # every voice reads long numbers well
    digits = _whole(int(whole))
    return digits + ("点" + "".join(_DIGITS[int(digit)] for digit in part) if part else "")


def _whole(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    words, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit == 0:
            gap = bool(words)
            continue
        words += (_DIGITS[0] if gap else "") + _DIGITS[digit] + name
        gap = False
    return words.removeprefix("一") if 10 <= number < 20 else words


def _rules(*rules: tuple[str, str | Callable[[re.Match[str]], str]]) -> Sequence[_Rule]:
    return tuple((re.compile(pattern), words) for pattern, words in rules)


_RULES: Final = {
    "en": _rules(
        (rf"(?<![\w.])[-−]{_NUMBER}\s?(?:°\s?C|℃)", r"minus \1 degrees Celsius"),
        (rf"{_NUMBER}\s?(?:°\s?C|℃)", r"\1 degrees Celsius"),
        (rf"{_NUMBER}\s?(?:°\s?F|℉)", r"\1 degrees Fahrenheit"),
        (rf"{_NUMBER}\s?[%％]", r"\1 percent"),
        (rf"\${_NUMBER}(?![\d,.]*\d)", r"\1 dollars"),
        (rf"€\s?{_NUMBER}(?![\d,.]*\d)", r"\1 euros"),
        (rf"£\s?{_NUMBER}(?![\d,.]*\d)", r"\1 pounds"),
        (r"(?<=\s)&(?=\s)", "and"),
    ),
    "zh": _rules(
        (rf"{_NUMBER}\s?[%％]", lambda found: "百分之" + _chinese(found[1])),
        (rf"(?<![A-Za-z0-9.])[-−]{_NUMBER}\s?(?:°\s?C|℃)", r"零下\1摄氏度"),
        (rf"{_NUMBER}\s?(?:°\s?C|℃)", r"\1摄氏度"),
        (rf"[¥￥]\s?{_NUMBER}", r"\1元"),
        (rf"\${_NUMBER}", r"\1美元"),
        (r"\s*&\s*", "和"),
    ),
}
