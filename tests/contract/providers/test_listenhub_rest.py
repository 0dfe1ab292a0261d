"""ListenHub's images, uploads, speakers and credits on the wire."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from film.canvas import AspectRatio
from film.errors import (
    ProviderContentRefused,
    ProviderError,
    ProviderJobFailed,
    ProviderKeyRefused,
    ProviderRejected,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.job_specs import ImageSpec
from providers.http.vendor_client import VendorClient
from providers.listenhub.account import ListenHubAccount, ListenHubStorage, ListenHubVoices
from providers.listenhub.images import RULES, ImageRequest, ListenHubImages
from providers.ports import JobState, Speaker
from providers.rules import require

from .stub import Answer, Seen, Stub, html, reply
from .test_listenhub_video import body

ORDER = ImageSpec(prompt="a reference sheet", ratio=AspectRatio.SQUARE)
INLINE = {"inlineData": {"data": "aGk=", "mimeType": "image/png"}}


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("LI-prompt", {"prompt": " "}),
        ("LI-ratio", {"imageConfig": {"imageSize": "1K", "aspectRatio": "9:21"}}),
        ("LI-references", {"referenceImages": [INLINE] * 15}),
        ("LI-references", {"provider": "openai", "referenceImages": [INLINE] * 5}),
        ("LI-reference", {"referenceImages": [{}]}),
    ],
)
def test_an_image_request_that_breaks_the_tables_is_refused(rule: str, fields: dict[str, Any]) -> None:
    request = ImageRequest.model_validate({"provider": "google", "prompt": "x", **fields})
    with pytest.raises(ProviderRejected) as refused:
        require(RULES, request, vendor="listenhub")
    assert refused.value.wire_code == rule


@pytest.mark.parametrize("enveloped", [True, False])
async def test_an_image_is_ordered_asynchronously(stub: Stub, client: VendorClient, enveloped: bool) -> None:
    created = {"taskId": "i1", "status": "pending"}
    stub.answers = [reply({"code": 0, "data": created} if enveloped else created, 202)]
    assert await ListenHubImages(client).submit(ORDER, nonce=1) == "i1"
    assert [(process.path, process.json) for process in stub.seen] == [
        (
            "/v1/images/generation/async",
            {
                "provider": "google",
                "model": "gemini-3-pro-image",
                "prompt": "a reference sheet",
                "imageConfig": {"imageSize": "1K", "aspectRatio": "1:1"},
            },
        )
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply({"code": 32004, "message": "no"}, 400), ProviderRejected),
        (reply({"code": 32008, "message": "no"}, 200), ProviderContentRefused),  # an error on HTTP 200
        (reply({"message": "no"}, 400), SendAmbiguous),
        (reply({"status": "pending"}, 202), SendAmbiguous),  # no task id
        (html(200), SendAmbiguous),
    ],
)
async def test_a_refused_image_is_classified(
    stub: Stub, client: VendorClient, answer: Answer, kind: type[ProviderError]
) -> None:
    stub.answers = [answer]
    with pytest.raises(ProviderError) as refused:
        await ListenHubImages(client).submit(ORDER, nonce=1)
    assert type(refused.value) is kind


PICTURE = [{"url": "https://x/i.png", "mimeType": "image/png"}]


@pytest.mark.parametrize(
    ("told", "state", "failure", "may_retry"),
    [
        ({"status": "pending"}, JobState.RUNNING, None, None),
        ({"status": "generating"}, JobState.RUNNING, None, None),
        ({"status": "reviewing"}, JobState.RUNNING, None, None),  # unknown: polled on
        ({"status": "success", "images": PICTURE}, JobState.SUCCEEDED, None, None),
        ({"status": "success", "images": []}, JobState.FAILED, ProviderContentRefused, None),
        ({"status": "fail", "failMsg": "busy"}, JobState.FAILED, ProviderJobFailed, True),
        ({"status": "failed", "failReason": "bad", "retryable": False}, JobState.FAILED, ProviderJobFailed, False),
    ],
)
async def test_an_image_task_is_read_in_both_its_spellings(
    stub: Stub,
    client: VendorClient,
    told: dict[str, Any],
    state: JobState,
    failure: type[ProviderError] | None,
    may_retry: bool | None,
) -> None:
    stub.answers = [body({"taskId": "i1", **told})]
    job = await ListenHubImages(client).get_job("i1")
    assert job.state is state
    assert job.file_url == (PICTURE[0]["url"] if state is JobState.SUCCEEDED else None)
    assert (type(job.failure) if job.failure else None) is failure
    assert getattr(job.failure, "may_retry", None) is may_retry


async def test_an_image_price_is_asked(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply({"credits": 15, "canGenerate": True, "requiresSubscription": False, "warnings": []})]
    assert await ListenHubImages(client).estimate(ORDER) == Decimal(15)


async def test_lost_images_cannot_be_looked_for(stub: Stub, client: VendorClient) -> None:
    vendor = ListenHubImages(client)
    assert not vendor.can_list
    assert list(await vendor.find_candidates(ORDER, nonce=1, since_s=0)) == []
    assert stub.seen == []


@pytest.mark.parametrize(
    ("content_type", "category"), [("image/png", "banana"), ("audio/mpeg", "episode"), ("video/mp4", "episode")]
)
async def test_a_file_is_put_where_the_vendor_says(
    stub: Stub, client: VendorClient, tmp_path: Path, content_type: str, category: str
) -> None:
    file = tmp_path / "anchor.bin"
    file.write_bytes(b"picture")

    def respond(process: Seen) -> Answer:
        if process.method == "PUT":
            return Answer()
        return body({"presignedUrl": f"{stub.url}/put?sig=1", "fileUrl": "https://cdn.example/bucket/anchor.bin"})

    stub.respond = respond
    storage = ListenHubStorage(client)
    assert await storage.upload(file, content_type=content_type) == "https://cdn.example/bucket/anchor.bin"
    asked, put = stub.seen
    assert asked.json == {"fileKey": "anchor.bin", "contentType": content_type, "category": category}
    assert (put.target, put.body, put.headers["content-type"]) == ("/put?sig=1", b"picture", content_type)
    assert "authorization" not in put.headers
    live = ListenHubStorage(client, readable_origin="https://storage.googleapis.com")
    assert await live.upload(file, content_type=content_type) == "https://storage.googleapis.com/bucket/anchor.bin"


@pytest.mark.parametrize(("content_type", "size_bytes"), [("image/png", 10 * 2**20 + 1), ("text/plain", 1)])
async def test_a_file_the_vendor_would_refuse_is_not_sent(
    stub: Stub, client: VendorClient, tmp_path: Path, content_type: str, size_bytes: int
) -> None:
    file = tmp_path / "big.png"
    file.write_bytes(b"\0" * size_bytes)
    with pytest.raises(ProviderRejected):
        await ListenHubStorage(client).upload(file, content_type=content_type)
    assert stub.seen == []


async def test_an_upload_to_a_private_address_is_refused(stub: Stub, client: VendorClient, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"x")
    stub.answers = [body({"presignedUrl": "http://169.254.169.254/", "fileUrl": "https://x/a"})]
    with pytest.raises(ProviderRejected):
        await ListenHubStorage(client).upload(file, content_type="image/png")


async def test_speakers_are_asked_by_language_and_only_published_ones(stub: Stub, client: VendorClient) -> None:
    item = {"name": "Ann", "speakerId": "s1", "demoAudioUrl": "https://x", "gender": "female", "language": "en"}
    stub.answers = [body({"items": [item]})]
    voices = ListenHubVoices(client)
    assert await voices.speakers("en-GB") == [Speaker(voice_id="s1", name="Ann", language="en", gender="female")]
    await voices.speakers()
    assert [process.target for process in stub.seen] == [
        "/v1/speakers/list?status=3&language=en",
        "/v1/speakers/list?status=3",
    ]


async def test_the_purse_tells_what_is_left(stub: Stub, client: VendorClient) -> None:
    stub.answers = [
        body({"totalAvailableCredits": 1234.5, "subscriptionPlan": {"name": "pro"}, "resetAt": 1}),
        reply({"code": 21007, "message": "invalid key"}),
        html(502),
    ]
    purse = ListenHubAccount(client)
    assert await purse.credits_available() == Decimal("1234.5")
    with pytest.raises(ProviderKeyRefused):
        await purse.credits_available()
    with pytest.raises(ProviderUnavailable):
        await purse.credits_available()
