"""What must hold: after every committed transaction, and at a history's end against the vendors' own records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select, text

from film.errors import InvariantBroken
from film.ids import FilmId
from ledger.audit.run import check_books, check_film
from ledger.database import schema
from ledger.database.engine import Database
from ledger.purchases.attempt import UNPAID, AttemptState
from ledger.purchases.vendor_spend import SpendKind
from store.objects import ObjectFacts
from tests.simulation.inline_sqlite import InlineDatabase
from tests.simulation.vendor import FakeVendor

#: Attempts whose job may exist without being known: each is booked as a loss, or drained after its film's end.
_UNKNOWN: Final = frozenset({AttemptState.ORPHANED, AttemptState.DRAINING, AttemptState.DRAINED})
#: Tries at one place that may be paid for.
ATTEMPTS_MAX: Final = 2
#: All that the balances' and the films' checks look at; entries and transfers can't change, so their number will do.
_MONEY = (
    "SELECT account, kind, amount_mc, version FROM balance ORDER BY 1, 2",
    "SELECT count(*), max(id) FROM transfer",
    "SELECT count(*), max(id) FROM entry",
    """SELECT id, CASE WHEN status IN ('completed', 'failed', 'canceled') THEN status END, cost_estimate_mc,
       cost_actual_mc FROM film ORDER BY 1""",
    "SELECT film, \"index\", price_mc, hold, state = 'ready' FROM segment ORDER BY 1, 2",
)
_ALIVE = (
    "SELECT film, purpose, slot FROM attempt WHERE state IN ('intent', 'submitted')"
    " GROUP BY film, purpose, slot HAVING count(*) > 1"
)
_READY = "SELECT object_key, sha256, size_bytes FROM segment WHERE state = 'ready'"


class StepChecks:
    """The checks after every committed transaction; those of money run again whenever a row they read has changed."""

    def __init__(self, database: Database, objects: Mapping[str, ObjectFacts]) -> None:
        self._database = database
        self._objects = objects
        self._checked: object = None

    async def check(self, film_ids: Iterable[FilmId]) -> None:
        """Check the balances, each film, that no place is bought twice at once and that what is ready is stored.

        Raises:
            InvariantBroken: Something doesn't hold.
        """
        for place in await self._rows(_ALIVE):
            raise InvariantBroken(invariant="I11", detail=f"two live attempts for {place}")
        for key, sha256, size_bytes in await self._rows(_READY):
            if self._objects.get(key) != ObjectFacts(sha256=sha256, size_bytes=size_bytes):
                raise InvariantBroken(invariant="I16", detail=f"{key} is ready and not stored so")
        money = [await self._rows(query) for query in _MONEY]
        if money == self._checked:
            return
        async with self._database.snapshot() as conn:
            for film_id in film_ids:
                await check_film(conn, film_id)
        await check_books(self._database)
        self._checked = money

    async def _rows(self, query: str) -> list[tuple[Any, ...]]:
        if isinstance(self._database, InlineDatabase):
            return self._database.raw.execute(query).fetchall()
        async with self._database.snapshot() as conn:
            return [tuple(row) for row in await conn.execute(text(query))]


async def check_payments(database: Database, vendors: Sequence[FakeVendor]) -> None:
    """Check that each job a vendor was paid for is known to one attempt, or booked as a loss, or being drained.

    Raises:
        InvariantBroken: A place was paid twice, or a payment is in nobody's records.
    """
    attempt, spend = schema.attempt, schema.provider_entry
    async with database.snapshot() as conn:
        attempts = (await conn.execute(select(attempt))).mappings().all()
        lost = select(spend.c.provider_job_id).where(spend.c.kind == SpendKind.ORPHAN_LOSS)
        losses = set((await conn.execute(lost.where(spend.c.provider_job_id.is_not(None)))).scalars())
    known = [row["provider_job_id"] for row in attempts if row["provider_job_id"] is not None]
    if len(known) != len(set(known)):
        raise InvariantBroken(invariant="I12", detail="a job belongs to two attempts")
    tries = Counter((row["film"], row["purpose"], row["slot"]) for row in attempts if row["state"] not in UNPAID)
    for place, number in tries.items():
        if number > ATTEMPTS_MAX:
            raise InvariantBroken(invariant="attempts", detail=f"{place} was tried {number} times")
    by_nonce = {row["nonce"]: row for row in attempts}
    for vendor in vendors:
        unknown: dict[object, list[str]] = defaultdict(list)
        excuses: dict[object, int] = defaultdict(int)
        for row in attempts:
            # A stranger's job, shown by mistake and taken for this attempt's, hides the attempt's own.
            if row["vendor"] == vendor.name and row["provider_job_id"] not in vendor.jobs and row["state"] in _UNKNOWN:
                excuses[row["nonce"] if vendor.manners.by_nonce else row["fingerprint"]] += 1
        for job in vendor.jobs.values():
            if job.job_id not in known and job.job_id not in losses:
                row = by_nonce[job.nonce]
                unknown[row["nonce"] if vendor.manners.by_nonce else row["fingerprint"]].append(job.job_id)
        for key, jobs in unknown.items():
            if len(jobs) > excuses[key]:
                raise InvariantBroken(invariant="paid once", detail=f"{jobs} were paid and are in nobody's books")


def check_windows(vendor: FakeVendor, *, submits: int, window_s: float) -> None:
    """Check I19: no window holds more submits than the vendor allows.

    Raises:
        InvariantBroken: One does.
    """
    for first_s, beyond_s in zip(vendor.sends_s, vendor.sends_s[submits:], strict=False):
        if beyond_s - first_s < window_s:
            raise InvariantBroken(invariant="I19", detail=f"{vendor.name}: {submits + 1} submits within {window_s} s")
