"""One Prefect server a session, as our own processes start it; a test that needs its own starts it itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from service.prefect.server import own_prefect_server


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the server's database and log."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="session")
def prefect_api(prefect_home: Path) -> Iterator[str]:
    """Run the server and yield its API's URL."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(own_prefect_server(prefect_home)) as server,
    ):
        portal.call(server.healthy)
        yield server.api_url
