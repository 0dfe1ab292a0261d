"""Adapters and simulators, written apart from the same documents, agree: a job's whole way, and its faults."""

from pathlib import Path
from typing import Any

import pytest

from film.canvas import AspectRatio
from film.clock import SystemClock
from film.errors import (
    ClipRejected,
    LongVideoError,
    ProviderContentRefused,
    ProviderError,
    ProviderJobFailed,
    ProviderRateLimited,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.job_specs import ImageSpec, JobSpec, SoundSpec
from film.profiles import PROFILES, Provider, Vendor
from providers import registry
from providers.http.vendor_client import VendorClient
from providers.polling import wait_for_job
from providers.ports import JobState, JobStatus, JobVendor

from .conftest import clip_order
from .simulated import Simulated

VOICE = SoundSpec(text="清晨的城市。", voice_id="zh_female_warm", duration_hint_s=5)
MUSIC = SoundSpec(text="Soft piano.", duration_hint_s=5)
IMAGE = ImageSpec(prompt="an old keeper", ratio=AspectRatio.SQUARE)
#: What is bought -> the simulators' name for the service, and an order for it.
BOUGHT: dict[str, tuple[str, JobSpec]] = {
    **{
        provider: ("listenhub-video", clip_order(resolution=PROFILES[provider].resolutions[0]))
        for provider in (Provider.HAPPYHORSE, Provider.SEEDANCE_FAST, Provider.SEEDANCE_PRO)
    },
    Provider.SENSEAUDIO: ("senseaudio", clip_order(resolution=PROFILES[Provider.SENSEAUDIO].resolutions[0])),
    Provider.VIBEGEN: ("vibegen", clip_order(resolution=PROFILES[Provider.VIBEGEN].resolutions[0])),
    "voice": ("listenhub-voice", VOICE),
    "music": ("listenhub-voice", MUSIC),
    "image": ("listenhub-images", IMAGE),
}
ONE_A_SERVICE = [Provider.HAPPYHORSE, Provider.SENSEAUDIO, Provider.VIBEGEN, "voice", "image"]
FOR_EVER_S = 400 * 86_400


def vendor_of(what: str, simulated: Simulated) -> tuple[VendorClient, JobVendor[Any]]:
    """Open the client of whoever sells `what`."""
    if what in {"voice", "music", "image"}:
        client = simulated.client(Vendor.LISTENHUB)
        make = registry.image_vendor if what == "image" else registry.voice_vendor
        return client, make(client)
    provider = Provider(what)
    client = simulated.client(PROFILES[provider].vendor)
    return client, registry.video_vendor(provider, client)


async def ended(vendor: JobVendor[Any], job_id: str) -> JobStatus:
    """Wait for a job's end."""
    clock = SystemClock()
    return await wait_for_job(
        vendor, job_id, clock=clock, interval_s=0.05, started_s=clock.now(), deadline_s=120, unreachable_max_s=60
    )


def nonces(simulated: Simulated) -> int:
    """Return a nonce that no other test of the session has sent."""
    return 1000 + sum(len(simulated.jobs(service)) for service in {service for service, _ in BOUGHT.values()})


@pytest.mark.parametrize("what", list(BOUGHT))
async def test_a_job_goes_its_whole_way_and_is_paid_once(simulated: Simulated, tmp_path: Path, what: str) -> None:
    service, spec = BOUGHT[what]
    before = len(simulated.jobs(service))
    nonce = nonces(simulated)
    client, vendor = vendor_of(what, simulated)
    async with client:
        job_id = await vendor.submit(spec, nonce=nonce)
        job_status = await ended(vendor, job_id)
        assert job_status.state is JobState.SUCCEEDED
        await vendor.fetch(job_status, tmp_path / "file")
        found = await vendor.find_candidates(spec, nonce=nonce, since_s=SystemClock().now() - FOR_EVER_S)
    assert (tmp_path / "file").stat().st_size > 1000
    assert len(simulated.jobs(service)) == before + 1
    assert (job_id in {job.job_id for job in found}) is vendor.can_list
    if PROFILES.get(what) is not None and PROFILES[Provider(what)].reports_credits:  # type: ignore[call-overload]
        assert job_status.charged is not None
        assert job_status.charged > 0


#: For jobs whose file nobody waits for: they fail at once and are not rendered.
DOOMED = {"fault": "job_failed", "at": 0}

LOST: list[dict[str, Any]] = [
    {"fault": "reset"},
    {"fault": "undecodable"},
    {"fault": "html", "status": 502},
    {"fault": "html", "status": 200},
    {"fault": "http_error", "status": 500},
]


@pytest.mark.parametrize("accepted", [True, False], ids=["created", "not created"])
@pytest.mark.parametrize("lost", LOST, ids=lambda lost: "-".join(str(value) for value in lost.values()))
@pytest.mark.parametrize("what", ONE_A_SERVICE)
async def test_a_create_whose_reply_is_lost_is_ambiguous_and_the_list_tells(
    simulated: Simulated, what: str, lost: dict[str, Any], accepted: bool
) -> None:
    service, spec = BOUGHT[what]
    before = {job["id"] for job in simulated.jobs(service)}
    nonce, since_s = nonces(simulated), 0.0
    client, vendor = vendor_of(what, simulated)
    async with client:
        known = {job.job_id for job in await vendor.find_candidates(spec, nonce=nonce, since_s=since_s)}
        simulated.script({"vendor": service, "operation": "create", "accepted": accepted, **lost}, DOOMED)
        with pytest.raises(SendAmbiguous):
            await vendor.submit(spec, nonce=nonce)
        found = {job.job_id for job in await vendor.find_candidates(spec, nonce=nonce, since_s=since_s)} - known
    created = {job["id"] for job in simulated.jobs(service)} - before
    assert len(created) == int(accepted)
    assert found == (created if vendor.can_list else set())


@pytest.mark.parametrize("what", ONE_A_SERVICE)
async def test_too_many_requests_create_nothing(simulated: Simulated, what: str) -> None:
    service, spec = BOUGHT[what]
    before = len(simulated.jobs(service))
    simulated.script({"vendor": service, "operation": "create", "fault": "rate_limited", "retry_after_s": 400})
    client, vendor = vendor_of(what, simulated)
    async with client:
        with pytest.raises(ProviderRateLimited) as limited:
            await vendor.submit(spec, nonce=1)
    assert limited.value.retry_after_s == 2.0  # 400 vendor seconds
    assert len(simulated.jobs(service)) == before


@pytest.mark.parametrize("what", ONE_A_SERVICE)
@pytest.mark.parametrize(
    ("fault", "kind"),
    [({"fault": "job_failed"}, ProviderJobFailed), ({"fault": "job_failed", "moderated": True}, None)],
    ids=["failed", "moderated"],
)
async def test_a_failed_job_is_told_as_such(
    simulated: Simulated, what: str, fault: dict[str, Any], kind: type[ProviderError] | None
) -> None:
    service, spec = BOUGHT[what]
    simulated.script({"vendor": service, **fault})
    client, vendor = vendor_of(what, simulated)
    async with client:
        job = await ended(vendor, await vendor.submit(spec, nonce=nonces(simulated)))
    assert job.state is JobState.FAILED
    # Only vibegen documents how moderation is worded; elsewhere a failed job has no reason that could be read.
    wanted = kind or (ProviderContentRefused if what == Provider.VIBEGEN else ProviderJobFailed)
    assert type(job.failure) is wanted


@pytest.mark.parametrize("fault", ["status_word", "wrong_task"])
@pytest.mark.parametrize("what", ONE_A_SERVICE)
async def test_an_odd_look_at_a_job_is_outlived(simulated: Simulated, what: str, fault: str) -> None:
    service, spec = BOUGHT[what]
    client, vendor = vendor_of(what, simulated)
    async with client:
        job_id = await vendor.submit(spec, nonce=nonces(simulated))
        simulated.script({"vendor": service, "fault": fault, "message": "reviewing"})
        job = await ended(vendor, job_id)
    assert (job.job_id, job.state) == (job_id, JobState.SUCCEEDED)


@pytest.mark.parametrize(
    "fault", ["list_duplicates", "list_foreign", "list_without_params", "list_shifted", "list_lag"]
)
@pytest.mark.parametrize("what", [Provider.HAPPYHORSE, Provider.VIBEGEN, "voice"])
async def test_a_lying_list_gives_the_right_job_or_none(simulated: Simulated, what: str, fault: str) -> None:
    service, spec = BOUGHT[what]
    nonce = nonces(simulated)
    client, vendor = vendor_of(what, simulated)
    simulated.script(DOOMED)
    async with client:
        job_id = await vendor.submit(spec, nonce=nonce)
        since_s = min(job.created_at_s for job in await vendor.find_candidates(spec, nonce=nonce, since_s=0)) - 1
        honest = {job.job_id for job in await vendor.find_candidates(spec, nonce=nonce, since_s=since_s)}
        simulated.script({"vendor": service, "fault": fault, "times": None, "seconds": 1000})
        try:
            told = {job.job_id for job in await vendor.find_candidates(spec, nonce=nonce, since_s=since_s)}
        except ProviderUnavailable:
            return
    assert told <= honest
    assert job_id in told or fault == "list_lag"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("asset_torn", ProviderUnavailable),
        ("asset_expired", ProviderUnavailable),
    ],
)
async def test_a_file_that_cannot_be_read_whole_is_asked_for_again(
    simulated: Simulated, tmp_path: Path, fault: str, kind: type[LongVideoError]
) -> None:
    client, vendor = vendor_of(Provider.HAPPYHORSE, simulated)
    async with client:
        job_id = await vendor.submit(BOUGHT[Provider.HAPPYHORSE][1], nonce=nonces(simulated))
        job = await ended(vendor, job_id)
        simulated.script({"fault": fault})
        with pytest.raises(kind):
            await vendor.fetch(job, tmp_path / "clip.mp4")
        assert list(tmp_path.iterdir()) == []
        await vendor.fetch(await vendor.get_job(job_id), tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").stat().st_size > 1000


async def test_a_file_of_another_origin_is_guarded(simulated: Simulated, tmp_path: Path) -> None:
    client = simulated.client(Vendor.LISTENHUB, files=False)
    async with client:
        vendor = registry.video_vendor(Provider.HAPPYHORSE, client)
        job = await ended(vendor, await vendor.submit(clip_order(), nonce=nonces(simulated)))
        with pytest.raises(ClipRejected):
            await vendor.fetch(job, tmp_path / "clip.mp4")
