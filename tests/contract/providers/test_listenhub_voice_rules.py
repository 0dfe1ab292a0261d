"""Every numbered rule of ListenHub Voice is refused before a byte is sent, and every allowed edge passes."""

from typing import Any

import pytest

from film.errors import ProviderRejected
from providers.listenhub.voice_request import RULES, VoiceRequest
from providers.rules import require

from .conftest import example

#: A picture of one black pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
SPEAKER = {"type": "speaker", "id": "host_1"}
REFERENCE = {"type": "reference", "url": "https://example.com/host.mp3"}
URL_IMAGE = {"url": "https://example.com/scene.jpg"}


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("LV1", {"voices": [SPEAKER], "image": URL_IMAGE}),
    ("LV2", {"voices": [{**SPEAKER, "url": "https://example.com/a.mp3"}]}),
    ("LV2", {"voices": [{**REFERENCE, "id": "host_1"}]}),
    ("LV2", {"voices": [{"type": "speaker"}]}),
    ("LV3", {"voices": [SPEAKER] * 4}),
    ("LV3", {"voices": []}),
    ("LV5", {"text": "字" * 1401}),
    ("LV5", {"text": " \n\t"}),
    ("LV6", {"durationHint": 0.5}),
    ("LV6", {"durationHint": 111}),
    ("LV7", {"audioConfig": {"speechRate": -51}}),
    ("LV7", {"audioConfig": {"loudnessRate": 101}}),
    ("LV7", {"audioConfig": {"pitchRate": 13}}),
    ("LV7", {"audioConfig": {"format": "flac"}}),
    ("LV8", {"image": {}}),
    ("LV8", {"image": {**URL_IMAGE, "data": PNG}}),
    ("LV9", {"voices": [SPEAKER, {"type": "speaker", "id": "zh_male_news"}]}),
    ("LV-model", {"model": "listenhub-voice-2.0"}),
]


@pytest.mark.parametrize(("rule", "fields"), WRONG)
def test_a_request_that_breaks_a_rule_is_refused_by_its_number(rule: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ProviderRejected) as refused:
        require(RULES, VoiceRequest.model_validate({"text": "hello", **fields}), vendor="listenhub")
    assert refused.value.wire_code == rule


RIGHT: list[dict[str, Any]] = [
    {"text": "字" * 1400},
    {"text": "  " + "字" * 1400 + "  "},  # trimmed by the vendor
    {"voices": [SPEAKER, REFERENCE, SPEAKER]},
    {"voices": [{"type": "speaker", "id": "zh_female_warm"}]},
    {"durationHint": 1},
    {"durationHint": 110},
    {"audioConfig": {"speechRate": 100, "loudnessRate": -50, "pitchRate": -12, "format": "ogg_opus"}},
    {"image": {"data": PNG}},
]


@pytest.mark.parametrize("fields", RIGHT)
def test_a_request_on_the_edge_of_the_rules_passes(fields: dict[str, Any]) -> None:
    require(RULES, VoiceRequest.model_validate({"text": "hello", **fields}), vendor="listenhub")


@pytest.mark.parametrize(
    ("name", "broken_rule"),
    [("plain", None), ("speaker", None), ("image", None), ("dialogue", "LV9")],
)
def test_the_documents_own_requests_are_read_and_sent_as_they_stand(name: str, broken_rule: str | None) -> None:
    recorded = example(f"listenhub_voice_create_{name}")
    request = VoiceRequest.model_validate(recorded)
    assert request.model_dump(mode="json", by_alias=True, exclude_none=True) == recorded
    if broken_rule is None:
        require(RULES, request, vendor="listenhub")
        return
    with pytest.raises(ProviderRejected) as refused:
        require(RULES, request, vendor="listenhub")
    assert refused.value.wire_code == broken_rule
