"""How long an audit takes: `python -m benchmarks.audit`; the last line holds the figure.

A SQLite ledger of completed films is written in bulk, as the operations would have left it; the audit must find no
fault in it, and the median of the rounds counts. Then one entry is changed, and the audit must name it.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from sqlalchemy import insert, text

from benchmarks.audit_material import Bookkeeper
from film.clock import SystemClock
from film.request import parse_request
from ledger.audit.purchases import SubmitLimit
from ledger.audit.run import Audit, audit_rows
from ledger.database import schema
from ledger.database.engine import Database, open_database, sqlite_url

_LIMITS: Final = (SubmitLimit(vendor="listenhub", model="happyhorse", submits=5, window_ms=60_000, simulated=True),)
_BULK: Final = 500
_WISH: Final = {"prompt": "A calm morning", "duration": 48, "language": "en", "webhook_url": "https://example.com/"}


async def _write(database: Database, entries: int) -> int:
    """Write films of at least so many entries in all; return the entries' number."""
    keeper, number = Bookkeeper(parse_request(_WISH)), 0
    async with database.transaction() as conn:
        await conn.execute(insert(schema.account).values(id="bench", created_at_ms=0))
        while keeper.entries < entries:
            number += 1
            keeper.add_film(number)
            if number % _BULK == 0:
                await keeper.flush(conn)
        await keeper.flush(conn)
        await keeper.close(conn)
    return keeper.entries


async def _audited(database: Database) -> tuple[Audit, float]:
    began = time.perf_counter()
    audit = await audit_rows(database, _LIMITS)
    return audit, time.perf_counter() - began


async def measure(folder: Path, *, entries: int, rounds: int) -> bool:
    """Print the figure; return whether the audit judged both ledgers rightly."""
    database = await open_database(sqlite_url(folder / "ledger.db"), SystemClock(), migrate=True)
    written = await _write(database, entries)
    took_s = []
    for number in range(1, rounds + 1):
        audit, seconds = await _audited(database)
        took_s.append(seconds)
        print(f"round {number}: films {audit.films}, transfers {audit.transfers}: {len(audit.findings)} faults")
    async with database.transaction() as conn:
        await conn.execute(text("DROP TRIGGER entry_no_update"))
        await conn.execute(text("UPDATE entry SET balance_after_mc = balance_after_mc + 1 WHERE id = 12345"))
    harmed, _ = await _audited(database)
    await database.close()
    for finding in harmed.findings:
        print(finding.line())
    print(f"audit of {written} entries, {audit.films} films: {statistics.median(took_s):.2f} s")
    return not audit.findings and any(finding.where == "entry 12345" for finding in harmed.findings)


def main() -> int:
    """Measure as the arguments say; 0 when measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000, help="how large the ledger is at least")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        right = asyncio.run(measure(Path(folder), entries=arguments.entries, rounds=arguments.rounds))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
