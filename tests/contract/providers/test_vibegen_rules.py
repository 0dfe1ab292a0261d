"""Every numbered rule of vibegen is refused before a byte is sent, and every allowed edge passes."""

from typing import Any

import pytest

from film.errors import (
    ProviderRejected,
)
from providers.rules import require
from providers.vibegen.request import RULES, CreateRequest

from .conftest import example


def request(**fields: Any) -> CreateRequest:
    return CreateRequest.model_validate({"model": "seedance 2.0", "prompt": "未来城市", **fields})


WRONG: list[tuple[str, CreateRequest]] = [
    ("VG-R1", request(model="seedance-2.0")),
    ("VG-R1", request(prompt=" ")),
    ("VG-R2", request(prompt="字" * 2001)),
    ("VG-R3", request(duration=8)),
    ("VG-R3", request(duration=5.5)),
    ("VG-R4", request(aspect_ratio="4:5")),
    ("VG-R5", request(resolution="4k")),
    ("VG-R6", request(image_urls=[])),
]


@pytest.mark.parametrize(("rule", "wrong"), WRONG)
def test_a_request_that_breaks_a_rule_is_refused_by_its_number(rule: str, wrong: CreateRequest) -> None:
    with pytest.raises(ProviderRejected) as refused:
        require(RULES, wrong, vendor="vibegen")
    assert refused.value.wire_code == rule


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "21:9", "4:3", "3:4", "9:21", "adaptive", "keep_ratio", None])
def test_every_listed_ratio_passes(ratio: str | None) -> None:
    require(RULES, request(aspect_ratio=ratio, prompt="字" * 2000, duration=10), vendor="vibegen")


@pytest.mark.parametrize("name", ["silent", "voiced", "image"])
def test_the_documents_own_requests_are_read_and_sent_as_they_stand(name: str) -> None:
    recorded = example(f"vibegen_create_{name}")
    read = CreateRequest.model_validate(recorded)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == recorded
    require(RULES, read, vendor="vibegen")
