"""What a command logs: a service what the settings say, any other warnings only, unless the level was set."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import LogFormat, LogLevel, Settings
from runtime.logs import JsonLines, TextLines
from service.cli.terminal import read_settings


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[logging.Logger]:
    """Return our logger, and give it back as it was."""
    monkeypatch.setenv("LONGVIDEO_HOME", str(tmp_path))
    ours = logging.getLogger("longvideo")
    before = (ours.handlers[:], ours.level, ours.propagate)
    ours.handlers[:] = []  # another test of this process may have left its own
    yield ours
    ours.handlers[:], ours.level, ours.propagate = before


@pytest.mark.parametrize(
    ("given", "serving", "level"),
    [("", True, "INFO"), ("", False, "WARNING"), ("debug", True, "DEBUG"), ("debug", False, "DEBUG")],
)
def test_who_logs_what(
    ours: logging.Logger, monkeypatch: pytest.MonkeyPatch, given: str, level: str, *, serving: bool
) -> None:
    """The progress of `make` stays whole; `up` tells what happens."""
    monkeypatch.setenv("LONGVIDEO_LOG_LEVEL", given)
    read_settings(serving=serving)
    # Those that a runner of tests adds beside it count for nothing.
    own = [handler for handler in ours.handlers if isinstance(handler.formatter, TextLines | JsonLines)]
    assert (logging.getLevelName(ours.level), len(own)) == (level, 1)


def test_the_defaults() -> None:
    """Text, from INFO on."""
    settings = Settings(_env_file=None)
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.TEXT)
