"""Films as their customer may see them: by the key that ordered them, deleted ones not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import FilmNotFound
from film.ids import AccountId, FilmId
from film.job_specs import Purpose
from film.status import SegmentState, Status
from ledger.database import schema
from ledger.database.engine import Database
from ledger.database.records import Film, Segment, film_from, segment_from
from ledger.purchases.attempt import UNPAID

# What clients ask most often, built once: building a statement costs more than running it does.
_FILM: Final = select(schema.film).where(schema.film.c.id == bindparam("film"))
_TRIES: Final = (
    select(func.count())
    .where(
        schema.attempt.c.film == schema.segment.c.film,
        schema.attempt.c.purpose == Purpose.SEGMENT,
        schema.attempt.c.slot == schema.segment.c.index,
        schema.attempt.c.state.not_in(UNPAID),
    )
    .scalar_subquery()
)
_SEGMENTS: Final = (
    select(schema.segment, _TRIES.label("tries"))
    .where(schema.segment.c.film == bindparam("film"))
    .order_by(schema.segment.c.index)
)
_COUNTS: Final = (
    select(schema.segment.c.film, func.count().filter(schema.segment.c.state == SegmentState.READY), func.count())
    .where(schema.segment.c.film.in_(bindparam("films", expanding=True)))
    .group_by(schema.segment.c.film)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmView:
    """A film with the count of its segments."""

    film: Film
    shots_done: int
    shots_total: int
    #: Its files are gone; only the key that ordered it still leads to it.
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmDetail:
    """A film with its segments and the paid tries each of them took."""

    view: FilmView
    segments: Sequence[Segment]
    tries: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which of the films: `after` is the last one of the page before."""

    limit: int
    after: FilmId | None = None
    status: Status | None = None
    newest_first: bool = True


async def get_film_view_of_key(database: Database, film_id: FilmId, api_key: str) -> FilmView:
    """Return a film of this key.

    Raises:
        FilmNotFound: There is none of that id, it is another key's, or it was deleted.
    """
    async with database.snapshot() as conn:
        row = await _find_owned(conn, film_id, api_key)
        counts = await _counts(conn, [film_id])
    return _view(row, counts)


async def get_film_view(database: Database, film_id: FilmId) -> FilmView:
    """Return the film an order made, also if it was deleted since: its Idempotency-Key never expires.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with database.snapshot() as conn:
        row = (await conn.execute(_FILM, {"film": film_id})).mappings().first()
        counts = await _counts(conn, [film_id])
    if row is None:
        raise FilmNotFound(film_id=film_id)
    return _view(row, counts)


async def get_film_detail(database: Database, film_id: FilmId, api_key: str | None) -> FilmDetail:
    """Return a film of this key, or of any if None, with its segments.

    Raises:
        FilmNotFound: There is none of that id, it is another key's, or it was deleted.
    """
    async with database.snapshot() as conn:
        row = await _find_owned(conn, film_id, api_key)
        parts = (await conn.execute(_SEGMENTS, {"film": film_id})).mappings().all()
    segments = [segment_from(part) for part in parts]
    done = sum(one.state is SegmentState.READY for one in segments)
    view = FilmView(film=film_from(row), shots_done=done, shots_total=len(segments))
    return FilmDetail(view=view, segments=segments, tries={part["index"]: int(part["tries"]) for part in parts})


async def list_films_of_key(database: Database, api_key: str, page: Page) -> tuple[Sequence[FilmView], bool]:
    """Return a page of the key's films, by the time they were ordered, and whether there are more.

    Raises:
        FilmNotFound: `after` names no film of this key.
    """
    table = schema.film
    query: Select[tuple[object, ...]] = select(table).where(table.c.api_key == api_key, table.c.deleted_at_ms.is_(None))
    if page.status is not None:
        query = query.where(table.c.status == page.status)
    async with database.snapshot() as conn:
        if page.after is not None:
            last = await _find_owned(conn, page.after, api_key)
            time, name = table.c.created_at_ms, table.c.id
            same = time == last["created_at_ms"]
            beyond = time < last["created_at_ms"] if page.newest_first else time > last["created_at_ms"]
            behind = name < page.after if page.newest_first else name > page.after
            query = query.where(or_(beyond, and_(same, behind)))
        columns = (table.c.created_at_ms, table.c.id)
        query = query.order_by(*(column.desc() if page.newest_first else column for column in columns))
        found = (await conn.execute(query.limit(page.limit + 1))).mappings().all()
        counts = await _counts(conn, [row["id"] for row in found[: page.limit]])
    return [_view(row, counts) for row in found[: page.limit]], len(found) > page.limit


async def _find_owned(conn: AsyncConnection, film_id: FilmId, api_key: str | None) -> RowMapping:
    row = (await conn.execute(_FILM, {"film": film_id})).mappings().first()
    if row is None or row["deleted_at_ms"] is not None or api_key not in (None, row["api_key"]):
        raise FilmNotFound(film_id=film_id)
    return row


async def _counts(conn: AsyncConnection, film_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Return the ready and all segments of each film."""
    found = await conn.execute(_COUNTS, {"films": film_ids})
    return {film: (int(done), int(total)) for film, done, total in found}


def _view(row: RowMapping, counts: Mapping[str, tuple[int, int]]) -> FilmView:
    done, total = counts[row["id"]]
    deleted = row["deleted_at_ms"] is not None
    return FilmView(film=film_from(row), shots_done=done, shots_total=total, deleted=deleted)


async def get_film(database: Database, film_id: FilmId) -> Film:
    """Return a film.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with database.snapshot() as conn:
        found = await conn.execute(select(schema.film).where(schema.film.c.id == film_id))
        row = found.mappings().first()
    if row is None:
        raise FilmNotFound(film_id=film_id)
    return film_from(row)


async def get_segments(database: Database, film_id: FilmId) -> list[Segment]:
    """Return a film's segments in order."""
    async with database.snapshot() as conn:
        found = await conn.execute(
            select(schema.segment).where(schema.segment.c.film == film_id).order_by(schema.segment.c.index)
        )
        return [segment_from(row) for row in found.mappings()]


async def list_films(database: Database, account: AccountId, *, limit: int) -> Sequence[Film]:
    """Return an account's newest films, newest first."""
    table = schema.film
    query = select(table).where(table.c.account == account).order_by(table.c.created_at_ms.desc(), table.c.id.desc())
    async with database.snapshot() as conn:
        found = await conn.execute(query.limit(limit))
        return [film_from(row) for row in found.mappings()]
