"""What every test shares."""

import os
import tempfile

import pytest

# Before anything imports Prefect or our settings: no test reads this machine's home, keys or telemetry.
_HOME = tempfile.mkdtemp(prefix="longvideo-tests-")
for _name in ("LISTENHUB_API_KEY", "SENSEAUDIO_API_KEY", "VIBEGEN_API_KEY", "ANTHROPIC_API_KEY", "PREFECT_API_URL"):
    os.environ.pop(_name, None)
os.environ.update(
    LONGVIDEO_MODE="simulated",
    LONGVIDEO_HOME=_HOME,
    PREFECT_HOME=_HOME,
    PREFECT_LOGGING_LEVEL="ERROR",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY="false",
    DO_NOT_TRACK="1",
)

#: Rooms whose tests share servers: each room's tests run in one process.
_SHARING = {"browser", "e2e", "flows"}
#: One PostgreSQL and one Prefect server a worker, whichever rooms' tests it runs.
pytest_plugins = ["tests.databases", "tests.prefect_server"]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a room that shares servers together."""
    for item in items:
        room = item.path.parent.name
        if room in _SHARING:
            item.add_marker(pytest.mark.xdist_group(room))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop Prefect and the ledger use."""
    return "asyncio"
