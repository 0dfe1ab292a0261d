"""The invariants, asserted. A film's own are checked in the transaction that ends it; `longvideo audit` checks all.

The checks themselves are tables in `ledger/audit/*`; here they are asked: the first fault (`check_books`) or all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import InvariantBroken
from film.ids import FilmId
from film.status import SegmentState, Status
from ledger.audit.check import Finding, findings_of
from ledger.audit.credits import BALANCES, ENTRIES
from ledger.audit.films import ANNOUNCEMENTS, CHARGES, HOLDS, IDENTITIES
from ledger.audit.purchases import JOBS, SPEND, SubmitLimit, submit_checks
from ledger.audit.transitions import transition_findings
from ledger.credits.transfers import TransferKind
from ledger.database import schema
from ledger.database.engine import Database


async def check_film(conn: AsyncConnection, film_id: FilmId) -> None:
    """Check what must hold of one film, inside the caller's transaction (I4 to I8 for its own rows).

    Raises:
        InvariantBroken: Something doesn't; the transaction must not commit.
    """
    holds, posts, voids = [await _total(conn, film_id, kind) for kind in _PHASES]
    row = (
        await conn.execute(
            select(schema.film.c.status, schema.film.c.cost_estimate_mc, schema.film.c.cost_actual_mc).where(
                schema.film.c.id == film_id
            )
        )
    ).one()
    status = Status(row.status)
    if holds != row.cost_estimate_mc:
        raise InvariantBroken(invariant="I4", detail=f"{film_id} holds {holds} of an estimate {row.cost_estimate_mc}")
    if status.terminal and holds != posts + voids:
        raise InvariantBroken(invariant="I6", detail=f"{film_id} ended with {holds - posts - voids} still held")
    ready = await conn.scalar(
        select(func.coalesce(func.sum(schema.segment.c.price_mc), 0)).where(
            schema.segment.c.film == film_id,
            schema.segment.c.state == SegmentState.READY,
            schema.segment.c.hold.is_not(None),
        )
    )
    if ready != posts:
        raise InvariantBroken(invariant="I7", detail=f"{film_id} posted {posts} for ready segments worth {ready}")
    if status.terminal and row.cost_actual_mc != posts:
        raise InvariantBroken(invariant="I8", detail=f"{film_id} says it cost {row.cost_actual_mc}, posted {posts}")
    if status is Status.COMPLETED and posts != row.cost_estimate_mc:
        raise InvariantBroken(invariant="I8", detail=f"{film_id} completed at {posts} of {row.cost_estimate_mc}")


_PHASES = (TransferKind.HOLD, TransferKind.POST, TransferKind.VOID)


async def _total(conn: AsyncConnection, film_id: FilmId, kind: TransferKind) -> int:
    table = schema.transfer
    query = select(func.coalesce(func.sum(table.c.amount_mc), 0)).where(table.c.film == film_id, table.c.kind == kind)
    return int((await conn.scalar(query)) or 0)


async def check_books(database: Database) -> None:
    """Check what must hold of all balances (I1 to I5, without reading each entry).

    Raises:
        InvariantBroken: Something doesn't; the first fault that was found.
    """
    async with database.snapshot() as conn:
        for fault in await findings_of(conn, BALANCES):
            raise InvariantBroken(invariant=fault.invariant, detail=f"{fault.where}: {fault.detail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit of all rows found, and of how many films and transfers."""

    films: int
    transfers: int
    findings: Sequence[Finding]


async def audit_rows(database: Database, limits: Iterable[SubmitLimit]) -> Audit:
    """Read every row and name all faults: I1 to I8, I10, I12, I14 to I19, as far as rows tell them.

    Whether the stored files are there (I16) and what the vendors say (I17) is for `service/audit/report` to ask.

    Args:
        database: The ledger; nothing is written, and films may go on meanwhile.
        limits: What each vendor's model takes from one key.
    """
    async with database.snapshot() as conn:
        return await read_audit(conn, limits)


async def read_audit(conn: AsyncConnection, limits: Iterable[SubmitLimit]) -> Audit:
    """Read every row inside the caller's transaction; see `audit_rows`."""
    films = await conn.scalar(select(func.count()).select_from(schema.film))
    transfers = await conn.scalar(select(func.count()).select_from(schema.transfer))
    findings = await findings_of(conn, (*_ALL, *submit_checks(limits)))
    findings += await transition_findings(conn)
    return Audit(films=films or 0, transfers=transfers or 0, findings=sorted(findings, key=_number))


_ALL: Final = (*BALANCES, *ENTRIES, *HOLDS, *CHARGES, *IDENTITIES, *JOBS, *ANNOUNCEMENTS, *SPEND)


def _number(finding: Finding) -> int:
    return int(finding.invariant.removeprefix("I"))
