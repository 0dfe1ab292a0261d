"""What every test shares."""

import os
import tempfile

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

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

#: Tests that share servers, by the beginning of their names: each such heap runs in one process.
_TOGETHER = {
    "tests/browser/": "browser",
    "tests/e2e/": "e2e",
    "tests/flows/": "flows",
    "tests/api/test_document.py": "canary",
    "tests/api/test_ssrf.py": "canary",
}
#: One PostgreSQL, one Prefect server and one S3 a worker, whichever rooms' tests it runs.
pytest_plugins = ["tests.databases", "tests.prefect_server", "tests.buckets"]


class _Heaps(LoadScopeScheduling):
    """Spreads tests over processes one by one, but for those that stay together.

    xdist's own groups are marks that it adds to a test's name, which pytest 9.2 no longer lets it do.
    """

    def _split_scope(self, nodeid: str) -> str:
        heaps = (heap for beginning, heap in _TOGETHER.items() if nodeid.startswith(beginning))
        return next(heaps, nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Keep together what shares servers, however tests are spread."""
    return _Heaps(config, log)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop Prefect and the ledger use."""
    return "asyncio"
