"""A job is looked at at the vendor's pace, with back-off and a deadline, and never less than to its end."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from film.errors import ProviderError, ProviderJobFailed, ProviderJobUnknown, ProviderKeyRefused, ProviderUnavailable
from film.orders import ClipOrder
from providers.polling import UNKNOWN_ANSWERS_MAX, wait_for
from providers.ports import JobReport, JobState, ListedJob
from providers.wire import AskLater

from .conftest import TestClock

RUNNING = JobReport(job_id="1", state=JobState.RUNNING)
DONE = JobReport(job_id="1", state=JobState.SUCCEEDED, file_url="http://x/1")
FAILED = JobReport(job_id="1", state=JobState.FAILED)
GONE = ProviderUnavailable(provider="v", detail="no answer")
UNKNOWN = ProviderJobUnknown(provider="v", detail="unknown")


def later(seconds: float) -> AskLater:
    return AskLater(provider="v", detail="429", retry_after_s=seconds)


class ScriptedVendor:
    """A vendor whose looks are scripted, the last one again and again."""

    vendor, model, lists = "v", "m", True

    def __init__(self, looks: Sequence[JobReport | ProviderError]) -> None:
        self.looks = list(looks)

    async def submit(self, order: ClipOrder, *, nonce: int) -> str:
        """Nothing is sent by a poll."""
        raise NotImplementedError

    async def report(self, job_id: str) -> JobReport:
        """Answer from the script."""
        assert job_id == "1"
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, ProviderError):
            raise look
        return look

    async def candidates(self, order: ClipOrder, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        """Nothing is listed by a poll."""
        raise NotImplementedError

    async def fetch(self, report: JobReport, into: Path) -> None:
        """Nothing is fetched by a poll."""
        raise NotImplementedError


class Even(random.Random):
    """A source without spread."""

    def uniform(self, a: float, b: float) -> float:
        """Return the middle."""
        return (a + b) / 2


async def poll(looks: Sequence[JobReport | ProviderError], clock: TestClock, *, for_s: float = 1e6) -> JobReport:
    vendor = ScriptedVendor(looks)
    return await wait_for(vendor, "1", clock=clock, interval_s=10, deadline_s=clock.now() + for_s, jitter=Even())


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
async def test_waits_follow_the_rule(looks: list[JobReport | ProviderError], waits_s: list[float]) -> None:
    clock = TestClock()
    assert (await poll(looks, clock)).state is not JobState.RUNNING
    assert clock.waits_s == waits_s


async def test_a_job_that_is_denied_again_and_again_is_unknown() -> None:
    clock = TestClock()
    with pytest.raises(ProviderJobUnknown):
        await poll([UNKNOWN], clock)
    assert len(clock.waits_s) == UNKNOWN_ANSWERS_MAX - 1


@pytest.mark.parametrize("looks", [[RUNNING], [GONE], [later(1e9)]], ids=["running", "gone", "put off"])
async def test_the_deadline_ends_the_waiting_with_one_last_look(looks: list[JobReport | ProviderError]) -> None:
    clock = TestClock()
    start_s = clock.now()
    with pytest.raises(ProviderJobFailed) as failed:
        await poll(looks, clock, for_s=25)
    assert failed.value.may_retry
    assert clock.now() == start_s + 25


async def test_a_result_at_the_deadline_is_not_lost() -> None:
    assert await poll([RUNNING, RUNNING, RUNNING, DONE], TestClock(), for_s=25) == DONE


async def test_a_refused_key_ends_it_at_once() -> None:
    with pytest.raises(ProviderKeyRefused):
        await poll([ProviderKeyRefused(provider="v", detail="no")], TestClock())


async def test_waits_spread_by_a_tenth() -> None:
    clock = TestClock()
    vendor = ScriptedVendor([*[RUNNING] * 50, DONE])
    await wait_for(vendor, "1", clock=clock, interval_s=10, deadline_s=clock.now() + 1e6, jitter=random.Random(1))
    assert all(9 <= wait_s <= 11 for wait_s in clock.waits_s)
    assert len(set(clock.waits_s)) > 40
