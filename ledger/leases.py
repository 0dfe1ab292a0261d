"""Who may write for a film: one holder at a time, fenced by an epoch that only grows.

A run that was paused past its lease, or whose film has ended, finds a newer epoch and can change nothing.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, case, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import FilmNotFound, LeaseTaken, StaleEpoch
from film.holder import holder_text
from film.ids import FilmId
from film.status import Status
from ledger import schema
from ledger.database import Books
from runtime.logs import log_event

_LOG: Final = logging.getLogger("longvideo.films")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write for a film. Every write of a run carries it."""

    film_id: FilmId
    epoch: int
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who makes a film from the moment it is ordered; dispatchers leave it alone for `lease_s` seconds."""

    holder: str
    lease_s: float


async def take_lease(
    books: Books, film_id: FilmId, *, holder: str, lease_s: float, instead_of: str | None = None
) -> Lease:
    """Become the film's holder: epoch + 1, all earlier runs fenced off.

    Args:
        books: The ledger.
        film_id: The film.
        holder: Who takes it.
        lease_s: For how long, unless renewed.
        instead_of: A holder known to be dead, whose lease needn't lapse first. If it lives after all it is fenced.

    Raises:
        FilmNotFound: There is no such film.
        LeaseTaken: Another holder is alive.
        StaleEpoch: The film has ended; there is nothing to run.
    """
    async with books.writing() as rows:
        now_ms = books.now_ms()
        row = await locked_film(rows, film_id)
        if Status(row["status"]).terminal:
            raise StaleEpoch(film_id=film_id, epoch=row["epoch"])
        held = row["lease_until_ms"] is not None and row["lease_until_ms"] > now_ms
        if held and row["lease_holder"] not in {holder, instead_of}:
            raise LeaseTaken(film_id=film_id, holder=row["lease_holder"])
        lease = Lease(film_id=film_id, epoch=row["epoch"] + 1, holder=holder)
        await rows.execute(
            update(schema.film)
            .where(schema.film.c.id == film_id)
            .values(
                epoch=lease.epoch,
                lease_holder=holder,
                lease_until_ms=now_ms + round(lease_s * 1000),
                dispatch_n=row["dispatch_n"] + 1,
            )
        )
    log_taken("film_taken", lease, former=row["lease_holder"])
    return lease


def log_taken(action: str, lease: Lease, *, former: str | None) -> None:
    """Write that a film has a new holder, and whose it was if it was another's."""
    taken_from = None if former in {None, lease.holder} else holder_text(str(former))
    log_event(
        _LOG, action, film_id=lease.film_id, epoch=lease.epoch, holder=holder_text(lease.holder), taken_from=taken_from
    )


async def renew_leases(books: Books, leases: Collection[Lease], *, lease_s: float) -> frozenset[Lease]:
    """Keep films for another `lease_s` seconds, all in one statement.

    Returns:
        The leases that hold; the others' films have a newer holder, or have ended: their runs must stop at once.
    """
    table, until_ms = schema.film, books.now_ms() + round(lease_s * 1000)
    ours = [(lease.film_id, lease.epoch) for lease in leases]
    query = (
        update(table)
        .where(tuple_(table.c.id, table.c.epoch).in_(ours), table.c.lease_holder.is_not(None))
        .values(lease_until_ms=until_ms)
        .returning(table.c.id, table.c.epoch)
    )
    async with books.writing() as rows:
        kept = {(row.id, row.epoch) for row in await rows.execute(query)}
    return frozenset(lease for lease in leases if (lease.film_id, lease.epoch) in kept)


async def release_lease(books: Books, lease: Lease, *, in_order: bool = True) -> None:
    """Give the film up, unfinished, for the next run to take at once. A film that has moved on is left alone.

    Args:
        books: The ledger.
        lease: The run's right to write.
        in_order: The run was merely stopped: it doesn't count among the runs that led nowhere.
    """
    table = schema.film
    counted = 1 if in_order else 0
    async with books.writing() as rows:
        given_back = await rows.execute(
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


async def lease_new(rows: AsyncConnection, film_id: FilmId, maker: Maker, *, now_ms: int) -> None:
    """Give a film that the caller's transaction wrote to its maker."""
    await rows.execute(
        update(schema.film)
        .where(schema.film.c.id == film_id)
        .values(lease_holder=maker.holder, lease_until_ms=now_ms + round(maker.lease_s * 1000))
    )


async def fenced(rows: AsyncConnection, lease: Lease) -> RowMapping:
    """Lock the film's row for the caller's transaction and return it.

    Raises:
        StaleEpoch: The lease's run no longer owns the film; nothing may be written.
    """
    row = await locked_film(rows, lease.film_id)
    if row["epoch"] != lease.epoch:
        raise StaleEpoch(film_id=lease.film_id, epoch=lease.epoch)
    return row


async def locked_film(rows: AsyncConnection, film_id: FilmId) -> RowMapping:
    """Lock a film's row for the caller's transaction, whoever holds it.

    Raises:
        FilmNotFound: There is no such film.
    """
    found = await rows.execute(select(schema.film).where(schema.film.c.id == film_id).with_for_update())
    row = found.mappings().first()
    if row is None:
        raise FilmNotFound(film_id=film_id)
    return row


async def standing_film(rows: AsyncConnection, film_id: FilmId) -> RowMapping:
    """Lock a film's row for the caller's transaction, as its customer sees it: a deleted film is none.

    Raises:
        FilmNotFound: There is no such film, or it was deleted.
    """
    row = await locked_film(rows, film_id)
    if row["deleted_at_ms"] is not None:
        raise FilmNotFound(film_id=film_id)
    return row
