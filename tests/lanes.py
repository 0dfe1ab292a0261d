"""The quick lane, `-m "not processes and not long"`: what needs no process beside the tests' own.

Whether a test starts one is told by its fixtures and its room. A test that starts one by itself says so with the mark;
in the quick lane a process that is started all the same is an error.
"""

import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

_ROOT: Final = Path(__file__).parents[1]
#: Rooms whose every test starts a process: ffmpeg, the command, a browser, Prefect.
_ROOMS: Final = ("tests/browser/", "tests/e2e/", "tests/flows/", "tests/media/")
#: Fixtures that start a process, or a server as heavy as one: the simulators and S3 run in a thread in some rooms.
_FIXTURES: Final = frozenset(
    {"postgres", "prefect_api", "s3", "servers", "simulators", "spawn", "start", "vendors", "world"}
)
#: What a test may start in the quick lane: it reads the tree, or draws a small clip, and ends.
_HARMLESS: Final = ("git", "ffmpeg")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Don't even import the rooms that the quick lane has nothing of."""
    if not _quick(config):
        return None
    return (
        collection_path.is_relative_to(_ROOT) and f"{collection_path.relative_to(_ROOT)}/".startswith(_ROOMS)
    ) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a process."""
    for item in items:
        assert isinstance(item, pytest.Function)
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if item.nodeid.startswith(_ROOMS) or _FIXTURES & {*item.fixturenames} or "postgresql" in values:
            item.add_marker(pytest.mark.processes)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Watch over the quick lane, in the processes that run its tests."""
    if _quick(session.config):
        sys.addaudithook(_no_process)


def _quick(config: pytest.Config) -> bool:
    return "not processes" in config.option.markexpr


def _no_process(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        program, argv = arguments[0], arguments[1]
        if not Path(str(program or argv[0])).name.startswith(_HARMLESS):
            raise RuntimeError(f"no test of the quick lane starts a process: {argv}; mark it `processes`")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say at the very end what was skipped and how to get it."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped: {count} {'test' if count == 1 else 'tests'}: {reason}", yellow=True)
