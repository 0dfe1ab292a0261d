"""ListenHub Voice on the wire: what is sent, what is read, and which listed job is ours."""

from decimal import Decimal
from typing import Any

import pytest

from film.errors import ProviderJobFailed, ProviderRejected, ProviderUnavailable, SendAmbiguous
from film.job_specs import SoundSpec
from providers.http.vendor_client import VendorClient
from providers.listenhub.voice import ListenHubVoice
from providers.ports import JobState

from .conftest import example
from .stub import Answer, Fault, Seen, Stub, reply
from .test_listenhub_video import SINCE_S, body, task

SPEAKER = {"type": "speaker", "id": "host_1"}
REFERENCE = {"type": "reference", "url": "https://example.com/host.mp3"}


async def test_narration_names_its_speaker_and_music_has_none(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("listenhub_voice_created"), 202)]
    vendor = ListenHubVoice(client)
    spec = SoundSpec(text="Welcome.", voice_id="host_1", duration_hint_s=20)
    assert await vendor.submit(spec, nonce=1) == "68e780390fc5c9a54f695a7e"
    await vendor.submit(SoundSpec(text="Soft piano."), nonce=2)
    sound = {"speechRate": 0, "loudnessRate": 0, "pitchRate": 0, "format": "mp3"}
    fixed = {"model": "listenhub-voice-1.0", "audioConfig": sound, "watermark": False}
    assert [process.json for process in stub.seen] == [
        {**fixed, "text": "Welcome.", "voices": [SPEAKER], "durationHint": 20},
        {**fixed, "text": "Soft piano."},
    ]


async def test_an_order_that_breaks_a_rule_is_never_sent(stub: Stub, client: VendorClient) -> None:
    with pytest.raises(ProviderRejected, match="LV6"):
        await ListenHubVoice(client).submit(SoundSpec(text="hi", duration_hint_s=111), nonce=1)
    assert stub.seen == []


async def test_a_lost_reply_is_ambiguous_and_was_one_post(stub: Stub, client: VendorClient) -> None:
    stub.answers = [Answer(fault=Fault.RESET)]
    with pytest.raises(SendAmbiguous):
        await ListenHubVoice(client).submit(SoundSpec(text="hi"), nonce=1)
    assert len(stub.seen) == 1


async def test_the_documents_task_is_read_as_it_stands(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("listenhub_voice_task"))]
    job = await ListenHubVoice(client).get_job("68e780390fc5c9a54f695a7e")
    assert job.state is JobState.SUCCEEDED
    assert job.file_url == "https://assets.listenhub.ai/seed-audio/68e780390fc5c9a54f695a7e.mp3"
    assert (job.charged, job.refunded) == (Decimal(12), Decimal(0))


async def test_a_failed_task_tells_why_and_what_came_back(stub: Stub, client: VendorClient) -> None:
    failed = task("1", status="failed", errorMessage="generation timeout", creditCharged=12, creditRefunded=12)
    stub.answers = [body(failed)]
    job = await ListenHubVoice(client).get_job("1")
    assert isinstance(job.failure, ProviderJobFailed)
    assert job.failure.may_retry
    assert "generation timeout" in str(job.failure)
    assert (job.charged, job.refunded) == (Decimal(12), Decimal(12))


@pytest.mark.parametrize("wrong", [task("2", status="success", audioUrl="http://x"), task("1", status="success")])
async def test_an_answer_that_cannot_be_right_is_asked_again(
    stub: Stub, client: VendorClient, wrong: dict[str, Any]
) -> None:
    stub.answers = [body(wrong)]
    with pytest.raises(ProviderUnavailable):
        await ListenHubVoice(client).get_job("1")


ORDER = SoundSpec(text="Welcome.", voice_id="host_1")
SAME = {"text": "Welcome.", "voices": [SPEAKER]}
OLD_MS = 1_600_000_000_000


@pytest.mark.parametrize(
    ("items", "details", "found"),
    [
        ([task("a", params=SAME)], {}, ["a"]),
        ([task("a", params={**SAME, "text": "Welcome!"})], {}, []),
        ([task("a", params={"text": "Welcome."})], {}, []),  # without a voice
        ([task("a", params={**SAME, "voices": [REFERENCE]})], {}, []),
        ([task("b", params=SAME), task("a", params=SAME)], {}, ["a", "b"]),  # equal ones are interchangeable
        ([task("a", params=SAME, at_ms=OLD_MS)], {}, []),
        ([task("a")], {"a": task("a", params=SAME)}, ["a"]),  # the document's list has no params
        ([task("a")], {"a": task("a")}, None),
        ([task("a")], {}, None),  # listed and unknown
    ],
)
async def test_a_lost_create_is_found_by_its_text_and_voices_or_nothing_is_concluded(
    stub: Stub, client: VendorClient, items: list[dict[str, Any]], details: dict[str, Any], found: list[str] | None
) -> None:
    def respond(process: Seen) -> Answer:
        if process.path.endswith("/tasks"):
            return body({"items": items, "page": 1, "pageSize": 100, "total": len(items)})
        detail = details.get(process.path.rpartition("/")[2])
        return body(detail) if detail else reply({"code": 33001, "message": "not found"}, 400)

    stub.respond = respond
    search = ListenHubVoice(client).find_candidates(ORDER, nonce=1, since_s=SINCE_S)
    if found is None:
        with pytest.raises(ProviderUnavailable):
            await search
    else:
        assert [job.job_id for job in await search] == found


async def test_the_documents_list_is_read_with_its_tasks(stub: Stub, client: VendorClient) -> None:
    recorded = {"list": reply(example("listenhub_voice_list")), "task": reply(example("listenhub_voice_task"))}
    stub.respond = lambda seen: recorded["list" if seen.path.endswith("/tasks") else "task"]
    spec = SoundSpec(text="Welcome to ListenHub. Here is your daily briefing.", voice_id="zh_female_warm")
    jobs = await ListenHubVoice(client).find_candidates(spec, nonce=1, since_s=1_730_000_000)
    assert [(job.job_id, job.created_at_s) for job in jobs] == [("68e780390fc5c9a54f695a7e", 1_730_000_000.0)]


async def test_the_price_is_asked(stub: Stub, client: VendorClient) -> None:
    stub.answers = [body({"credits": 2.25})]
    assert await ListenHubVoice(client).estimate(ORDER) == Decimal("2.25")
    assert stub.seen[0].path == "/v1/listenhub-voice/estimate-credits"
