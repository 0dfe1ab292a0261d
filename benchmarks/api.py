"""Orders and reads a second over HTTP, SQLite and PostgreSQL: `python -m benchmarks.api [SECONDS]`.

One `longvideo api` process serves; one process of plain sockets asks, on the same machine. Each client sends its next
request when the last is answered. An order is a film of 30 s (four segments, four holds) under a fresh Idempotency-Key;
a read is the detail of a film.
"""

import asyncio
import json
import os
import secrets
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.databases import both_databases
from film.clock import SystemClock
from film.credits import MilliCredits
from film.ids import AccountId
from ledger.credits.accounts import create_account, grant_once
from ledger.database.engine import open_database
from ledger.operations.api_keys import create_key

_CLIENTS: Final = (8, 50, 200)
_PORT: Final = 8479
ORIGIN: Final = f"http://127.0.0.1:{_PORT}"
_SECRET: Final = "a secret of the benchmark"  # noqa: S105 - it guards nothing
_RICH: Final = MilliCredits(10**15)
_ORDER: Final = json.dumps({"prompt": "A calm morning by the sea", "duration": 30, "language": "en"}).encode()


@dataclass(slots=True, kw_only=True)
class Load:
    """What one run of clients came to."""

    took_s: list[float] = field(default_factory=list)
    errors: int = 0
    films: list[str] = field(default_factory=list)


class Client:
    """One kept-alive connection, without a library's cost."""

    def __init__(self, key: str) -> None:
        self._head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def order(self) -> tuple[int, bytes]:
        """Order a film."""
        more = f"Content-Type: application/json\r\nIdempotency-Key: {secrets.token_hex(16)}\r\n"
        return await self._ask(f"POST /v1/videos HTTP/1.1\r\n{self._head}{more}", _ORDER)

    async def read(self, film_id: str) -> tuple[int, bytes]:
        """Read a film."""
        return await self._ask(f"GET /v1/videos/{film_id} HTTP/1.1\r\n{self._head}", b"")

    async def _ask(self, head: str, body: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", _PORT)
        reader, writer = self._streams
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(answer.split(b" ", 2)[1]), await reader.readexactly(length)

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


async def _load(clients: int, seconds: float, key: str, films: list[str]) -> Load:
    """Let clients read the films, or order new ones if there are none."""
    load, ends = Load(), time.monotonic() + seconds
    expected = 200 if films else 202

    async def work(number: int) -> None:
        client, turn = Client(key), number
        while (began := time.monotonic()) < ends:
            turn += 1
            status, body = await (client.read(films[turn % len(films)]) if films else client.order())
            load.took_s.append(time.monotonic() - began)
            if status != expected:
                load.errors += 1
            elif not films:
                load.films.append(json.loads(body)["task_id"])
        client.close()

    await asyncio.gather(*(work(number) for number in range(clients)))
    return load


def _rss_mb(process_id: int) -> float:
    """Return a process's resident memory in MB."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _line(name: str, what: str, clients: int, load: Load, seconds: float, rss_mb: float) -> str:
    p99_ms = statistics.quantiles(load.took_s, n=100)[98] * 1000
    rate = len(load.took_s) / seconds
    told = f"{rate:6.0f} {what}/s, p99 {p99_ms:5.0f} ms, {load.errors} errors, {rss_mb:.0f} MB"
    return f"{name:>10}, {clients:>3} clients: {told}"


async def bench_key(url: str) -> str:
    """Return an API key of a rich account in the ledger at `url`."""
    database = await open_database(url, SystemClock(), migrate=False)
    account = await create_account(database, "bench")
    await grant_once(database, AccountId(account), _RICH, reason="bench")
    fresh = await create_key(database, account, pepper=_SECRET.encode())
    await database.close()
    return fresh.secret


async def _measure(name: str, url: str, seconds: float, folder: Path) -> list[str]:
    key = await bench_key(url)
    lines: list[str] = []
    async with served(url, folder) as server:
        films = (await _load(1, 1.0, key, [])).films  # the first orders load what is loaded once
        for what, known in (("creates", []), ("reads", films)):
            for clients in _CLIENTS:
                began = time.monotonic()
                load = await _load(clients, seconds, key, known)
                rss_mb = _rss_mb(server)
                lines.append(_line(name, what, clients, load, time.monotonic() - began, rss_mb))
    return lines


@asynccontextmanager
async def served(url: str, folder: Path) -> AsyncIterator[int]:
    """Run `longvideo api` over the ledger at `url`, logging into `folder`, and lend its process id."""
    environment = {
        **os.environ,
        "LONGVIDEO_HOME": str(folder),
        "LONGVIDEO_MODE": "simulated",
        "LONGVIDEO_DATABASE_URL": url,
        "LONGVIDEO_SECRET": _SECRET,
        "LONGVIDEO_ACCOUNT_FILMS_AT_ONCE": "0",
        "LONGVIDEO_ORDERS_A_MINUTE": "0",
    }
    argv = [sys.executable, "-c", "from service.cli.main import main; main()", "api", "--port", str(_PORT)]
    with (folder / "api.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*argv, env=environment, stderr=log)
    try:
        await _until_up()
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _until_up() -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", _PORT)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def main(seconds: float) -> int:
    """Print a line a database, kind and number of clients; the last line is the figure."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="longvideo-bench-") as name, both_databases(Path(name)) as known:
        for database, url in known.items():
            lines += await _measure(database, url, seconds, Path(name))
    print("\n".join(lines))
    print(f"figure: {lines[0].strip()}")
    return 0 if all(" 0 errors" in line for line in lines) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)))
