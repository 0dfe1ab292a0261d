"""Every code of every ListenHub error table is classified, by the pair (HTTP status, code)."""

from typing import Any

import pytest

from film.errors import (
    ProviderBusy,
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
from providers.http.vendor_client import RetryLater, VendorClient
from providers.listenhub.envelope import CODES, Created, job_failure, read_data, seconds_of, state_of
from providers.ports import JobState

from .conftest import BODY
from .stub import Answer, Stub, html, reply

REJECTED = (ProviderRejected, ProviderRejected)
NO_CREDITS = (ProviderOutOfCredits, ProviderOutOfCredits)
KEY_REFUSED = (ProviderKeyRefused, ProviderKeyRefused)
LATER = (ProviderRateLimited, RetryLater)
UNKNOWN_JOB = (SendAmbiguous, ProviderJobUnknown)
NOBODY_KNOWS = (SendAmbiguous, ProviderUnavailable)


def coded(http: int, code: Any) -> Answer:
    return reply({"code": code, "message": "said", "data": None, "request_id": "r"}, http)


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        # the code tables: (http, code) as documented, and the same code on other statuses
        (coded(200, 21007), KEY_REFUSED),
        (coded(401, 21007), KEY_REFUSED),
        (coded(402, 26004), NO_CREDITS),
        (coded(402, 32002), NO_CREDITS),
        (coded(400, 33006), NO_CREDITS),
        (coded(200, 33006), NO_CREDITS),
        (coded(400, 29003), REJECTED),
        (coded(400, 32004), REJECTED),
        (coded(200, 32004), REJECTED),
        (coded(400, 33004), REJECTED),
        (coded(400, 33005), REJECTED),
        (coded(400, 32006), REJECTED),
        (coded(400, 33002), REJECTED),
        (coded(403, 32005), REJECTED),
        (coded(429, 29998), LATER),
        (coded(400, 25429), LATER),
        (coded(200, 32007), LATER),
        (coded(429, 33007), LATER),
        (coded(400, 33009), (ProviderBusy, RetryLater)),
        (coded(404, 32001), UNKNOWN_JOB),
        (coded(404, 25002), UNKNOWN_JOB),
        (coded(400, 33001), UNKNOWN_JOB),
        (coded(400, 32008), (ProviderContentRefused, ProviderContentRefused)),
        (coded(200, 91002), (ProviderContentRefused, ProviderContentRefused)),
        (coded(400, 32003), NOBODY_KNOWS),
        (coded(400, 33003), NOBODY_KNOWS),
        (coded(400, 33008), NOBODY_KNOWS),
        # the status table, with a code nobody has documented
        (coded(400, 77777), REJECTED),
        (coded(401, 77777), KEY_REFUSED),
        (coded(402, 77777), NO_CREDITS),
        (coded(403, 77777), REJECTED),
        (coded(404, 77777), UNKNOWN_JOB),
        (coded(429, 77777), LATER),
        (html(429), LATER),  # a gateway's limit: the request went no further
        # what proves nothing
        (coded(200, 77777), NOBODY_KNOWS),
        (coded(409, 77777), NOBODY_KNOWS),
        (coded(400, 0), NOBODY_KNOWS),  # an error that says success
        (coded(500, 32004), NOBODY_KNOWS),  # a server fault, whatever it says
        (coded(502, 33007), NOBODY_KNOWS),
        (coded(400, "32004"), NOBODY_KNOWS),  # a code that is no number
        (coded(400, code=True), NOBODY_KNOWS),
        (html(200), NOBODY_KNOWS),
        (html(400), NOBODY_KNOWS),
        (html(503), NOBODY_KNOWS),
        (reply({"code": 0, "data": {"status": "generating"}}), NOBODY_KNOWS),  # a success without a task
        (reply({"code": 0, "data": {"taskId": ""}}), NOBODY_KNOWS),
        (reply({"code": 0, "data": None}), NOBODY_KNOWS),
        (reply({"code": 0, "data": []}), NOBODY_KNOWS),
        (reply([]), NOBODY_KNOWS),
        (reply({"taskId": "1"}), NOBODY_KNOWS),  # no envelope
        (Answer(status=204), NOBODY_KNOWS),
        (Answer(status=302, headers={"Location": "/login"}), NOBODY_KNOWS),
    ],
)
async def test_an_answer_means_one_thing_for_a_post_and_one_for_a_read(
    stub: Stub, client: VendorClient, answer: Answer, kinds: tuple[type[ProviderError], type[ProviderError]]
) -> None:
    stub.answers = [answer]
    for given, kind in ((await client.post_paid("x", BODY), kinds[0]), (await client.get("x"), kinds[1])):
        with pytest.raises(ProviderError) as refused:
            read_data(client, given, Created)
        assert type(refused.value) is kind


def test_no_code_of_the_documents_is_missing() -> None:
    voice = set(range(33001, 33010))
    video = set(range(32001, 32009))
    general = {21007, 26004, 29003, 29998, 25429, 25002, 91002}
    assert voice | video | general == set(CODES)


@pytest.mark.parametrize(
    ("code", "kind", "may_retry"),
    [
        (None, ProviderJobFailed, True),  # what the video document gives: no reason
        (33003, ProviderJobFailed, True),
        (32003, ProviderJobFailed, True),
        (33008, ProviderJobFailed, True),  # generation timeout
        (12345, ProviderJobFailed, True),
        (33004, ProviderJobFailed, False),
        (33006, ProviderJobFailed, False),
        (32008, ProviderContentRefused, None),
        (91002, ProviderContentRefused, None),
    ],
)
async def test_a_failed_task_says_whether_a_new_attempt_is_worth_it(
    client: VendorClient, code: int | None, kind: type[ProviderError], may_retry: bool | None
) -> None:
    failure = job_failure(client, "said", code)
    assert type(failure) is kind
    if isinstance(failure, ProviderJobFailed):
        assert failure.may_retry is may_retry


@pytest.mark.parametrize(
    ("word", "state", "warned"),
    [
        ("pending", JobState.RUNNING, False),
        ("generating", JobState.RUNNING, False),
        ("uploading", JobState.RUNNING, False),
        ("success", JobState.SUCCEEDED, False),
        ("failed", JobState.FAILED, False),
        ("pending_payment", JobState.RUNNING, True),
        ("SUCCESS", JobState.RUNNING, True),
    ],
)
def test_an_unknown_status_is_polled_on_with_a_warning(
    caplog: pytest.LogCaptureFixture, word: str, state: JobState, warned: bool
) -> None:
    assert state_of(word, "1") is state
    assert bool(caplog.records) is warned


@pytest.mark.parametrize(("told", "seconds"), [(1_700_000_000_000, 1.7e9), (1_700_000_000, 1.7e9), (0, 0.0)])
def test_times_are_milliseconds_or_seconds(told: float, seconds: float) -> None:
    assert seconds_of(told) == seconds
