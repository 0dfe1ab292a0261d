"""A paid POST is sent exactly once, and what went wrong with it tells all that may be concluded."""

import socket
import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import pytest

from film.errors import (
    ProviderBusy,
    ProviderContentRefused,
    ProviderError,
    ProviderJobUnknown,
    ProviderKeyRefused,
    ProviderOutOfCredits,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SendAmbiguous,
)
from providers.http.clients import Connection
from providers.http.messages import REPLY_BYTES_MAX, Reply
from providers.http.vendor_client import RetryLater, VendorClient
from providers.listenhub.voice_request import VoiceRequest

from .conftest import BODY, IMPATIENT, KEY, TIMEOUTS
from .stub import Answer, Fault, Stub, html, reply


@pytest.fixture
async def nobody() -> AsyncIterator[VendorClient]:
    """A client of a port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with VendorClient(Connection(base_url=url, key=KEY), vendor="listenhub", timeouts=TIMEOUTS) as client:
            yield client


LOST = [Fault.RESET, Fault.CLOSED, Fault.TORN]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
async def test_a_post_whose_answer_is_lost_is_ambiguous_and_was_sent_once(
    stub: Stub, client: VendorClient, fault: Fault
) -> None:
    stub.answers = [Answer(body=b'{"code": 0}', fault=fault)]
    with pytest.raises(SendAmbiguous):
        await client.post_paid("v1/generate", BODY)
    assert [(process.method, process.target) for process in stub.seen] == [("POST", "/v1/generate")]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
async def test_a_read_whose_answer_is_lost_may_be_asked_again(stub: Stub, client: VendorClient, fault: Fault) -> None:
    stub.answers = [Answer(body=b'{"code": 0}', fault=fault)]
    with pytest.raises(ProviderUnavailable):
        await client.get("v1/tasks/1")
    assert len(stub.seen) == 1


async def test_a_silent_vendor_is_not_waited_for_longer_than_said(stub: Stub) -> None:
    stub.answers = [Answer(fault=Fault.SILENT)]
    async with VendorClient(Connection(base_url=stub.url, key=KEY), vendor="listenhub", timeouts=IMPATIENT) as client:
        with pytest.raises(SendAmbiguous):
            await client.post_paid("v1/generate", BODY)
        with pytest.raises(ProviderUnavailable):
            await client.get("v1/tasks/1")
    assert [process.method for process in stub.seen] == ["POST", "GET"]


async def test_a_post_that_finds_nobody_was_never_sent(nobody: VendorClient) -> None:
    with pytest.raises(ProviderUnavailable, match="never sent"):
        await nobody.post_paid("v1/generate", BODY)


async def test_an_endless_answer_to_a_post_is_ambiguous(stub: Stub, client: VendorClient) -> None:
    stub.answers = [Answer(body=b" " * (REPLY_BYTES_MAX + 1))]
    with pytest.raises(SendAmbiguous):
        await client.post_paid("v1/generate", BODY)


@pytest.mark.parametrize(
    "answer",
    [
        html(200),
        Answer(body=b""),
        Answer(body=b'{"code": 0'),
        Answer(body=b"\xff\xfe"),
        Answer(body=b"[" * 200_000),  # deeper than the parser goes
    ],
    ids=["html", "empty", "cut", "no text", "too deep"],
)
async def test_an_answer_that_is_no_json_has_no_body(stub: Stub, client: VendorClient, answer: Answer) -> None:
    stub.answers = [answer]
    assert (await client.post_paid("v1/generate", BODY)).body is None


async def test_a_redirect_is_not_followed(stub: Stub, client: VendorClient) -> None:
    stub.answers = [Answer(status=307, headers={"Location": f"{stub.url}/elsewhere"})]
    assert (await client.post_paid("v1/generate", BODY)).http_status == 307
    assert len(stub.seen) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-3", None), ("٣", None), ("", None)],
)
async def test_retry_after_is_read_in_seconds_only(
    stub: Stub, client: VendorClient, header: str, seconds: float | None
) -> None:
    stub.answers = [Answer(status=429, headers={"Retry-After": header.encode().decode("latin-1")})]
    assert (await client.get("x")).retry_after_s == seconds


async def test_environment_proxies_are_ignored(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    stub.answers = [reply({"code": 0})]
    async with VendorClient(Connection(base_url=stub.url, key=KEY), vendor="listenhub", timeouts=TIMEOUTS) as fresh:
        assert (await fresh.get("x")).ok


async def test_fields_that_are_none_are_left_out_and_the_key_is_the_bearer(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply({})]
    await client.post_paid("v1/generate", VoiceRequest(text="hi", duration_hint=3))
    assert stub.seen[0].json == {"text": "hi", "durationHint": 3}
    assert stub.seen[0].headers["authorization"] == f"Bearer {KEY}"


SAME = "the same class"


@pytest.mark.parametrize(
    ("kind", "for_a_post", "for_a_read"),
    [
        (ProviderRejected, SAME, SAME),
        (ProviderKeyRefused, SAME, SAME),
        (ProviderOutOfCredits, SAME, SAME),
        (ProviderContentRefused, SAME, SAME),
        (ProviderRateLimited, SAME, RetryLater),
        (ProviderBusy, SAME, RetryLater),
        (ProviderJobUnknown, SendAmbiguous, SAME),  # a create that answers "unknown task" explains nothing
        (ProviderUnavailable, SendAmbiguous, SAME),
        (SendAmbiguous, SAME, ProviderUnavailable),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
async def test_a_refusal_is_judged_by_what_was_asked(
    client: VendorClient, kind: type[ProviderError], for_a_post: object, for_a_read: object
) -> None:
    for paid, wanted in ((True, for_a_post), (False, for_a_read)):
        answer = Reply(http_status=400, body=None, retry_after_s=9.0, paid=paid)
        error = client.error_for(kind, answer, detail="no")
        assert type(error) is (kind if wanted == SAME else wanted)
        if isinstance(error, ProviderRateLimited | RetryLater):
            assert error.retry_after_s == 9.0


async def test_the_key_never_shows(client: VendorClient) -> None:
    answer = Reply(http_status=401, body=None, retry_after_s=None, paid=False)
    error = client.error_for(ProviderKeyRefused, answer, detail=f"Invalid key: {KEY}")
    shown = f"{error} {error!r} {Connection(base_url='http://x', key=KEY)!r} {client!r} {client.__dict__.keys()}"
    assert KEY not in shown
    assert "***" in str(error)


@pytest.mark.parametrize("ahead_s", [3600, -3600])
async def test_a_clock_that_differs_from_the_vendors_stops_what_depends_on_it(
    stub: Stub, client: VendorClient, ahead_s: int
) -> None:
    """Nothing is paid for, and no list is believed, while "created before or after" can't be told; polls go on."""
    stub.answers = [reply({"code": 0}, Date=formatdate(time.time() + ahead_s, usegmt=True))]
    assert (await client.get("v1/tasks/1")).ok
    with pytest.raises(ProviderUnavailable, match="set this machine's clock"):
        await client.get_list("v1/tasks")
    seen = len(stub.seen)
    with pytest.raises(ProviderUnavailable, match="clock"):
        await client.post_paid("v1/generate", BODY)
    assert len(stub.seen) == seen, "it never left"


@pytest.mark.parametrize("date", [None, "yesterday", "now"])
async def test_a_clock_that_agrees_or_isnt_told_stops_nothing(
    stub: Stub, client: VendorClient, date: str | None
) -> None:
    """A vendor whose answers bear no date, or an odd one, is taken at its word."""
    headers = {} if date is None else {"Date": formatdate(time.time() + 2, usegmt=True) if date == "now" else date}
    stub.answers = [reply({"code": 0}, **headers)]
    assert (await client.get_list("v1/tasks")).ok
    assert (await client.post_paid("v1/generate", BODY)).ok
