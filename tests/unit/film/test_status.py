"""The state machine's table and the errors' tree."""

import inspect
import pickle
from itertools import pairwise

import pytest

from film import errors
from film.errors import ClipRejected, FilmFailed, InvalidRequest, LongVideoError, ProviderRateLimited
from film.status import TERMINAL, TRANSITIONS, Status, progress_of

WALK = list(Status)[: list(Status).index(Status.COMPLETED) + 1]


def test_every_film_walks_the_documented_order() -> None:
    """From queued each status leads to the next, or to an end."""
    for here, there in pairwise(WALK):
        assert TRANSITIONS[here] == {there, Status.FAILED, Status.CANCELED}


def test_ends_lead_only_back_to_composing() -> None:
    """Terminal is final, compose excepted."""
    for end in TERMINAL:
        assert TRANSITIONS[end] == {Status.COMPOSING}


def test_progress_never_falls_on_the_walk() -> None:
    """Through every status and every finished shot the number only grows, to 100."""
    shown = [
        progress_of(status, shots_done=done, shots_total=8)
        for status in WALK
        for done in (range(9) if status is Status.GENERATING else [8 if WALK.index(status) > 4 else 0])
    ]
    assert shown == sorted(shown)
    assert shown[0] == 0
    assert shown[-1] == 100


@pytest.mark.parametrize(
    ("status", "done", "total", "progress"),
    [
        (Status.GENERATING, 0, 8, 5),
        (Status.GENERATING, 3, 8, 33),  # a whole number, rounded down
        (Status.GENERATING, 8, 8, 80),
        (Status.GENERATING, 1, 1, 80),
        (Status.GENERATING, 0, 0, 5),
        (Status.AUDIO, 8, 8, 90),
        (Status.COMPOSING, 8, 8, 95),
        (Status.ANCHORING, 4, 8, 4),  # a retry's finished shots count when it comes to the others
        (Status.FAILED, 0, 8, 0),
        (Status.FAILED, 4, 8, 42),
        (Status.CANCELED, 8, 8, 80),
    ],
)
def test_progress_of_the_table(status: Status, done: int, total: int, progress: int) -> None:
    """The figures the API documents; an end tells how far the shots came."""
    assert progress_of(status, shots_done=done, shots_total=total) == progress


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest(field="duration", reason="too long"),
        ProviderRateLimited(provider="listenhub", detail="slow down", http_status=429, retry_after_s=12.0),
        ClipRejected(check="length", expected="72 frames", found="71"),
        FilmFailed(film_id="vid_1", code="segment_failed", message="no", stage="generating", segment=3),
    ],
)
def test_errors_survive_pickling(error: LongVideoError) -> None:
    """Facts and sentence stay the same when an error crosses a process."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_every_error_stands_in_the_drawn_tree() -> None:
    """The tree at the head of the module names each class that may be raised."""
    tree = inspect.getdoc(errors) or ""
    abstract = {"LongVideoError", "FilmRequestError"}
    named = [
        name
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, LongVideoError) and name not in abstract
    ]
    assert [name for name in named if name not in tree] == []
