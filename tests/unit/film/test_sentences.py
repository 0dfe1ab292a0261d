"""What a customer reads of an error holds no path, no name of a class, and nothing that a vendor or a program said."""

import inspect
import re
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

import pytest

from film import errors as e
from film.request import parse_request
from film.sentences import INTERNAL, field_reason, told_customer
from film.status import Status
from tasks.run.faults import as_stage_failure, film_error

DETAIL = "ConnectError: [Errno 2] None <class 'OSError'> at /home/op/longvideo/tasks/render.py line 5"
#: A value for each fact of an error, as bad as it gets.
FACTS: dict[str, Any] = {
    "provider": "listenhub",
    "http_status": 500,
    "retry_after_s": 3.0,
    "deadline_s": 60.0,
    "missing": (1,),
    "cap": Decimal(1),
    "spent": Decimal(1),
    "wanted": Decimal(1),
    "factor": 2.0,
    "limit": 1.5,
    "length_s": 4.0,
    "room_s": 2.0,
    "code": 1,
    "needed_bytes": 2**30,
    "free_bytes": 2**20,
    "characters": "\N{ROCKET}",
    "may_retry": False,
    "http": 1,
    "epoch": 1,
    "port": 1,
    "check": "boxes",
    "film_id": "vid_000000000000000000000000",
    # Words that are meant for the customer.
    "explanation": "I can't write about that",
    "reason": "it shows a real person",
    "categories": ("real_persons",),
    "field": "music",
}
CLASSES = [
    kind
    for kind in vars(e).values()
    if (
        inspect.isclass(kind)
        and issubclass(kind, e.LongVideoError)
        and not issubclass(kind, e.RequestError | e.FilmEnded | e.LedgerError)
    )
    or kind is e.SegmentsNotReady
]
NEVER = re.compile(r"/|\.py|Error\b|<class|\bNone\b|Errno|\[HTTP|stderr|LONGVIDEO_|ffmpeg|`|0x")


def an(kind: type[e.LongVideoError]) -> e.LongVideoError:
    """Return an error with every fact filled in."""
    names = [fact.name for fact in fields(kind)] if is_dataclass(kind) else []
    facts = {name: FACTS.get(name, DETAIL) for name in names}
    if kind in {e.StoreUnavailable, e.PrefectUnavailable, e.AddressUnavailable, e.OutputNotWritable}:
        facts["reason"] = DETAIL
    return kind(**facts)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_film_s_fault_is_told_in_words_of_ours(kind: type[e.LongVideoError]) -> None:
    """At every stage, by the film's fault and by the stage's; never empty, never more than a sentence or two."""
    for stage in Status:
        if stage.terminal:
            continue
        message = film_error(an(kind), stage).message
        assert message.strip()
        assert not NEVER.search(message), message
        assert len(message) < 250
        with pytest.raises(e.LongVideoError) as raised, as_stage_failure(stage):
            raise an(kind)
        assert not NEVER.search(str(raised.value))


def test_what_nobody_thought_of_says_nothing() -> None:
    """A bug's own words are the log's."""
    assert told_customer(RuntimeError(DETAIL)) == INTERNAL
    assert film_error(OSError(DETAIL), Status.COMPOSING).message == INTERNAL


@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", [], [1], {}, {"a": 1}, {"url": 5}, {"voice_id": []}])
@pytest.mark.parametrize(
    "field",
    ["prompt", "duration", "provider", "narration", "music", "reference_images", "seed", "metadata", "approve", "x"],
)
def test_a_wrong_value_is_told_in_json_s_words(field: str, value: object) -> None:
    """No name of a class of ours, no tuple and no dictionary."""
    said = ""
    try:
        parse_request({"prompt": "A sea", "duration": 9, "language": "en", field: value})
    except e.InvalidRequest as error:
        said = str(error)
    assert not re.search(r"Wish|instance|tuple|dictionary|Input|NoneType|^: |Request\b", said), said


def test_the_words_of_the_library() -> None:
    """As it writes them."""
    said = "Input should be a valid dictionary or instance of VoiceWish"
    assert field_reason(said) == "should be a JSON object"
    assert field_reason("Input should be a valid tuple") == "should be a JSON array"
