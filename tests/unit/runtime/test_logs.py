"""One event is one line, for people and for programs; only our own loggers are set."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from runtime.logs import configure_logging, log_event

LOG = logging.getLogger("longvideo.money")


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Give our logger back as it was."""
    ours = logging.getLogger("longvideo")
    before = (ours.handlers[:], ours.level, ours.propagate)
    yield
    ours.handlers[:], ours.level, ours.propagate = before


def lines(form: str, *, level: str = "INFO") -> io.StringIO:
    """Return where our lines go from now on."""
    stream = io.StringIO()
    configure_logging(level=level, form=form, stream=stream)
    return stream


def test_a_line_for_people() -> None:
    """Time, level, room, action, facts by their short names, what it took at the end; what isn't known is left out."""
    told = lines("text")
    log_event(
        LOG, "submit_accepted", film_id="vid_1", attempt_id="att_1", model=None, latency_ms=312, outcome="HTTP 200"
    )
    at, rest = told.getvalue().split(" ", 1)
    assert at.endswith("Z")
    assert rest == 'INFO    money: submit_accepted film=vid_1 attempt=att_1 outcome="HTTP 200" 312 ms\n'


def test_a_line_for_programs() -> None:
    """The same as one JSON object, every fact under its whole name and of its own kind."""
    told = lines("json")
    log_event(LOG, "film_settled", level=logging.WARNING, film_id="vid_1", credits=1.5, done=True, name="x")
    line = json.loads(told.getvalue())
    assert line.pop("at")
    assert line == {
        "level": "warning",
        "logger": "longvideo.money",
        "message": "film_settled film=vid_1 credits=1.5 done=True name=x",
        "action": "film_settled",
        "film_id": "vid_1",
        "credits": 1.5,
        "done": True,
        "name": "x",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_begins_a_line_of_its_own(form: str) -> None:
    """What a vendor or a customer says can't forge a line, nor fill a disk."""
    told = lines(form)
    log_event(LOG, "job_failed", reason="no\n2026-01-01 INFO money: film_settled\r\u2028\x1b[2J")
    LOG.warning("plain %s", "a\nb")
    log_event(LOG, "job_failed", reason="x" * 10_000)
    assert len(told.getvalue().splitlines()) == 3
    assert all(sign not in told.getvalue() for sign in "\r\u2028\x1b")
    assert max(map(len, told.getvalue().splitlines())) < 1000


def test_a_record_carries_its_facts() -> None:
    """A handler of somebody else's finds the action and the film without reading the text."""
    records: list[logging.LogRecord] = []
    forwards = logging.Handler()
    forwards.emit = records.append  # type: ignore[method-assign]
    logging.getLogger("longvideo").addHandler(forwards)
    told = lines("text")
    log_event(LOG, "job_ready", film_id="vid_1", segment=3)
    (record,) = records
    assert (record.action, record.film_id, record.segment) == ("job_ready", "vid_1", 3)  # type: ignore[attr-defined]
    assert record.funcName == "test_a_record_carries_its_facts"
    assert told.getvalue()


def test_the_level_decides_and_setting_it_again_doubles_nothing() -> None:
    """Below the level nothing is written; a second call replaces the first."""
    lines("text", level="WARNING")
    told = lines("text", level="WARNING")
    log_event(LOG, "submit_sending")
    log_event(LOG, "submit_ambiguous", level=logging.WARNING)
    assert [line.split(" ", 1)[1].strip() for line in told.getvalue().splitlines()] == [
        "WARNING money: submit_ambiguous"
    ]


def test_nobody_elses_logger_is_touched() -> None:
    """The root logger and the libraries' are as they were."""
    before = [(logger.handlers[:], logger.level) for logger in (logging.getLogger(), logging.getLogger("httpx"))]
    lines("json", level="DEBUG")
    assert [
        (logger.handlers[:], logger.level) for logger in (logging.getLogger(), logging.getLogger("httpx"))
    ] == before
