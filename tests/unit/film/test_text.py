"""One rule for every text that comes in, and what is left of one that breaks it."""

from typing import Any

import pytest

from film.errors import InvalidRequest
from film.request import load_request, parse_request
from film.text import clean_text, clean_tree, one_line, text_fault
from tests.hostile_texts import TEXTS, WRONG

URL = "https://example.com/x.png"
PLAIN = {"prompt": "A calm sea", "duration": 9, "language": "en"}


def fields(text: str) -> dict[str, dict[str, Any]]:
    """Return a wish for each field that holds a text, with `text` in it."""
    url = URL + text if text.isascii() or "a" in text else text
    return {
        "prompt": {"prompt": text},
        "title_card": {"title_card": text},
        "end_card": {"end_card": text},
        "language": {"language": text},
        "narration": {"narration": {"voice_id": text}},
        "music": {"music": {"prompt": text}},
        "reference_images": {"reference_images": [url]},
        "webhook_url": {"webhook_url": url},
        "metadata": {"metadata": {"note": text}},
        "provider": {"provider": text},
    }


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in WRONG.items()])
def test_a_wrong_text_is_refused_in_every_field(text: str) -> None:
    """The field is named; so is a name in the metadata, and a field nobody knows."""
    wishes = [
        *fields(text).items(),
        ("metadata", {"metadata": {text: "x"}}),
        ("music", {"music": {"url": fields(text)["webhook_url"]["webhook_url"]}}),
    ]
    for field, request_fields in wishes:
        with pytest.raises(InvalidRequest) as refused:
            parse_request({**PLAIN, **request_fields})
        assert refused.value.field == field
        str(refused.value).encode()
    with pytest.raises(InvalidRequest) as refused:
        parse_request({**PLAIN, text: "x"})
    str(refused.value).encode()


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TEXTS.items()])
def test_an_odd_text_is_a_text(text: str) -> None:
    """Prompt, music and metadata take it as it is."""
    fields = {**PLAIN, "prompt": text, "music": {"prompt": text}, "metadata": {"note": text}}
    request = parse_request(fields)
    assert (request.prompt, request.metadata["note"]) == (text, text)
    assert clean_text(text) == text


@pytest.mark.parametrize("field", ["language", "voice", "url", "key"])
def test_some_fields_have_one_line(field: str) -> None:
    """A line break belongs in a prompt, not in a name or an address."""
    fields: dict[str, Any] = {
        "language": {"language": "en\n"},
        "voice": {"narration": {"voice_id": "a\nb"}},
        "url": {"webhook_url": URL + "\n"},
        "key": {"metadata": {"a\nb": "x"}},
    }[field]
    with pytest.raises(InvalidRequest, match=r"U\+000A"):
        parse_request({**PLAIN, **fields})


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in WRONG.items()])
def test_what_is_left_of_a_wrong_text(text: str) -> None:
    """Something that can be written, and that breaks no rule but that of being seen."""
    clean = clean_text(text)
    clean.encode()
    assert "sign" not in (text_fault(clean) or "") or "invisible" in (text_fault(clean) or "")
    assert clean.strip()
    assert "\n" not in one_line(f"{text}\r\n{text}")


def test_an_old_row_that_holds_such_texts_is_a_request() -> None:
    """What was taken before the rule is read: cleaned, whole, and never refused."""
    row = {**PLAIN, "prompt": "\x00", "title_card": "\ud800", "metadata": {"a\x1b": "b\x00", "empty": ""}}
    request = load_request(row)
    assert (request.prompt, request.title_card) == ("?", "?")
    assert request.metadata == {"a": "b", "empty": ""}
    assert clean_tree({"a": ["\x00b", 1, None, True]}) == {"a": ["b", 1, None, True]}
