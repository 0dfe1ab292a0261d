"""What every test shares."""

import os
import sys
import tempfile

import pytest

# Before anything imports Prefect or our settings: no test reads this machine's home, keys or telemetry.
_HOME = tempfile.mkdtemp(prefix="longvideo-tests-")
for _name in ("LISTENHUB_API_KEY", "SENSEAUDIO_API_KEY", "VIBEGEN_API_KEY", "ANTHROPIC_API_KEY", "PREFECT_API_URL"):
    os.environ.pop(_name, None)
# Hundreds of processes are started: each would compile the whole tree anew where a shell says to keep no bytecode.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.update(
    LONGVIDEO_MODE="simulated",
    LONGVIDEO_HOME=_HOME,
    PREFECT_HOME=_HOME,
    PREFECT_LOGGING_LEVEL="ERROR",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY="false",
    DO_NOT_TRACK="1",
)

#: How tests are spread and chosen; one PostgreSQL, one Prefect server and one S3 a worker for every room's tests.
pytest_plugins = ["tests.heaps", "tests.lanes", "tests.databases", "tests.prefect_server", "tests.buckets"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop Prefect and the ledger use."""
    return "asyncio"
