"""ListenHub video on the wire: what is sent and what is read."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from film.canvas import AspectRatio, Resolution
from film.errors import ProviderJobFailed, ProviderJobUnknown, ProviderRejected, ProviderUnavailable
from film.job_specs import ClipSpec
from providers.http.vendor_client import VendorClient
from providers.listenhub.video import EstimateRequest, ListenHubVideo, seed_of
from providers.ports import JobState

from .conftest import clip_order, example, image_ref
from .stub import Answer, Stub, reply

FAST, PRO, HAPPY = "doubao-seedance-2-fast", "doubao-seedance-2-pro", "happyhorse"
NOW_MS = 1_700_000_000_000
SINCE_S = 1_700_000_000.0 - 60


def body(value: Any) -> Answer:
    return reply({"code": 0, "message": "", "data": value})


def task(job_id: str, *, at_ms: int = NOW_MS, **fields: Any) -> dict[str, Any]:
    return {"id": job_id, "status": "generating", "model": HAPPY, "createdAt": at_ms, **fields}


# --- what is sent -------------------------------------------------------------------------------------------------


async def test_every_field_is_sent_explicitly(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("listenhub_video_created"))]
    spec = clip_order(resolution=Resolution.P1080, ratio=AspectRatio.TALL, sound=True, rendered_s=8)
    assert await ListenHubVideo(client, model=HAPPY).submit(spec, nonce=77) == "665f1d4e8b3a3f001234abcd"
    assert [(process.method, process.path) for process in stub.seen] == [("POST", "/v1/video-generation/generate")]
    assert stub.seen[0].json == {
        "model": HAPPY,
        "content": [{"type": "text", "text": spec.prompt}],
        "resolution": "1080p",
        "ratio": "9:16",
        "duration": 8,
        "generateAudio": True,
        "seed": 77,
    }


@pytest.mark.parametrize(
    ("model", "spec", "roles", "told"),
    [
        (HAPPY, clip_order(first_frame=image_ref()), ["first_frame"], None),  # only Seedance wants the pixels
        (HAPPY, clip_order(references=(image_ref(), image_ref())), ["reference_image"] * 2, None),
        (PRO, clip_order(first_frame=image_ref()), ["first_frame"], ["first_frame"]),
        (
            FAST,
            clip_order(first_frame=image_ref(), last_frame=image_ref()),
            ["first_frame", "last_frame"],
            ["first_frame", "last_frame"],
        ),
        (PRO, clip_order(references=(image_ref(),)), ["reference_image"], ["reference_image"]),
    ],
)
async def test_pictures_carry_their_roles_and_for_seedance_their_pixels(
    client: VendorClient, model: str, spec: ClipSpec, roles: list[str], told: list[str] | None
) -> None:
    request = ListenHubVideo(client, model=model).request(spec, nonce=1)
    assert [image.role for image in request.images] == roles
    facts = request.reference_images
    assert (facts and [fact.role for fact in facts]) == told
    if facts:
        assert facts[0].model_dump() == {"role": told and told[0], "width": 1024, "height": 768, "size": 90_000}


@pytest.mark.parametrize(
    ("model", "spec", "rule"),
    [
        (FAST, clip_order(resolution=Resolution.P1080), "LH-R8"),
        (HAPPY, clip_order(resolution=Resolution.P480), "LH-R9"),
        (PRO, clip_order(rendered_s=3), "LH-R12"),
        (FAST, clip_order(prompt="字" * 501), "LH-R6"),
        (HAPPY, clip_order(prompt="字" * 2501), "LH-R7"),
        (PRO, clip_order(last_frame=image_ref()), "LH-R15"),
        (PRO, clip_order(first_frame=image_ref(), references=(image_ref(),)), "LH-R16"),
        (HAPPY, clip_order(first_frame=image_ref(), last_frame=image_ref()), "LH-R17"),
        (HAPPY, clip_order(references=(image_ref(),) * 10), "LH-R3"),
        (PRO, clip_order(references=(image_ref(width=200),)), "LH-R23"),
    ],
)
async def test_an_order_that_breaks_a_rule_is_never_sent(
    stub: Stub, client: VendorClient, model: str, spec: ClipSpec, rule: str
) -> None:
    vendor = ListenHubVideo(client, model=model)
    with pytest.raises(ProviderRejected) as refused:
        await vendor.submit(spec, nonce=1)
    assert refused.value.wire_code == rule
    with pytest.raises(ProviderRejected):
        vendor.check(spec)
    assert stub.seen == []


@pytest.mark.parametrize(
    ("nonce", "seed"), [(1, 1), (2**31 - 1, 2**31 - 1), (2**31, 1), (0, 2**31 - 1), (2**40 + 3, 515)]
)
def test_a_nonce_is_a_seed_every_model_takes(nonce: int, seed: int) -> None:
    assert seed_of(nonce) == seed


async def test_the_customers_seed_goes_before_the_nonce(client: VendorClient) -> None:
    assert ListenHubVideo(client, model=HAPPY).request(clip_order(seed=0), nonce=9).seed == 0


async def test_the_price_is_asked_as_documented(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("listenhub_video_estimate"))]
    assert await ListenHubVideo(client, model=FAST).estimate(clip_order()) == Decimal(12)
    recorded = example("listenhub_video_estimate_request")
    assert stub.seen[0].json == recorded
    assert EstimateRequest.model_validate(recorded).duration == 5


# --- what is read -------------------------------------------------------------------------------------------------


async def test_the_documents_task_is_read_as_it_stands(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("listenhub_video_task"))]
    job = await ListenHubVideo(client, model=FAST).get_job("665f1d4e8b3a3f001234abcd")
    assert job.state is JobState.SUCCEEDED
    assert job.file_url == "https://assets.listenhub.ai/video-generation/output.mp4"
    assert (job.charged, job.refunded) == (Decimal(12), None)


@pytest.mark.parametrize("status", ["pending", "generating", "uploading", "queued_somewhere"])
async def test_a_task_under_way_has_no_file(stub: Stub, client: VendorClient, status: str) -> None:
    stub.answers = [body(task("1", status=status, videoUrl="https://x/old.mp4", creditCharged=47.2))]
    job = await ListenHubVideo(client, model=HAPPY).get_job("1")
    assert (job.state, job.file_url, job.charged) == (JobState.RUNNING, None, Decimal("47.2"))


async def test_a_failed_task_may_be_tried_again(stub: Stub, client: VendorClient) -> None:
    stub.answers = [body(task("1", status="failed", creditCharged=0))]
    job = await ListenHubVideo(client, model=HAPPY).get_job("1")
    assert job.state is JobState.FAILED
    assert isinstance(job.failure, ProviderJobFailed)
    assert job.failure.may_retry
    assert job.charged == 0


@pytest.mark.parametrize(
    "wrong",
    [
        task("2", status="success", videoUrl="https://x/2.mp4"),  # another task's
        task("1", status="success"),  # done, and nothing to fetch
        {"id": "1", "status": "success", "videoUrl": "https://x"},  # without a time
        {**task("1"), "status": 3},
    ],
)
async def test_an_answer_that_cannot_be_right_is_asked_again(
    stub: Stub, client: VendorClient, wrong: dict[str, Any]
) -> None:
    stub.answers = [body(wrong)]
    with pytest.raises(ProviderUnavailable):
        await ListenHubVideo(client, model=HAPPY).get_job("1")


async def test_an_unknown_task_is_told_apart_and_its_id_cannot_leave_its_path(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply({"code": 32001, "message": "no"}, 404)]
    with pytest.raises(ProviderJobUnknown):
        await ListenHubVideo(client, model=HAPPY).get_job("../../v1/user?x=1")
    assert stub.seen[0].target == "/v1/video-generation/tasks/..%2F..%2Fv1%2Fuser%3Fx%3D1"


async def test_the_file_of_a_report_is_fetched(stub: Stub, client: VendorClient, tmp_path: Path) -> None:
    vendor = ListenHubVideo(client, model=HAPPY)
    stub.answers = [body(task("1", status="success", videoUrl=f"{stub.url}/1.mp4")), Answer(body=b"clip")]
    job = await vendor.get_job("1")
    await vendor.fetch(job, tmp_path / "1.mp4")
    assert (tmp_path / "1.mp4").read_bytes() == b"clip"
    stub.answers = [body(task("1"))]
    with pytest.raises(ProviderUnavailable):
        await vendor.fetch(await vendor.get_job("1"), tmp_path / "1.mp4")
