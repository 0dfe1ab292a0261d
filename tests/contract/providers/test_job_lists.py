"""The lists as the audit reads them: every job of the key, whatever was ordered, back to a moment."""

from itertools import pairwise

import pytest

from film.profiles import Provider
from providers.ports import JobList

from .simulated import Simulated
from .test_simulated_vendors import BOUGHT, vendor_of


@pytest.mark.parametrize("what", [Provider.HAPPYHORSE, Provider.VIBEGEN, "voice"])
async def test_a_list_has_every_job_since_a_moment(simulated: Simulated, what: str) -> None:
    """Equal orders are each listed, oldest first; what is older than the moment is left out."""
    _, spec = BOUGHT[what]
    client, vendor = vendor_of(what, simulated)
    async with client:
        assert isinstance(vendor, JobList)
        ordered = {await vendor.submit(spec, nonce=nonce) for nonce in (1, 2)}
        listed = await vendor.jobs(since_s=0)
        assert {job.job_id for job in listed} == ordered
        assert all(older.created_at_s <= newer.created_at_s for older, newer in pairwise(listed))
        assert await vendor.jobs(since_s=listed[-1].created_at_s + 1) == []


@pytest.mark.parametrize("what", [Provider.SENSEAUDIO, "image"])
async def test_a_vendor_without_a_list_says_so(simulated: Simulated, what: str) -> None:
    """What lists nothing is not mistaken for an empty list."""
    client, vendor = vendor_of(what, simulated)
    async with client:
        assert not isinstance(vendor, JobList)
