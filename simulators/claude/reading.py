"""Finds what a message asks for: the JSON objects in the user's turns, the last of them first."""

import json
from collections.abc import Iterator, Sequence
from typing import Any


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that stand in a text, whatever is written around them."""
    decoder = json.JSONDecoder()
    place = text.find("{")
    while place != -1:
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError:
            place = text.find("{", place + 1)
            continue
        if isinstance(value, dict):
            yield value
        place = text.find("{", end)


def object_with(texts: Sequence[str], name: str) -> dict[str, Any] | None:
    """Return the object that has a key `name`, from the last turn that holds one."""
    for text in reversed(texts):
        for value in objects_in(text):
            if name in value:
                return value
    return None
