"""Which films wait for somebody to make them, and how the films of one process stand.

A claim is a lease like a run's: it fences whoever held the film before, and only whoever made it can give it up.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update

from film.ids import FilmId
from film.status import TERMINAL, Status
from ledger.database import schema
from ledger.database.engine import Database
from ledger.leases import Lease, LeaseOwner, log_taken


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseStatus:
    """What a process must know of a film it runs: whether it is still its own, and whether its rows have moved."""

    epoch: int
    updated_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A film that its claimer is about to run."""

    lease: Lease
    #: Whether a run of it may be open still, as Prefect shows it.
    run_before: bool


async def active_owners(database: Database) -> Sequence[str]:
    """Return who holds films now: the owners whose leases haven't lapsed."""
    table = schema.film
    query = (
        select(table.c.lease_holder)
        .where(table.c.status.not_in(sorted(TERMINAL)), table.c.lease_until_ms > database.now_ms())
        .distinct()
    )
    async with database.snapshot() as conn:
        return list((await conn.execute(query)).scalars())


async def claim_films(
    database: Database,
    lease_owner: LeaseOwner,
    *,
    limit: int,
    dead: Collection[str] = (),
    exclude: Collection[FilmId] = (),
) -> Sequence[Claim]:
    """Claim unfinished films that nobody holds, the oldest first; no two dispatchers get the same one.

    Args:
        database: The ledger.
        lease_owner: Who claims.
        limit: How many at most.
        dead: Owners known to be dead, whose leases needn't lapse first.
        exclude: Films the caller doesn't want now.

    Returns:
        The claims. A film that the caller itself makes must be among `exclude`: it would be fenced off.
    """
    table, now_ms = schema.film, database.now_ms()
    free = or_(
        table.c.lease_until_ms.is_(None), table.c.lease_until_ms <= now_ms, table.c.lease_holder.in_(sorted(dead))
    )
    query = (
        select(table.c.id, table.c.epoch, table.c.lease_holder, table.c.status, table.c.dispatch_n)
        .where(table.c.status.not_in(sorted(TERMINAL)), free, table.c.id.not_in(sorted(exclude)))
        .order_by(table.c.created_at_ms, table.c.id)
        .limit(limit)
    )
    # Looked at first without a lock: most looks find nothing, and SQLite has one writer.
    async with database.snapshot() as rows:
        if (await rows.execute(query)).first() is None:
            return []
    async with database.transaction() as conn:
        found = (await conn.execute(query.with_for_update(skip_locked=True))).all()
        await conn.execute(
            update(table)
            .where(table.c.id.in_([row.id for row in found]))
            .values(
                epoch=table.c.epoch + 1,
                lease_holder=lease_owner.owner,
                lease_until_ms=now_ms + round(lease_owner.lease_s * 1000),
            )
        )
    claims = [
        Claim(
            lease=Lease(film_id=FilmId(row.id), epoch=row.epoch + 1, owner=lease_owner.owner),
            run_before=row.status != Status.QUEUED or row.dispatch_n > 0,
        )
        for row in found
    ]
    for claim, row in zip(claims, found, strict=True):
        log_taken("film_claimed", claim.lease, former=row.lease_holder)
    return claims


async def lease_status(database: Database, film_ids: Collection[FilmId]) -> Mapping[FilmId, LeaseStatus]:
    """Return how each of the films stands: one cheap look for all films of a process."""
    table = schema.film
    query = select(table.c.id, table.c.epoch, table.c.updated_at_ms).where(table.c.id.in_(sorted(film_ids)))
    async with database.snapshot() as conn:
        found = await conn.execute(query)
        return {FilmId(row.id): LeaseStatus(epoch=row.epoch, updated_at_ms=row.updated_at_ms) for row in found}
