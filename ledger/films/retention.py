"""Deleting films: their files go, their rows stay, for the ledger. What another film still needs is kept."""

from collections.abc import Sequence
from typing import Final, Protocol

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import NotTerminal
from film.ids import FilmId
from film.job_specs import Purpose, uploaded_music_key
from film.status import TERMINAL, SegmentState, Status
from ledger.database import schema
from ledger.database.engine import Database
from ledger.leases import lock_undeleted_film

_ENDED: Final = tuple(sorted(TERMINAL))
#: A deleted film's files are looked for again so long, lest a process died between the row and the files.
_SWEPT_MS: Final = 86_400_000


class ObjectDeleter(Protocol):
    """Where the files lie."""

    async def delete(self, key: str) -> None:
        """Remove an object; one that isn't there is fine."""


async def delete_film(database: Database, objects: ObjectDeleter, film_id: FilmId) -> None:
    """Delete an ended film: it is nobody's any more, and every file that no other film needs is removed.

    Raises:
        FilmNotFound: There is no such film, or it was deleted before.
        NotTerminal: It is still being made.
    """
    async with database.transaction() as conn:
        row = await lock_undeleted_film(conn, film_id)
        if not Status(row["status"]).terminal:
            raise NotTerminal(film_id=film_id)
        await conn.execute(
            update(schema.film)
            .where(schema.film.c.id == film_id)
            .values(deleted_at_ms=database.now_ms(), updated_at_ms=database.now_ms())
        )
    await _remove(database, objects, film_id)


async def delete_old_films(database: Database, objects: ObjectDeleter, *, older_than_s: float, limit: int) -> int:
    """Delete films that ended longer ago than `older_than_s`, and finish what an earlier deletion left.

    Returns:
        How many films were deleted by this call.
    """
    table, now_ms = schema.film, database.now_ms()
    query = select(table.c.id).where(
        table.c.status.in_(_ENDED),
        table.c.deleted_at_ms.is_(None),
        table.c.completed_at_ms < now_ms - round(older_than_s * 1000),
    )
    half_done = select(table.c.id).where(table.c.deleted_at_ms > now_ms - _SWEPT_MS)
    async with database.snapshot() as conn:
        old = (await conn.scalars(query.order_by(table.c.completed_at_ms).limit(limit))).all()
        swept = (await conn.scalars(half_done.order_by(table.c.deleted_at_ms.desc()).limit(limit))).all()
    for film_id in swept:
        await _remove(database, objects, FilmId(film_id))
    for film_id in old:
        await delete_film(database, objects, FilmId(film_id))
    return len(old)


async def delete_old_clips(database: Database, objects: ObjectDeleter, *, older_than_s: float, limit: int) -> int:
    """Remove the clips of films that ended longer ago than `older_than_s`; their finished files stay.

    Such a film can't be composed again: its segments are ready no more.

    Returns:
        How many films' clips were removed.
    """
    table, part = schema.film, schema.segment
    before_ms = database.now_ms() - round(older_than_s * 1000)
    kept = select(part.c.film).where(part.c.object_key.is_not(None))
    query = select(table.c.id).where(
        table.c.status.in_(_ENDED),
        table.c.deleted_at_ms.is_(None),
        table.c.completed_at_ms < before_ms,
        table.c.id.in_(kept),
    )
    async with database.snapshot() as rows:
        films = (await rows.scalars(query.order_by(table.c.completed_at_ms).limit(limit))).all()
    for film_id in films:
        async with database.transaction() as conn:
            row = await lock_undeleted_film(conn, FilmId(film_id))
            if not Status(row["status"]).terminal:
                continue  # it is being composed again
            keys = await _clips(conn, film_id) - await _needed_elsewhere(conn, film_id)
            await conn.execute(update(part).where(part.c.film == film_id).values(object_key=None))
            await conn.execute(
                update(schema.attempt)
                .where(schema.attempt.c.film == film_id, schema.attempt.c.purpose == Purpose.SEGMENT)
                .values(object_key=None)
            )
        for key in sorted(keys):
            await objects.delete(key)
    return len(films)


async def _remove(database: Database, objects: ObjectDeleter, film_id: FilmId) -> None:
    async with database.snapshot() as conn:
        row = (await conn.execute(select(schema.film).where(schema.film.c.id == film_id))).mappings().one()
        bought = await _clips(conn, film_id) | await _bought(conn, film_id)
        keys = (bought - await _needed_elsewhere(conn, film_id)) | _deliverables(row) | await _covers(conn, film_id)
        former = await conn.scalar(
            select(schema.film.c.id).where(
                schema.film.c.id == row["retry_of"], schema.film.c.deleted_at_ms.is_not(None)
            )
        )
    for key in sorted(keys):
        await objects.delete(key)
    if former is not None:
        await _remove(database, objects, FilmId(former))  # what was kept for this film alone


def _deliverables(row: RowMapping) -> set[str]:
    names: Sequence[str] = ("film", "poster", "sheet", "storyboard", "srt", "vtt")
    result = row["result"] or {}
    return {result[name] for name in names if result.get(name)}


async def _covers(conn: AsyncConnection, film_id: str) -> set[str]:
    table = schema.segment
    found = await conn.scalars(select(table.c.cover_key).where(table.c.film == film_id))
    return {key for key in found if key is not None}


async def _clips(conn: AsyncConnection, film_id: str) -> set[str]:
    table = schema.segment
    found = await conn.scalars(select(table.c.object_key).where(table.c.film == film_id))
    return {key for key in found if key is not None}


async def _bought(conn: AsyncConnection, film_id: str) -> set[str]:
    table = schema.attempt
    found = await conn.scalars(select(table.c.object_key).where(table.c.film == film_id))
    return {key for key in found if key is not None} | {uploaded_music_key(FilmId(film_id))}


async def _needed_elsewhere(conn: AsyncConnection, film_id: str) -> set[str]:
    """Return the files of a film that a standing film uses: adopted clips, and the voices of the film it retried."""
    table, part = schema.film, schema.segment
    heirs = select(func.count()).where(table.c.retry_of == film_id, table.c.deleted_at_ms.is_(None))
    adopted = await conn.scalars(
        select(part.c.object_key)
        .join(table, table.c.id == part.c.film)
        .where(
            table.c.id != film_id,
            table.c.deleted_at_ms.is_(None),
            part.c.state == SegmentState.READY,
            part.c.object_key.in_(await _clips(conn, film_id)),
        )
    )
    needed = set(adopted)
    if await conn.scalar(heirs):
        needed |= await _bought(conn, film_id) - await _clips(conn, film_id)
    return needed
