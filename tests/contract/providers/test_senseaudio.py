"""SenseAudio on the wire: its rules, what is sent, what is read, and every code of its error table."""

from typing import Any

import pytest

from film.canvas import Resolution
from film.errors import (
    ProviderBusy,
    ProviderError,
    ProviderJobFailed,
    ProviderJobUnknown,
    ProviderKeyRefused,
    ProviderOutOfCredits,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.orders import ClipOrder
from providers.ports import JobState
from providers.rules import require
from providers.senseaudio import CODES, SenseAudio
from providers.senseaudio_request import RULES, CreateRequest
from providers.wire import AskLater, Wire

from .conftest import clip_order, example, image_ref
from .stub import Answer, Fault, Stub, html, reply

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


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
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
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_by_its_number(rule: str, wrong: CreateRequest) -> None:
    with pytest.raises(ProviderRejected) as refused:
        require(RULES, wrong, vendor="senseaudio")
    assert refused.value.wire_code == rule


@pytest.mark.parametrize(
    "right",
    [
        request(TEXT, FIRST, LAST, duration=4, resolution="480p", ratio="3:4", timeout=3600),
        request(*[REFERENCE] * 9, *[AUDIO] * 3, *[VIDEO] * 3, duration=15, timeout=172_800),
        request(VIDEO, AUDIO),
        request(FIRST),
    ],
)
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


async def test_every_field_is_sent_explicitly_and_there_is_no_watermark(stub: Stub, wire: Wire) -> None:
    stub.answers = [reply(example("senseaudio_created"))]
    order = clip_order(references=(image_ref(),), seed=5)
    assert await SenseAudio(wire).submit(order, nonce=1) == "task_1234567890"
    assert [(seen.method, seen.path) for seen in stub.seen] == [("POST", "/v1/video/create")]
    assert stub.seen[0].json == {
        "model": "doubao-seedance-2-0-260128",
        "content": [{"type": "text", "text": order.prompt}, REFERENCE],
        "duration": 5,
        "resolution": "720p",
        "ratio": "16:9",
        "timeout": 3600,
        "watermark": False,
        "provider_specific": {"generate_audio": False},
    }


async def test_frames_carry_their_roles(wire: Wire) -> None:
    sent = SenseAudio(wire).request(clip_order(first_frame=image_ref(), last_frame=image_ref(), sound=True))
    assert [item.model_dump() for item in sent.content[1:]] == [FIRST, LAST]
    assert sent.provider_specific is not None
    assert sent.provider_specific.generate_audio is True


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (clip_order(resolution=Resolution.P1080), "SA-R2"),
        (clip_order(rendered_s=3), "SA-R1"),
        (clip_order(first_frame=image_ref(), references=(image_ref(),)), "SA-R5"),
        (clip_order(references=(image_ref(),) * 10), "SA-R6"),
        (clip_order(first_frame=image_ref(width=300)), "SA-image"),  # the bounds are exclusive
        (clip_order(references=(image_ref(width=6000, height=4000),)), "SA-image"),
        (clip_order(references=(image_ref(width=1000, height=400),)), "SA-image"),
        (clip_order(references=(image_ref(size_bytes=30 * 2**20 + 1),)), "SA-image"),
    ],
)
async def test_an_order_that_breaks_a_rule_is_never_sent(stub: Stub, wire: Wire, order: ClipOrder, rule: str) -> None:
    with pytest.raises(ProviderRejected) as refused:
        await SenseAudio(wire).submit(order, nonce=1)
    assert refused.value.wire_code == rule
    assert stub.seen == []


REJECTED = (ProviderRejected, ProviderRejected)
NO_CREDITS = (ProviderOutOfCredits, ProviderOutOfCredits)
KEY_REFUSED = (ProviderKeyRefused, ProviderKeyRefused)
LATER = (ProviderRateLimited, AskLater)
UNKNOWN_JOB = (SendAmbiguous, ProviderJobUnknown)
NOBODY_KNOWS = (SendAmbiguous, ProviderUnavailable)


def coded(http: int, ref_code: int, code: str = "参数错误") -> Answer:
    return reply({"code": code, "message": "said", "ref_code": ref_code, "ref_scope": "video"}, http)


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (coded(400, 400000), REJECTED),
        (reply({"code": "invalid", "message": "said"}, 400), REJECTED),
        (coded(400, 400015), (ProviderBusy, AskLater)),
        (coded(400, 400001), NO_CREDITS),
        (coded(429, 429002), NO_CREDITS),  # a 429 that no waiting ends
        (coded(400, 400900), NO_CREDITS),
        (coded(400, 400901), NO_CREDITS),
        (coded(400, 400902), NO_CREDITS),
        (coded(429, 429000), LATER),
        (coded(500, 500000), NOBODY_KNOWS),  # busy, or a bad model
        (coded(404, 404000), UNKNOWN_JOB),
        (reply({"code": "authentication_error", "message": "said"}, 401), KEY_REFUSED),
        (reply({"code": "不支持的视频时长", "message": "said"}, 400), REJECTED),  # prose: the status decides
        (reply({"code": "图片链接无效", "message": "said"}, 400), REJECTED),
        (reply({"message": "said"}, 429), LATER),
        (html(429), LATER),
        (html(400), NOBODY_KNOWS),
        (html(502), NOBODY_KNOWS),
        (html(200), NOBODY_KNOWS),
        (reply({"message": "said"}, 418), NOBODY_KNOWS),
        (reply({"task_id": ""}), NOBODY_KNOWS),
        (reply({"id": "1"}), NOBODY_KNOWS),
        (reply("task_1"), NOBODY_KNOWS),
    ],
)
async def test_an_answer_means_one_thing_for_a_create_and_one_for_a_look(
    stub: Stub, wire: Wire, answer: Answer, kinds: tuple[type[ProviderError], type[ProviderError]]
) -> None:
    stub.answers = [answer]
    vendor = SenseAudio(wire)
    with pytest.raises(ProviderError) as created:
        await vendor.submit(clip_order(), nonce=1)
    with pytest.raises(ProviderError) as looked:
        await vendor.report("1")
    assert (type(created.value), type(looked.value)) == kinds
    assert len(stub.seen) == 2


def test_no_code_of_the_table_is_missing() -> None:
    numbers = {400000, 400015, 400001, 429002, 400900, 400901, 400902, 429000, 500000, 404000}
    assert set(CODES) == {str(number) for number in numbers} | {"invalid", "authentication_error"}


async def test_a_lost_reply_is_ambiguous_and_was_one_post(stub: Stub, wire: Wire) -> None:
    stub.answers = [Answer(fault=Fault.SILENT)]
    with pytest.raises(SendAmbiguous):
        await SenseAudio(wire).submit(clip_order(), nonce=1)
    assert len(stub.seen) == 1


def status(**fields: Any) -> dict[str, Any]:
    """Return a status as field reports show it."""
    return {
        "id": "another-record",
        "model": "doubao-seedance-2-0-260128",
        "task_id": "t1",
        "status": "pending",
        "progress": 0,
        "video_url": "",
        "error_message": "",
        "created_at": 1_700_000_000,
        "completed_at": 0,
        **fields,
    }


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (status(), JobState.RUNNING),
        (status(progress=50), JobState.RUNNING),
        (status(status="processing"), JobState.RUNNING),
        (status(status="queued"), JobState.RUNNING),  # unknown: polled on
        (status(status="completed", progress=100, video_url="https://x/v.mp4"), JobState.SUCCEEDED),
        (status(status="failed", error_message="内容"), JobState.FAILED),
    ],
)
async def test_a_status_is_read(stub: Stub, wire: Wire, told: dict[str, Any], state: JobState) -> None:
    stub.answers = [reply(told)]
    report = await SenseAudio(wire).report("t1")
    assert stub.seen[0].target == "/v1/video/status?id=t1"
    assert report.state is state
    assert report.file_url == ("https://x/v.mp4" if state is JobState.SUCCEEDED else None)
    assert isinstance(report.failure, ProviderJobFailed) is (state is JobState.FAILED)
    assert (report.charged, report.refunded) == (None, None)  # no credit is told anywhere


@pytest.mark.parametrize("told", [status(task_id="t2", status="completed", video_url="https://x/v.mp4"),
                                  status(status="completed"), {"status": "pending"}])  # fmt: skip
async def test_the_newest_task_of_the_key_is_never_taken_for_ours(stub: Stub, wire: Wire, told: dict[str, Any]) -> None:
    stub.answers = [reply(told)]
    with pytest.raises(ProviderUnavailable):
        await SenseAudio(wire).report("t1")


async def test_lost_clips_cannot_be_looked_for(stub: Stub, wire: Wire) -> None:
    vendor = SenseAudio(wire)
    assert not vendor.lists
    assert list(await vendor.candidates(clip_order(), nonce=1, since_s=0)) == []
    assert stub.seen == []
