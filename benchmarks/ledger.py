"""Creates and posts a second, SQLite and PostgreSQL: `python -m benchmarks.ledger [SECONDS]`.

A create writes a film, its 8 segments and 8 holds in one transaction; a post makes one segment ready. SQLite runs with
`synchronous=FULL`. Clients are tasks of one process; each sends its next order when the last is answered.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.databases import both_databases
from film.clock import SystemClock
from film.credits import MilliCredits
from film.ids import AccountId, FilmId
from film.job_specs import Purpose, SoundSpec
from film.request import FilmRequest, parse_request
from ledger.audit.run import check_books
from ledger.credits.transfers import grant
from ledger.database.engine import Database, open_database
from ledger.films.orders import Payer, open_film
from ledger.leases import Lease, take_lease
from ledger.purchases import attempts
from ledger.purchases.attempt import StoredFile
from ledger.purchases.attempts import Purchase
from ledger.purchases.rate_limit import RateLimit, RetryAt

_CLIENTS = (8, 50, 200)
_ACCOUNT = AccountId("bench")
_RICH = MilliCredits(10**15)
_PAYER = Payer(account=_ACCOUNT, api_key="bench")
_NO_RATE_LIMIT = RateLimit(
    vendor="bench", model="bench", key_print="k", submits=10**6, window_ms=1, guard_ms=0, retry_delay_ms=1
)
_FILE = StoredFile(object_key="clips/x", sha256="0" * 64, size_bytes=1)


def _order() -> FilmRequest:
    return parse_request({"prompt": "A calm morning", "duration": 60, "language": "en"})


async def _load(clients: int, seconds: float, work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Return how much was done a second, and the 99th percentile of one piece in milliseconds."""
    took: list[float] = []
    ends = time.monotonic() + seconds

    async def client() -> None:
        while (began := time.monotonic()) < ends:
            await work()
            took.append(time.monotonic() - began)

    began = time.monotonic()
    await asyncio.gather(*(client() for _ in range(clients)))
    p99_ms = statistics.quantiles(took, n=100)[98] * 1000 if len(took) > 1 else 0.0
    return len(took) / (time.monotonic() - began), p99_ms


async def _segment_ready(database: Database, lease: Lease, slot: int) -> None:
    purchase = Purchase(purpose=Purpose.SEGMENT, slot=slot, job_spec=SoundSpec(text="x"), fingerprint="f")
    attempt = await attempts.create_intent(database, lease, purchase, _NO_RATE_LIMIT, nonce=slot + 1)
    assert not isinstance(attempt, RetryAt)  # noqa: S101 - no rate limit
    submitted = await attempts.attach_job(database, lease, attempt, listed=[f"{lease.film_id}-{slot}"])
    assert submitted is not None  # noqa: S101 - a fresh job id
    await attempts.mark_ready(database, lease, submitted, _FILE, charged=None, refunded=None)


async def _measure(name: str, url: str, seconds: float) -> list[str]:
    database = await open_database(url, SystemClock(), migrate=False)
    await grant(database, _ACCOUNT, _RICH, idem_key="bench")
    request, lines, opened = _order(), [], list[FilmId]()

    async def create() -> None:
        opened.append((await open_film(database, request, _PAYER, idem_key=None, simulated=True)).film_id)

    for clients in _CLIENTS:
        rate, p99_ms = await _load(clients, seconds, create)
        lines.append(f"{name}, {clients:>3} clients: {rate:6.0f} creates/s, p99 {p99_ms:5.0f} ms")
    leases = [await take_lease(database, film, owner="bench", lease_s=600) for film in opened[:400]]
    places = iter([(lease, slot) for lease in leases for slot in range(8)])

    async def post() -> None:
        lease, slot = next(places)
        await _segment_ready(database, lease, slot)

    rate, p99_ms = await _load(8, min(seconds, 3.0), post)
    lines.append(f"{name},   8 clients: {rate:6.0f} segments/s (intent, job, ready and post), p99 {p99_ms:5.0f} ms")
    await check_books(database)
    await database.close()
    return lines


async def main(seconds: float) -> int:
    """Print a line a database and number of clients; the last line is the figure."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="longvideo-bench-") as name, both_databases(Path(name)) as known:
        for database, url in known.items():
            lines += await _measure(database, url, seconds)
    print("\n".join(lines))
    print(f"figure: {lines[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)))
