"""The polling rule: ask at the vendor's pace, back off when it can't be asked, stop at the deadline.

A poll is a free read; it never takes a permit of the rate limit.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

from film.clock import Clock
from film.errors import DeadlineExceeded, ProviderJobUnknown, ProviderRateLimited, ProviderUnavailable
from providers.http.vendor_client import RetryLater
from providers.ports import JobState, JobStatus, JobVendor

#: Each wait is stretched or shortened by up to this share, so that many jobs don't ask in step.
_JITTER: Final = 0.1
#: The longest back-off, as a multiple of the interval.
_BACK_OFF_MAX: Final = 8


async def wait_for_job(
    vendor: JobVendor[Any],
    job_id: str,
    *,
    clock: Clock,
    interval_s: float,
    started_s: float,
    deadline_s: float,
    unreachable_max_s: float,
    pause: Callable[[float], Awaitable[None]] | None = None,
) -> JobStatus:
    """Look at a job until it has ended.

    Args:
        vendor: Whose job it is.
        job_id: The vendor's id of it.
        clock: Measures the waiting and does it.
        interval_s: Seconds between two looks.
        started_s: When it was ordered, in unix seconds of `clock`, whichever process asked.
        deadline_s: The longest it may take from then; one last look is taken at the end.
        unreachable_max_s: How long in a row the vendor may be unreachable, or deny the job.
        pause: How to wait between looks, at most so many seconds; the clock's sleep by default.

    Returns:
        The report of its end.

    Raises:
        DeadlineExceeded: It was still running at the deadline.
        ProviderUnavailable, ProviderRateLimited: The vendor could not be asked for `unreachable_max_s`.
        ProviderJobUnknown: It denied the job for as long (a list may lag behind the create).
        ProviderError: What the vendor's `report` finds final (the key is refused).
    """
    spread, unanswered, heard_s = random.Random(job_id), 0, clock.now()
    while True:
        asked_to_wait_s, began_s = 0.0, clock.now()
        try:
            job = await vendor.get_job(job_id)
        except (ProviderUnavailable, ProviderRateLimited, ProviderJobUnknown) as error:
            if clock.now() - heard_s > unreachable_max_s:
                raise
            denied = isinstance(error, ProviderJobUnknown)
            unanswered = 0 if denied else unanswered + 1
            asked_to_wait_s = _asked_to_wait_s(error)
            left_s = heard_s + unreachable_max_s - clock.now()
        else:
            unanswered, heard_s = 0, clock.now()
            if job.state is not JobState.RUNNING:
                return job
            if began_s >= started_s + deadline_s:
                raise DeadlineExceeded(what=f"a job at {vendor.vendor}", deadline_s=deadline_s)
            left_s = started_s + deadline_s - clock.now()
        wait_s = interval_s * min(2**unanswered, _BACK_OFF_MAX) * spread.uniform(1 - _JITTER, 1 + _JITTER)
        # Never 0: a last look at the very deadline must not become a loop.
        await (pause or clock.sleep)(max(interval_s / 10, min(max(wait_s, asked_to_wait_s), left_s)))


def _asked_to_wait_s(error: ProviderUnavailable | ProviderRateLimited | ProviderJobUnknown) -> float:
    if isinstance(error, RetryLater | ProviderRateLimited):
        return error.retry_after_s or 0.0
    return 0.0
