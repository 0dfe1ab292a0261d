"""What our checks refuse the vendors refuse too, and what they let pass the vendors take: two readings of one text."""

from typing import Any

import pytest

from film.profiles import Vendor
from providers.http.messages import WireRequest
from providers.listenhub.voice_request import VoiceRequest

from .simulated import Simulated
from .test_listenhub_video_rules import RIGHT as VIDEO_RIGHT
from .test_listenhub_video_rules import WRONG as VIDEO_WRONG
from .test_listenhub_voice_rules import RIGHT as VOICE_RIGHT
from .test_listenhub_voice_rules import WRONG as VOICE_WRONG
from .test_senseaudio_rules import RIGHT as SENSEAUDIO_RIGHT
from .test_senseaudio_rules import WRONG as SENSEAUDIO_WRONG
from .test_vibegen_rules import WRONG as VIBEGEN_WRONG

#: Service -> its vendor and where it creates.
CREATES = {
    "listenhub-video": (Vendor.LISTENHUB, "v1/video-generation/generate"),
    "listenhub-voice": (Vendor.LISTENHUB, "v1/listenhub-voice/generate"),
    "senseaudio": (Vendor.SENSEAUDIO, "v1/video/create"),
    "vibegen": (Vendor.VIBEGEN, "generations"),
}
#: Rules that the documents' own examples break are switches of the simulators.
STRICT = {"lh_r23": True, "lv9": True, "sa_r9": True}
#: Ours alone: the vendor ignores camera_fixed, and no document speaks of a blank prompt beside other content.
OURS_ALONE = {"SA-R10", "LH-prompt"}


def voice(fields: dict[str, Any]) -> VoiceRequest:
    """Return a voice request; its made-up speaker becomes one that the vendor has."""
    voices = [
        {**voice, "id": "zh_female_warm"} if voice.get("id") == "host_1" else voice
        for voice in fields.get("voices", ())
    ]
    named = {**fields, "voices": voices} if "voices" in fields else fields
    return VoiceRequest.model_validate({"text": "hello", **named})


def named(value: object) -> str:
    """Return a row's name for the test's id."""
    return value if isinstance(value, str) else ""


WRONG: list[tuple[str, str, WireRequest]] = [
    *[("listenhub-video", rule, request) for rule, request in VIDEO_WRONG if rule not in OURS_ALONE],
    *[("listenhub-voice", rule, voice(fields)) for rule, fields in VOICE_WRONG],
    *[("senseaudio", rule, request) for rule, request in SENSEAUDIO_WRONG if rule not in OURS_ALONE],
    *[("vibegen", rule, request) for rule, request in VIBEGEN_WRONG],
]
RIGHT: list[tuple[str, WireRequest]] = [
    *[("listenhub-video", request) for request in VIDEO_RIGHT],
    *[("listenhub-voice", voice(fields)) for fields in VOICE_RIGHT],
    *[("senseaudio", request) for request in SENSEAUDIO_RIGHT],
]


@pytest.mark.parametrize(("service", "rule", "request_"), WRONG, ids=named)
async def test_a_request_past_our_check_is_refused_by_the_vendor(
    simulated: Simulated, service: str, rule: str, request_: WireRequest
) -> None:
    simulated.script(**STRICT)
    before = len(simulated.jobs(service))
    vendor, path = CREATES[service]
    async with simulated.client(vendor) as client:
        reply = await client.post_paid(path, request_)
    assert reply.http_status == (500 if rule == "SA-R12" else 400)  # SenseAudio calls an unknown model its own fault
    assert len(simulated.jobs(service)) == before


@pytest.mark.parametrize(("service", "request_"), RIGHT, ids=named)
async def test_a_request_on_the_edge_is_taken_by_the_vendor(
    simulated: Simulated, service: str, request_: WireRequest
) -> None:
    simulated.script({"vendor": service, "fault": "job_failed", "at": 0}, **STRICT)  # nobody waits for its film
    vendor, path = CREATES[service]
    async with simulated.client(vendor) as client:
        reply = await client.post_paid(path, request_)
    assert reply.ok, reply.body
