"""The polling rule: ask at the vendor's pace, back off when it can't be asked, stop at the deadline.

A poll is a free read; it never takes a slot of the submit gate.
"""

import random
from typing import Any, Final

from film.clock import Clock
from film.errors import ProviderJobFailed, ProviderJobUnknown, ProviderRateLimited, ProviderUnavailable
from providers.ports import JobReport, JobState, JobVendor
from providers.wire import AskLater

#: Each wait is stretched or shortened by up to this share, so that many jobs don't ask in step.
_JITTER: Final = 0.1
#: The longest back-off, as a multiple of the interval.
_BACK_OFF_MAX: Final = 8
#: Answers "unknown job" in a row that are taken for a list that lags behind the create.
UNKNOWN_ANSWERS_MAX: Final = 5


async def wait_for(
    vendor: JobVendor[Any],
    job_id: str,
    *,
    clock: Clock,
    interval_s: float,
    deadline_s: float,
    jitter: random.Random | None = None,
) -> JobReport:
    """Look at a job until it has ended.

    Args:
        vendor: Whose job it is.
        job_id: The vendor's id of it.
        clock: Measures the waiting and does it.
        interval_s: Seconds between two looks.
        deadline_s: Until when, in unix seconds of `clock`; one last look is taken then.
        jitter: The source of the spread; a seeded one makes a run repeatable.

    Returns:
        The report of its end.

    Raises:
        ProviderJobFailed: It was still running at the deadline (`may_retry`), as far as could be seen.
        ProviderJobUnknown: The vendor denies the job again and again.
        ProviderError: What the vendor's `report` finds final (the key is refused).
    """
    spread, unanswered, unknown = jitter or random.Random(), 0, 0
    while True:
        last_look = clock.now() >= deadline_s
        asked_to_wait_s = 0.0
        try:
            report = await vendor.report(job_id)
        except (ProviderUnavailable, ProviderRateLimited) as error:
            unanswered += 1
            asked_to_wait_s = _asked_to_wait_s(error)
        except ProviderJobUnknown:
            unanswered, unknown = 0, unknown + 1
            if unknown >= UNKNOWN_ANSWERS_MAX:
                raise
        else:
            unanswered = unknown = 0
            if report.state is not JobState.RUNNING:
                return report
        if last_look:
            late = f"job {job_id} had no result by its deadline"
            raise ProviderJobFailed(provider=vendor.vendor, detail=late, wire_code="deadline")
        wait_s = interval_s * min(2**unanswered, _BACK_OFF_MAX) * spread.uniform(1 - _JITTER, 1 + _JITTER)
        await clock.sleep(max(0.0, min(max(wait_s, asked_to_wait_s), deadline_s - clock.now())))


def _asked_to_wait_s(error: ProviderUnavailable | ProviderRateLimited) -> float:
    if isinstance(error, AskLater | ProviderRateLimited):
        return error.retry_after_s or 0.0
    return 0.0
