"""SenseAudio on the wire: what is sent, what is read, and every code of its error table."""

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
from film.job_specs import ClipSpec
from providers.http.vendor_client import RetryLater, VendorClient
from providers.ports import JobState
from providers.senseaudio.video import CODES, SenseAudio

from .conftest import clip_order, example, image_ref
from .stub import Answer, Fault, Stub, html, reply
from .test_senseaudio_rules import FIRST, LAST, REFERENCE


async def test_every_field_is_sent_explicitly_and_there_is_no_watermark(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("senseaudio_created"))]
    spec = clip_order(references=(image_ref(),), seed=5)
    assert await SenseAudio(client).submit(spec, nonce=1) == "task_1234567890"
    assert [(process.method, process.path) for process in stub.seen] == [("POST", "/v1/video/create")]
    assert stub.seen[0].json == {
        "model": "doubao-seedance-2-0-260128",
        "content": [{"type": "text", "text": spec.prompt}, REFERENCE],
        "duration": 5,
        "resolution": "720p",
        "ratio": "16:9",
        "timeout": 3600,
        "watermark": False,
        "provider_specific": {"generate_audio": False},
    }


async def test_frames_carry_their_roles(client: VendorClient) -> None:
    sent = SenseAudio(client).request(clip_order(first_frame=image_ref(), last_frame=image_ref(), sound=True))
    assert [item.model_dump() for item in sent.content[1:]] == [FIRST, LAST]
    assert sent.provider_specific is not None
    assert sent.provider_specific.generate_audio is True


@pytest.mark.parametrize(
    ("spec", "rule"),
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
async def test_an_order_that_breaks_a_rule_is_never_sent(
    stub: Stub, client: VendorClient, spec: ClipSpec, rule: str
) -> None:
    with pytest.raises(ProviderRejected) as refused:
        await SenseAudio(client).submit(spec, nonce=1)
    assert refused.value.wire_code == rule
    assert stub.seen == []


REJECTED = (ProviderRejected, ProviderRejected)
NO_CREDITS = (ProviderOutOfCredits, ProviderOutOfCredits)
KEY_REFUSED = (ProviderKeyRefused, ProviderKeyRefused)
LATER = (ProviderRateLimited, RetryLater)
UNKNOWN_JOB = (SendAmbiguous, ProviderJobUnknown)
NOBODY_KNOWS = (SendAmbiguous, ProviderUnavailable)


def coded(http: int, ref_code: int, code: str = "参数错误") -> Answer:
    return reply({"code": code, "message": "said", "ref_code": ref_code, "ref_scope": "video"}, http)


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (coded(400, 400000), REJECTED),
        (reply({"code": "invalid", "message": "said"}, 400), REJECTED),
        (coded(400, 400015), (ProviderBusy, RetryLater)),
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
    stub: Stub, client: VendorClient, answer: Answer, kinds: tuple[type[ProviderError], type[ProviderError]]
) -> None:
    stub.answers = [answer]
    vendor = SenseAudio(client)
    with pytest.raises(ProviderError) as created:
        await vendor.submit(clip_order(), nonce=1)
    with pytest.raises(ProviderError) as looked:
        await vendor.get_job("1")
    assert (type(created.value), type(looked.value)) == kinds
    assert len(stub.seen) == 2


def test_no_code_of_the_table_is_missing() -> None:
    numbers = {400000, 400015, 400001, 429002, 400900, 400901, 400902, 429000, 500000, 404000}
    assert set(CODES) == {str(number) for number in numbers} | {"invalid", "authentication_error"}


async def test_a_lost_reply_is_ambiguous_and_was_one_post(stub: Stub, client: VendorClient) -> None:
    stub.answers = [Answer(fault=Fault.TORN, body=b"{}")]
    with pytest.raises(SendAmbiguous):
        await SenseAudio(client).submit(clip_order(), nonce=1)
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
async def test_a_status_is_read(stub: Stub, client: VendorClient, told: dict[str, Any], state: JobState) -> None:
    stub.answers = [reply(told)]
    job = await SenseAudio(client).get_job("t1")
    assert stub.seen[0].target == "/v1/video/status?id=t1"
    assert job.state is state
    assert job.file_url == ("https://x/v.mp4" if state is JobState.SUCCEEDED else None)
    assert isinstance(job.failure, ProviderJobFailed) is (state is JobState.FAILED)
    assert (job.charged, job.refunded) == (None, None)  # no credit is told anywhere


@pytest.mark.parametrize("told", [status(task_id="t2", status="completed", video_url="https://x/v.mp4"),
                                  status(status="completed"), {"status": "pending"}])  # fmt: skip
async def test_the_newest_task_of_the_key_is_never_taken_for_ours(
    stub: Stub, client: VendorClient, told: dict[str, Any]
) -> None:
    stub.answers = [reply(told)]
    with pytest.raises(ProviderUnavailable):
        await SenseAudio(client).get_job("t1")


async def test_lost_clips_cannot_be_looked_for(stub: Stub, client: VendorClient) -> None:
    vendor = SenseAudio(client)
    assert not vendor.can_list
    assert list(await vendor.find_candidates(clip_order(), nonce=1, since_s=0)) == []
    assert stub.seen == []
