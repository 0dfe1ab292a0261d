"""Who may write for a film: one owner at a time, fenced by an epoch that only grows.

A run that was paused past its lease, or whose film has ended, finds a newer epoch and can change nothing.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, case, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import FilmNotFound, LeaseTaken, StaleEpoch
from film.ids import FilmId
from film.lease_owner import owner_text
from film.status import SegmentState, Status, progress_of
from ledger.database import schema
from ledger.database.engine import Database
from runtime.logs import log_event

_LOG: Final = logging.getLogger("longvideo.films")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write for a film. Every write of a run carries it."""

    film_id: FilmId
    epoch: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseOwner:
    """Who makes a film from the moment it is ordered; dispatchers leave it alone for `lease_s` seconds."""

    owner: str
    lease_s: float


async def take_lease(
    database: Database, film_id: FilmId, *, owner: str, lease_s: float, instead_of: str | None = None
) -> Lease:
    """Become the film's owner: epoch + 1, all earlier runs fenced off.

    Args:
        database: The ledger.
        film_id: The film.
        owner: Who takes it.
        lease_s: For how long, unless renewed.
        instead_of: An owner known to be dead, whose lease needn't lapse first. If it lives after all it is fenced.

    Raises:
        FilmNotFound: There is no such film.
        LeaseTaken: Another owner is alive.
        StaleEpoch: The film has ended; there is nothing to run.
    """
    async with database.transaction() as conn:
        now_ms = database.now_ms()
        row = await lock_film(conn, film_id)
        if Status(row["status"]).terminal:
            raise StaleEpoch(film_id=film_id, epoch=row["epoch"])
        held = row["lease_until_ms"] is not None and row["lease_until_ms"] > now_ms
        if held and row["lease_holder"] not in {owner, instead_of}:
            raise LeaseTaken(film_id=film_id, owner=row["lease_holder"])
        lease = Lease(film_id=film_id, epoch=row["epoch"] + 1, owner=owner)
        await conn.execute(
            update(schema.film)
            .where(schema.film.c.id == film_id)
            .values(
                epoch=lease.epoch,
                lease_holder=owner,
                lease_until_ms=now_ms + round(lease_s * 1000),
                dispatch_n=row["dispatch_n"] + 1,
            )
        )
    log_taken("film_taken", lease, former=row["lease_holder"])
    return lease


def log_taken(action: str, lease: Lease, *, former: str | None) -> None:
    """Write that a film has a new owner, and whose it was if it was another's."""
    taken_from = None if former in {None, lease.owner} else owner_text(str(former))
    log_event(
        _LOG, action, film_id=lease.film_id, epoch=lease.epoch, holder=owner_text(lease.owner), taken_from=taken_from
    )


async def renew_leases(database: Database, leases: Collection[Lease], *, lease_s: float) -> frozenset[Lease]:
    """Keep films for another `lease_s` seconds, all in one statement.

    Returns:
        The leases that hold; the others' films have a newer owner, or have ended: their runs must stop at once.
    """
    table, until_ms = schema.film, database.now_ms() + round(lease_s * 1000)
    ours = [(lease.film_id, lease.epoch) for lease in leases]
    query = (
        update(table)
        .where(tuple_(table.c.id, table.c.epoch).in_(ours), table.c.lease_holder.is_not(None))
        .values(lease_until_ms=until_ms)
        .returning(table.c.id, table.c.epoch)
    )
    async with database.transaction() as conn:
        kept = {(row.id, row.epoch) for row in await conn.execute(query)}
    return frozenset(lease for lease in leases if (lease.film_id, lease.epoch) in kept)


async def release_lease(database: Database, lease: Lease, *, in_order: bool = True) -> None:
    """Give the film up, unfinished, for the next run to take at once. A film that has moved on is left alone.

    Args:
        database: The ledger.
        lease: The run's right to write.
        in_order: The run was merely stopped: it doesn't count among the runs that led nowhere.
    """
    table = schema.film
    counted = 1 if in_order else 0
    async with database.transaction() as conn:
        given_back = await conn.execute(
            update(table)
            .where(table.c.id == lease.film_id, table.c.epoch == lease.epoch)
            .values(
                lease_until_ms=None,
                lease_holder=None,
                dispatch_n=case((table.c.dispatch_n > counted, table.c.dispatch_n - counted), else_=0),
            )
        )
    if given_back.rowcount:
        log_event(_LOG, "film_given_back", film_id=lease.film_id, epoch=lease.epoch, in_order=in_order)


async def assign_lease(conn: AsyncConnection, film_id: FilmId, lease_owner: LeaseOwner, *, now_ms: int) -> None:
    """Give a film that the caller's transaction wrote to its lease owner."""
    await conn.execute(
        update(schema.film)
        .where(schema.film.c.id == film_id)
        .values(lease_holder=lease_owner.owner, lease_until_ms=now_ms + round(lease_owner.lease_s * 1000))
    )


async def lock_with_lease(conn: AsyncConnection, lease: Lease) -> RowMapping:
    """Lock the film's row for the caller's transaction and return it.

    Raises:
        StaleEpoch: The lease's run no longer owns the film; nothing may be written.
    """
    row = await lock_film(conn, lease.film_id)
    if row["epoch"] != lease.epoch:
        raise StaleEpoch(film_id=lease.film_id, epoch=lease.epoch)
    return row


async def lock_film(conn: AsyncConnection, film_id: FilmId) -> RowMapping:
    """Lock a film's row for the caller's transaction, whoever holds it.

    Raises:
        FilmNotFound: There is no such film.
    """
    found = await conn.execute(select(schema.film).where(schema.film.c.id == film_id).with_for_update())
    row = found.mappings().first()
    if row is None:
        raise FilmNotFound(film_id=film_id)
    return row


async def lock_undeleted_film(conn: AsyncConnection, film_id: FilmId) -> RowMapping:
    """Lock a film's row for the caller's transaction, as its customer sees it: a deleted film is none.

    Raises:
        FilmNotFound: There is no such film, or it was deleted.
    """
    row = await lock_film(conn, film_id)
    if row["deleted_at_ms"] is not None:
        raise FilmNotFound(film_id=film_id)
    return row


async def progress_now(conn: AsyncConnection, row: RowMapping, status: Status) -> int:
    """Return the film's progress in `status`, never lower than what was shown before."""
    table = schema.segment
    states = await conn.execute(
        select(table.c.state, func.count()).where(table.c.film == row["id"]).group_by(table.c.state)
    )
    counts = {SegmentState(state): number for state, number in states}
    progress = progress_of(
        status, shots_done=counts.get(SegmentState.READY, 0), shots_total=max(sum(counts.values()), 1)
    )
    return max(progress, int(row["progress"]))
