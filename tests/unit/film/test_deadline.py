"""A film's deadline leaves room for all that its vendor's documents allow, and for the films in front of it."""

from dataclasses import replace

import pytest

from film.deadline import VendorPace, generating_deadline_s

HAPPYHORSE = VendorPace(submits=5, window_s=60, jobs_at_once=None, job_s=40, job_deadline_s=1800)
SEEDANCE = VendorPace(submits=2, window_s=60, jobs_at_once=None, job_s=60, job_deadline_s=1800)
SENSEAUDIO = VendorPace(submits=60, window_s=60, jobs_at_once=1, job_s=100, job_deadline_s=1800)


@pytest.mark.parametrize(
    ("pace", "segments", "chained", "waiting", "needs_s"),
    [
        (HAPPYHORSE, 4, False, 0, 40),
        (SEEDANCE, 23, False, 0, 11 * 60 + 60),  # 180 s on 2 submits a minute: 11 minutes for submitting alone
        (SEEDANCE, 23, False, 9, 10 * 11 * 60),  # ten such films take turns
        (SENSEAUDIO, 23, False, 0, 23 * 100),  # one after the other
        (SENSEAUDIO, 8, False, 3, 4 * 8 * 100),
        (HAPPYHORSE, 23, True, 0, 23 * 40),  # each cut waits for the clip before
    ],
)
def test_there_is_time_for_what_the_vendor_allows(
    pace: VendorPace, segments: int, chained: bool, waiting: int, needs_s: float
) -> None:
    deadline_s = generating_deadline_s(pace, segments=segments, attempts=2, chained=chained, films_waiting=waiting)
    assert deadline_s >= needs_s + 2 * pace.job_deadline_s
    assert deadline_s <= 3 * needs_s + 2 * pace.job_deadline_s + 600


@pytest.mark.parametrize(
    ("pace", "segments", "chained", "waiting", "deadline_s"),
    [
        (HAPPYHORSE, 4, False, 0, 2 * 60 + 3 * 40 + 2 * 1800),  # 8 tries at 5 a minute, all jobs side by side
        (HAPPYHORSE, 4, True, 0, 2 * 60 + 4 * 3 * 40 + 2 * 1800),
        (HAPPYHORSE, 4, False, 1, 4 * 60 + 3 * 40 + 2 * 1800),  # one more film takes its turn
        (SENSEAUDIO, 4, False, 1, 60 + 8 * 3 * 100 + 2 * 1800),
        (replace(SENSEAUDIO, jobs_at_once=3), 4, False, 0, 60 + 2 * 3 * 100 + 2 * 1800),  # three and then one
        (replace(SENSEAUDIO, jobs_at_once=3), 4, True, 0, 60 + 4 * 3 * 100 + 2 * 1800),
    ],
)
def test_the_deadline_is_turns_patience_and_jobs(
    pace: VendorPace, segments: int, chained: bool, waiting: int, deadline_s: float
) -> None:
    """Turns at the rate limit, three times the usual time for what runs in a row, each try's own deadline."""
    found = generating_deadline_s(pace, segments=segments, attempts=2, chained=chained, films_waiting=waiting)
    assert found == deadline_s
