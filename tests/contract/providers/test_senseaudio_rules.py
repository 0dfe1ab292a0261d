"""Every numbered rule of SenseAudio is refused before a byte is sent, and every allowed edge passes."""

from typing import Any

import pytest

from film.errors import (
    ProviderRejected,
)
from providers.rules import require
from providers.senseaudio.request import RULES, CreateRequest

from .conftest import example

TEXT = {"type": "text", "text": "黄昏海边"}
AUDIO = {"type": "audio", "audio_url": "https://example.com/a.mp3"}
VIDEO = {"type": "video", "video_url": "https://example.com/a.mp4"}


def image(role: str) -> dict[str, str]:
    return {"type": "image", "url": "https://example.com/a.png", "role": role}


FIRST, LAST, REFERENCE = image("first_frame"), image("last_frame"), image("reference")


def request(*content: Any, **fields: Any) -> CreateRequest:
    return CreateRequest.model_validate(
        {
            "model": "doubao-seedance-2-0-260128",
            "content": content or (TEXT,),
            "duration": 10,
            "resolution": "720p",
            "ratio": "16:9",
            **fields,
        }
    )


WRONG: list[tuple[str, CreateRequest]] = [
    ("SA-R1", request(duration=3)),
    ("SA-R1", request(duration=16)),
    ("SA-R1", request(duration=5.5)),
    ("SA-R2", request(resolution="1080p")),  # in the enumeration, not in the model's list
    ("SA-R3", request(ratio="21:9")),
    ("SA-R3", request(ratio="adaptive")),
    ("SA-R4", request(TEXT, TEXT)),
    ("SA-R5", request(LAST)),
    ("SA-R5", request(FIRST, FIRST)),
    ("SA-R5", request(FIRST, LAST, LAST)),
    ("SA-R5", request(FIRST, REFERENCE)),
    ("SA-R5", request(FIRST, AUDIO)),
    ("SA-R5", request(FIRST, VIDEO)),
    ("SA-R6", request(*[REFERENCE] * 10)),
    ("SA-R6", request(REFERENCE, *[AUDIO] * 4)),
    ("SA-R6", request(*[VIDEO] * 4)),
    ("SA-R7", request(AUDIO)),
    ("SA-R7", request(TEXT, AUDIO)),
    ("SA-R8", request(timeout=3599)),
    ("SA-R8", request(timeout=172_801)),
    ("SA-R9", CreateRequest.model_construct(**{**dict(request()), "content": ()})),
    ("SA-R10", request(provider_specific={"camera_fixed": False})),
    ("SA-R12", request(model="doubao-seedance-3")),
]


@pytest.mark.parametrize(("rule", "wrong"), WRONG)
def test_a_request_that_breaks_a_rule_is_refused_by_its_number(rule: str, wrong: CreateRequest) -> None:
    with pytest.raises(ProviderRejected) as refused:
        require(RULES, wrong, vendor="senseaudio")
    assert refused.value.wire_code == rule


RIGHT = [
    request(TEXT, FIRST, LAST, duration=4, resolution="480p", ratio="3:4", timeout=3600),
    request(*[REFERENCE] * 9, *[AUDIO] * 3, *[VIDEO] * 3, duration=15, timeout=172_800),
    request(VIDEO, AUDIO),
    request(FIRST),
]


@pytest.mark.parametrize("right", RIGHT)
def test_a_request_on_the_edge_of_the_rules_passes(right: CreateRequest) -> None:
    require(RULES, right, vendor="senseaudio")


@pytest.mark.parametrize(
    ("name", "broken_rule"),
    [
        ("senseaudio_create_text", None),
        ("senseaudio_create_reference", None),
        ("senseaudio_create_full", "SA-R9"),  # the document's own example has no content
    ],
)
def test_the_documents_own_requests_are_read_and_sent_as_they_stand(name: str, broken_rule: str | None) -> None:
    recorded = example(name)
    read = CreateRequest.model_validate(recorded)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == recorded
    if broken_rule is None:
        require(RULES, read, vendor="senseaudio")
        return
    with pytest.raises(ProviderRejected, match=broken_rule):
        require(RULES, read, vendor="senseaudio")
