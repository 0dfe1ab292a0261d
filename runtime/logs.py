"""Logs of this program: one line an event, readable in a terminal or JSON, through stdlib logging.

Rows are the truth; a line says when, by whom and how long. Only loggers under `longvideo` are ours: no other is
touched, and another handler on it (Prefect's, say) stays. A line carries `film_id`, so that whoever forwards lines
knows whose they are. No secret is ever handed to a line, nor a customer's prompt.
"""

import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import Any, Final, TextIO

_ROOT: Final = "longvideo"
#: The longest a fact's text may be: what a vendor said is cut, what a row holds is whole.
_CHARACTERS_MAX: Final = 300
#: Names of facts as a terminal shows them.
_SHORT: Final = {"film_id": "film", "attempt_id": "attempt"}


def log_event(logger: logging.Logger, action: str, *, level: int = logging.INFO, **facts: object) -> None:
    """Write one line: `action`, then its facts; the record carries both as attributes of its own.

    Args:
        logger: One of ours, `longvideo.<room>`.
        action: What happened, a word that can be searched for.
        level: How much it matters.
        facts: What is known of it; None is left out. `latency_ms` is shown as a time.
    """
    _write(logger, level, action, facts)


def log_error(logger: logging.Logger, action: str, error: BaseException, **facts: object) -> None:
    """Write a line for an error that nobody expected, with its trace."""
    _write(logger, logging.ERROR, action, {**facts, "error": type(error).__name__}, error)


def _write(
    logger: logging.Logger, level: int, action: str, facts: Mapping[str, object], error: BaseException | None = None
) -> None:
    if not logger.isEnabledFor(level):
        return
    known = {name: _plain(value) for name, value in facts.items() if value is not None}
    extra = {"action": action, "facts": known, **_own(known)}
    logger.log(level, "%s", _line(action, known), exc_info=error, extra=extra, stacklevel=3)


def configure_logging(*, level: str, form: str, stream: TextIO | None = None) -> None:
    """Let our loggers write lines, here and from now on; a second call replaces what the first set.

    Args:
        level: The least that is written: DEBUG, INFO, WARNING or ERROR.
        form: `text` or `json`.
        stream: Where lines go; standard error if not given.
    """
    handler = _Lines(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    ours = logging.getLogger(_ROOT)
    ours.handlers[:] = [*(other for other in ours.handlers if not isinstance(other, _Lines)), handler]
    ours.setLevel(level)
    ours.propagate = False


class _Lines(logging.StreamHandler[TextIO]):
    """Our own handler, told from those that others add."""


class TextLines(logging.Formatter):
    """Time, level, logger, and the line; nothing in it can begin another line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and under it the trace of an error that nobody expected."""
        name = record.name.removeprefix(f"{_ROOT}.")
        line = f"{_at(record)} {record.levelname:<7} {name}: {_one_line(record.getMessage())}"
        if not record.exc_info:
            return line
        # An error's words may be a vendor's.
        trace = self.formatException(record.exc_info).split("\n")
        return "\n".join([line, *(_one_line(row) for row in trace)])


class JsonLines(logging.Formatter):
    """A record as one JSON object: time, level, logger, message, and every fact under its own name."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        action, facts = getattr(record, "action", None), getattr(record, "facts", None)
        if action is not None:
            line["action"] = action
        line.update(facts if isinstance(facts, Mapping) else {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return _one_line(json.dumps(line, ensure_ascii=False, default=str))


def _at(record: logging.LogRecord) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"


def _line(action: str, facts: Mapping[str, Any]) -> str:
    pairs = [f"{_SHORT.get(name, name)}={_shown(value)}" for name, value in facts.items() if name != "latency_ms"]
    took = [f"{facts['latency_ms']} ms"] if "latency_ms" in facts else []
    return " ".join([action, *pairs, *took])


def _plain(value: object) -> object:
    """Return a fact as JSON takes it, of bounded length."""
    return value if isinstance(value, bool | int | float) else str(value)[:_CHARACTERS_MAX]


def _shown(value: object) -> str:
    text = str(value)
    return (
        text
        if text and text.isprintable() and not {" ", '"'} & {*text}
        else _one_line(json.dumps(text, ensure_ascii=False))
    )


def _one_line(text: str) -> str:
    """Return a text with its line breaks and control signs written out."""
    return (
        text if text.isprintable() else "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)
    )


def _own(facts: Mapping[str, object]) -> Mapping[str, object]:
    """Return the facts that may be attributes of a record: logging keeps some names for itself."""
    return {name: value for name, value in facts.items() if name not in _TAKEN}


_TAKEN: Final = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "action", "facts"})
