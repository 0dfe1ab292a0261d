"""How long a film may take before it can't end any more, from what its vendor allows and from who else waits there."""

from dataclasses import dataclass
from math import ceil
from typing import Final

#: A vendor's usual time for a job is an average: so many times as long is still no fault.
_PATIENCE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorPace:
    """What a vendor's model does for one key; seconds are real ones."""

    submits: int
    window_s: float
    jobs_at_once: int | None
    #: How long a job usually takes, and how long one may take at most.
    job_s: float
    job_deadline_s: float


def generating_deadline_s(
    pace: VendorPace, *, segments: int, attempts: int, chained: bool, films_waiting: int
) -> float:
    """Return the longest that buying a film's segments can take, in seconds.

    Args:
        pace: Who renders them.
        segments: How many.
        attempts: Paid tries a segment.
        chained: Whether each waits for the one before.
        films_waiting: Other films in the same queue; the rate limit serves all in turn.
    """
    shares = 1 + films_waiting
    queue_s = ceil(segments * attempts * shares / pace.submits) * pace.window_s
    in_a_row = segments if chained else 1
    if pace.jobs_at_once is not None:
        in_a_row = max(in_a_row, ceil(segments * shares / pace.jobs_at_once))
    return queue_s + in_a_row * _PATIENCE * pace.job_s + attempts * pace.job_deadline_s
