"""vibegen on the wire: what is sent, what is read, every error code, and the callback."""

from typing import Any

import pytest

from film.callbacks import CallbackAddress
from film.errors import (
    ProviderContentRefused,
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
from providers.vibegen.request import Callback
from providers.vibegen.video import CODES, Vibegen

from .conftest import clip_order, example, image_ref
from .stub import Answer, Fault, Stub, html, reply

TASK_ID = "550e8400-e29b-41d4-a716-446655440000"
#: 2025-03-10T10:00:00Z
CREATED_S = 1_741_600_800.0


async def test_every_field_is_sent_explicitly(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("vibegen_created"), 201)]
    callbacks = CallbackAddress(public_url="https://films.example/", secret=b"secret")
    spec = clip_order(references=(image_ref(),), seed=5)
    assert await Vibegen(client, callbacks=callbacks).submit(spec, nonce=77) == TASK_ID
    assert [(process.method, process.path) for process in stub.seen] == [("POST", "/generations")]
    assert stub.seen[0].json == {
        "model": "seedance 2.0",
        "prompt": spec.prompt,
        "image_urls": ["https://example.com/a.png"],
        "duration": 5,
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "generate_audio": False,
        "callback_url": f"https://films.example/callbacks/vibegen/77/{callbacks.mac(77)}",
    }


async def test_without_pictures_and_public_address_both_fields_are_left_out(client: VendorClient) -> None:
    sent = Vibegen(client).request(clip_order(), nonce=1)
    assert (sent.image_urls, sent.callback_url) == (None, None)


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        (clip_order(rendered_s=8), "VG-R3"),
        (clip_order(prompt="字" * 2001), "VG-R2"),
        (clip_order(first_frame=image_ref()), "VG-frames"),
        (clip_order(last_frame=image_ref()), "VG-frames"),
    ],
)
async def test_an_order_that_breaks_a_rule_is_never_sent(
    stub: Stub, client: VendorClient, spec: ClipSpec, rule: str
) -> None:
    with pytest.raises(ProviderRejected) as refused:
        await Vibegen(client).submit(spec, nonce=1)
    assert refused.value.wire_code == rule
    assert stub.seen == []


def test_a_callback_address_is_unguessable_and_its_own() -> None:
    callbacks = CallbackAddress(public_url="https://films.example", secret=b"secret")
    mac = callbacks.url(77).rpartition("/")[2]
    assert callbacks.accepts(77, mac)
    for nonce, wrong in ((78, mac), (77, mac[:-1]), (77, ""), (77, "ä"), (77, mac.upper())):
        assert not callbacks.accepts(nonce, wrong)
    assert not CallbackAddress(public_url="https://films.example", secret=b"other").accepts(77, mac)
    assert "secret" not in repr(callbacks).replace("secret=", "")


@pytest.mark.parametrize(("name", "status"), [("completed", "completed"), ("failed", "failed")])
def test_the_documents_callbacks_are_read_as_they_stand(name: str, status: str) -> None:
    callback = Callback.model_validate(example(f"vibegen_callback_{name}"))
    assert (callback.event, callback.task_id, callback.status) == (f"task.{name}", TASK_ID, status)


# --- what is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "state", "url", "failure"),
    [
        ("processing", JobState.RUNNING, None, None),
        ("completed", JobState.SUCCEEDED, "https://cdn.example.com/videos/abc123.mp4", None),
        ("failed", JobState.FAILED, None, ProviderContentRefused),  # the document's words for it
    ],
)
async def test_the_documents_tasks_are_read_as_they_stand(
    stub: Stub, client: VendorClient, name: str, state: JobState, url: str | None, failure: type[ProviderError] | None
) -> None:
    stub.answers = [reply(example(f"vibegen_task_{name}"))]
    job = await Vibegen(client).get_job(TASK_ID)
    assert stub.seen[0].target == f"/tasks/{TASK_ID}"
    assert (job.state, job.file_url) == (state, url)
    assert (type(job.failure) if job.failure else None) is failure
    assert (job.charged, job.refunded) == (None, None)


def task(job_id: str = "1", **fields: Any) -> dict[str, Any]:
    return {
        "id": job_id,
        "status": "pending",
        "model": "seedance 2.0",
        "task_type": "text_to_video",
        "prompt": clip_order().prompt,
        "video_url": None,
        "created_at": "2025-03-10T10:00:00Z",
        "completed_at": None,
        "error": None,
        **fields,
    }


def body(value: Any) -> Answer:
    return reply({"success": True, "data": value})


@pytest.mark.parametrize("error", [None, "timeout", "content policy", "Provider error"])
async def test_any_other_failure_may_be_tried_again(stub: Stub, client: VendorClient, error: str | None) -> None:
    stub.answers = [body(task(status="failed", error=error))]
    failure = (await Vibegen(client).get_job("1")).failure
    assert isinstance(failure, ProviderJobFailed)
    assert failure.may_retry


async def test_an_unknown_status_is_polled_on(
    stub: Stub, client: VendorClient, caplog: pytest.LogCaptureFixture
) -> None:
    stub.answers = [body(task(status="queued"))]
    assert (await Vibegen(client).get_job("1")).state is JobState.RUNNING
    assert len(caplog.records) == 1


@pytest.mark.parametrize("wrong", [task("2"), task(status="completed"), {"id": "1"}, task(created_at="today")])
async def test_an_answer_that_cannot_be_right_is_asked_again(
    stub: Stub, client: VendorClient, wrong: dict[str, Any]
) -> None:
    stub.answers = [body(wrong)]
    with pytest.raises(ProviderUnavailable):
        await Vibegen(client).get_job("1")


REJECTED = (ProviderRejected, ProviderRejected)
NO_CREDITS = (ProviderOutOfCredits, ProviderOutOfCredits)
KEY_REFUSED = (ProviderKeyRefused, ProviderKeyRefused)
LATER = (ProviderRateLimited, RetryLater)
UNKNOWN_JOB = (SendAmbiguous, ProviderJobUnknown)
NOBODY_KNOWS = (SendAmbiguous, ProviderUnavailable)


def coded(http: int, code: str) -> Answer:
    return reply({"error": {"code": code, "message": "said"}}, http)


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (reply(example("vibegen_error_parameter"), 400), REJECTED),
        (reply(example("vibegen_error_key"), 401), KEY_REFUSED),
        (reply(example("vibegen_error_credits"), 402), NO_CREDITS),
        (reply(example("vibegen_error_unknown"), 404), UNKNOWN_JOB),
        (coded(429, "RATE_LIMIT_EXCEEDED"), LATER),
        (coded(502, "PROVIDER_ERROR"), NOBODY_KNOWS),
        (coded(500, "INTERNAL_ERROR"), NOBODY_KNOWS),
        (coded(400, "PROVIDER_ERROR"), NOBODY_KNOWS),
        (coded(400, "SOMETHING_NEW"), REJECTED),  # the status decides
        (coded(402, "SOMETHING_NEW"), NO_CREDITS),
        (coded(429, "SOMETHING_NEW"), LATER),
        (coded(409, "SOMETHING_NEW"), NOBODY_KNOWS),
        (coded(200, "INVALID_PARAMETER"), REJECTED),  # an error on HTTP 200
        (html(429), LATER),
        (html(404), NOBODY_KNOWS),
        (html(200), NOBODY_KNOWS),
        (reply({"success": False}), NOBODY_KNOWS),
        (reply({"success": True, "data": {"status": "pending"}}, 201), NOBODY_KNOWS),
        (reply({"error": "no object"}, 400), NOBODY_KNOWS),
    ],
)
async def test_an_answer_means_one_thing_for_a_create_and_one_for_a_look(
    stub: Stub, client: VendorClient, answer: Answer, kinds: tuple[type[ProviderError], type[ProviderError]]
) -> None:
    stub.answers = [answer]
    with pytest.raises(ProviderError) as created:
        await Vibegen(client).submit(clip_order(), nonce=1)
    with pytest.raises(ProviderError) as looked:
        await Vibegen(client).get_job("1")
    assert (type(created.value), type(looked.value)) == kinds
    assert len(stub.seen) == 2


def test_no_code_of_the_table_is_missing() -> None:
    assert len(CODES) == 7


async def test_a_lost_reply_is_ambiguous_and_was_one_post(stub: Stub, client: VendorClient) -> None:
    stub.answers = [Answer(fault=Fault.CLOSED)]
    with pytest.raises(SendAmbiguous):
        await Vibegen(client).submit(clip_order(), nonce=1)
    assert len(stub.seen) == 1
