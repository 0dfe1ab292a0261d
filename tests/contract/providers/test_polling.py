"""A job is looked at at the vendor's pace, with back-off and a deadline, and never less than to its end."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from film.errors import DeadlineExceeded, ProviderError, ProviderJobUnknown, ProviderKeyRefused, ProviderUnavailable
from film.job_specs import ClipSpec
from providers.http.vendor_client import RetryLater
from providers.polling import wait_for_job
from providers.ports import JobState, JobStatus, ListedJob

from .conftest import TestClock

RUNNING = JobStatus(job_id="1", state=JobState.RUNNING)
DONE = JobStatus(job_id="1", state=JobState.SUCCEEDED, file_url="http://x/1")
FAILED = JobStatus(job_id="1", state=JobState.FAILED)
GONE = ProviderUnavailable(provider="v", detail="no answer")
UNKNOWN = ProviderJobUnknown(provider="v", detail="unknown")
UNHEARD_S = 600


def later(seconds: float) -> RetryLater:
    return RetryLater(provider="v", detail="429", retry_after_s=seconds)


class ScriptedVendor:
    """A vendor whose looks are scripted, the last one again and again."""

    vendor, model, can_list = "v", "m", True

    def __init__(self, looks: Sequence[JobStatus | ProviderError]) -> None:
        self.looks = list(looks)

    async def estimate(self, spec: ClipSpec) -> Decimal:
        """Nothing is estimated by a poll."""
        raise NotImplementedError

    async def submit(self, spec: ClipSpec, *, nonce: int) -> str:
        """Nothing is sent by a poll."""
        raise NotImplementedError

    async def get_job(self, job_id: str) -> JobStatus:
        """Answer from the script."""
        assert job_id == "1"
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, ProviderError):
            raise look
        return look

    async def find_candidates(self, spec: ClipSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        """Nothing is listed by a poll."""
        raise NotImplementedError

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Nothing is fetched by a poll."""
        raise NotImplementedError


async def poll(looks: Sequence[JobStatus | ProviderError], clock: TestClock, *, for_s: float = 1e6) -> JobStatus:
    vendor = ScriptedVendor(looks)
    now_s = clock.now()
    return await wait_for_job(
        vendor, "1", clock=clock, interval_s=10, started_s=now_s, deadline_s=for_s, unreachable_max_s=UNHEARD_S
    )


@pytest.mark.parametrize(
    ("looks", "waits_s"),
    [
        ([DONE], []),
        ([FAILED], []),
        ([RUNNING, RUNNING, DONE], [10, 10]),
        ([GONE, GONE, DONE], [20, 40]),  # back-off doubles
        ([GONE, GONE, GONE, GONE, GONE, DONE], [20, 40, 80, 80, 80]),  # to eight intervals at most
        ([GONE, RUNNING, GONE, DONE], [20, 10, 20]),  # an answer ends it
        ([later(300), DONE], [300]),  # the vendor's word, if longer
        ([later(3), DONE], [20]),
        ([UNKNOWN, UNKNOWN, RUNNING, UNKNOWN, DONE], [10, 10, 10, 10]),  # a list that lags behind the create
    ],
)
async def test_waits_follow_the_rule(looks: list[JobStatus | ProviderError], waits_s: list[float]) -> None:
    """Each wait is the rule's, give or take the tenth by which many jobs are kept from asking in step."""
    clock = TestClock()
    assert (await poll(looks, clock)).state is not JobState.RUNNING
    assert clock.waits_s == pytest.approx(waits_s, rel=0.1)


@pytest.mark.parametrize("look", [UNKNOWN, GONE, later(5)], ids=["denied", "unreachable", "put off"])
async def test_a_vendor_that_says_nothing_for_too_long_ends_it(look: ProviderError) -> None:
    """Silence is borne for `unheard_s`, and asked once more at its end."""
    clock = TestClock()
    start_s = clock.now()
    with pytest.raises(type(look)):
        await poll([RUNNING, look], clock)
    assert UNHEARD_S < clock.now() - start_s < UNHEARD_S + 30


async def test_the_deadline_ends_the_waiting_with_one_last_look() -> None:
    clock = TestClock()
    start_s = clock.now()
    with pytest.raises(DeadlineExceeded):
        await poll([RUNNING], clock, for_s=25)
    assert 25 <= clock.now() - start_s < 27


async def test_a_result_at_the_deadline_is_not_lost() -> None:
    assert await poll([RUNNING, RUNNING, RUNNING, DONE], TestClock(), for_s=25) == DONE


async def test_a_refused_key_ends_it_at_once() -> None:
    with pytest.raises(ProviderKeyRefused):
        await poll([ProviderKeyRefused(provider="v", detail="no")], TestClock())


async def test_waits_spread_by_a_tenth() -> None:
    clock = TestClock()
    await poll([*[RUNNING] * 50, DONE], clock)
    assert all(9 <= wait_s <= 11 for wait_s in clock.waits_s)
    assert len({round(wait_s, 3) for wait_s in clock.waits_s}) > 40
