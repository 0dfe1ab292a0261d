"""How the vendors refuse, as their simulators do: a strange key, an unknown job, another user's, all on HTTP 200."""

import pytest

from film.errors import (
    ProviderError,
    ProviderJobUnknown,
    ProviderKeyRefused,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from film.profiles import PROFILES, Provider, Vendor
from providers import registry
from providers.anthropic.client import Claude
from providers.http.clients import Connection
from providers.ports import Brief

from .conftest import clip_order
from .simulated import Simulated
from .test_simulated_claude import brief

PROVIDERS = [Provider.HAPPYHORSE, Provider.SENSEAUDIO, Provider.VIBEGEN]
#: An id as each vendor forms it, of no job.
NO_JOB = {
    Provider.HAPPYHORSE: "665f1d4e8b3a3f00ffffffff",
    Provider.SENSEAUDIO: "00000000-0000-4000-8000-000000000000",
    Provider.VIBEGEN: "00000000-0000-4000-8000-000000000000",
}
ORDER = clip_order()
DOOMED = {"fault": "job_failed", "at": 0}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_strange_key_is_refused_and_creates_nothing(simulated: Simulated, provider: Provider) -> None:
    async with simulated.client(PROFILES[provider].vendor, key="sk-stranger") as client:
        vendor = registry.video_vendor(provider, client)
        with pytest.raises(ProviderKeyRefused):
            await vendor.submit(ORDER, nonce=1)
        with pytest.raises(ProviderKeyRefused):
            await vendor.get_job(NO_JOB[provider])


async def test_claude_refuses_a_strange_key(simulated: Simulated) -> None:
    connection = Connection(base_url=f"{simulated.url}/anthropic", key="sk-stranger")
    wanted: Brief = brief()
    async with Claude(connection, model="claude-sonnet-5-5") as claude:
        with pytest.raises(ProviderKeyRefused):
            await registry.writer(claude).write(wanted)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_job_that_never_was_is_unknown(simulated: Simulated, provider: Provider) -> None:
    async with simulated.client(PROFILES[provider].vendor) as client:
        with pytest.raises(ProviderJobUnknown):
            await registry.video_vendor(provider, client).get_job(NO_JOB[provider])


@pytest.mark.parametrize(
    ("provider", "other_key", "kind"),
    [
        (Provider.HAPPYHORSE, "lh_sk_sim_beta", ProviderRejected),  # 403/32005 says whose it isn't
        (Provider.SENSEAUDIO, "sk-sense-sim-beta", ProviderJobUnknown),
        (Provider.VIBEGEN, "sk-video-sim-beta", ProviderJobUnknown),
    ],
)
async def test_another_users_job_is_not_shown(
    simulated: Simulated, provider: Provider, other_key: str, kind: type[ProviderError]
) -> None:
    simulated.script(DOOMED)
    account = PROFILES[provider].vendor
    async with simulated.client(account) as ours, simulated.client(account, key=other_key) as theirs:
        job_id = await registry.video_vendor(provider, ours).submit(ORDER, nonce=1)
        with pytest.raises(kind):
            await registry.video_vendor(provider, theirs).get_job(job_id)


async def test_listenhub_may_say_all_of_it_on_http_200(simulated: Simulated) -> None:
    async with (
        simulated.client(Vendor.LISTENHUB) as client,
        simulated.client(Vendor.LISTENHUB, key="sk-stranger") as strange,
    ):
        vendor = registry.video_vendor(Provider.HAPPYHORSE, client)
        limited = {"vendor": "listenhub-video", "operation": "create", "fault": "rate_limited"}
        simulated.script(limited, DOOMED, listenhub_http_200=True)
        with pytest.raises(ProviderRateLimited) as refused:
            await vendor.submit(ORDER, nonce=1)
        assert refused.value.http_status == 200
        with pytest.raises(ProviderJobUnknown):
            await vendor.get_job(NO_JOB[Provider.HAPPYHORSE])
        with pytest.raises(ProviderKeyRefused):
            await registry.video_vendor(Provider.HAPPYHORSE, strange).submit(ORDER, nonce=1)
        assert await vendor.submit(ORDER, nonce=1)


async def test_senseaudio_answering_for_its_newest_job_is_not_believed(simulated: Simulated) -> None:
    simulated.script({**DOOMED, "times": None}, senseaudio_ignores_id=True)
    async with simulated.client(Vendor.SENSEAUDIO) as client:
        vendor = registry.video_vendor(Provider.SENSEAUDIO, client)
        first = await vendor.submit(ORDER, nonce=1)
        simulated.advance(600)
        newest = await vendor.submit(ORDER, nonce=2)
        assert (await vendor.get_job(newest)).job_id == newest
        with pytest.raises(ProviderUnavailable):
            await vendor.get_job(first)
