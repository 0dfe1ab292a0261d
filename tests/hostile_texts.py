"""Texts that no door may stumble over: what each is, the text, and whether it is a text at all."""

from typing import Final

#: Refused wherever a customer writes a text; cleaned where a vendor does.
WRONG: Final = {
    "NUL": "a film\x00of the sea",
    "NUL alone": "\x00",
    "escape": "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "C1 control": "a\x9bb",
    "delete": "a\x7fb",
    "vertical tab": "a\x0bb",
    "lone carriage return": "harmless\rrm -rf",
    "lone high surrogate": "a\ud800b",
    "lone low surrogate": "a\udfffb",
    "bidi override": "abc\u202egnp.exe",
    "bidi isolate": "a\u2066b\u2069",
    "no character": "a\uffffb",
    "no character beyond the first plane": "a\U0001fffeb",
    "only zero width": "\u200b\u200d\ufeff",
    "only marks": "\u0301\ufe0f",
    "only fillers": "\u3164\u2800",
}

#: Odd, and texts all the same: they are taken as they are, and shown as text.
TEXTS: Final = {
    "rich markup": "[zh, en] [/query] [bold]x[/bold]",
    "HTML": "<script>alert(1)</script> & <b>bold</b>",
    "Markdown": "# head\n---\n* a [link](javascript:x) `code` | cell |",
    "two lines": "one\r\ntwo\n\tthree",
    "format strings": "%s %n {0} {prompt} ${HOME} $(id)",
    "ffmpeg": "drawtext='x':y=1,[in]overlay;a\\:b",
    "option": "--help",
    "path": "../../etc/passwd",
    "SQL": "'; DROP TABLE film; --",
    "emoji with joiner": "👩\u200d👩\u200d👧 at the sea",
    "Arabic with a mark": "بحر\u200f هادئ",
    "combining": "e\u0301te\u0301",
    "a newer letter": "\U000323b0",
    "long word": "w" * 300,
}
