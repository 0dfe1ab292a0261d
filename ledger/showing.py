"""Films as their customer may see them: by the key that ordered them, deleted ones not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.errors import FilmNotFound
from film.ids import FilmId
from film.orders import Purpose
from film.status import SegmentState, Status
from ledger import schema
from ledger.attempt import UNPAID
from ledger.database import Books
from ledger.rows import Film, Segment, film_from, segment_from

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
class ShownFilm:
    """A film with the count of its segments."""

    film: Film
    shots_done: int
    shots_total: int
    #: Its files are gone; only the key that ordered it still leads to it.
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmDetail:
    """A film with its segments and the paid tries each of them took."""

    shown: ShownFilm
    segments: Sequence[Segment]
    tries: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which of the films: `after` is the last one of the page before."""

    limit: int
    after: FilmId | None = None
    status: Status | None = None
    newest_first: bool = True


async def owned_film(books: Books, film_id: FilmId, api_key: str) -> ShownFilm:
    """Return a film of this key.

    Raises:
        FilmNotFound: There is none of that id, it is another key's, or it was deleted.
    """
    async with books.reading() as rows:
        row = await _owned(rows, film_id, api_key)
        counts = await _counts(rows, [film_id])
    return _shown(row, counts)


async def ordered_film(books: Books, film_id: FilmId) -> ShownFilm:
    """Return the film an order made, also if it was deleted since: its Idempotency-Key never expires.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with books.reading() as rows:
        row = (await rows.execute(_FILM, {"film": film_id})).mappings().first()
        counts = await _counts(rows, [film_id])
    if row is None:
        raise FilmNotFound(film_id=film_id)
    return _shown(row, counts)


async def film_detail(books: Books, film_id: FilmId, api_key: str | None) -> FilmDetail:
    """Return a film of this key, or of any if None, with its segments.

    Raises:
        FilmNotFound: There is none of that id, it is another key's, or it was deleted.
    """
    async with books.reading() as rows:
        row = await _owned(rows, film_id, api_key)
        parts = (await rows.execute(_SEGMENTS, {"film": film_id})).mappings().all()
    segments = [segment_from(part) for part in parts]
    done = sum(one.state is SegmentState.READY for one in segments)
    shown = ShownFilm(film=film_from(row), shots_done=done, shots_total=len(segments))
    return FilmDetail(shown=shown, segments=segments, tries={part["index"]: int(part["tries"]) for part in parts})


async def film_page(books: Books, api_key: str, page: Page) -> tuple[Sequence[ShownFilm], bool]:
    """Return a page of the key's films, by the time they were ordered, and whether there are more.

    Raises:
        FilmNotFound: `after` names no film of this key.
    """
    table = schema.film
    query: Select[tuple[object, ...]] = select(table).where(table.c.api_key == api_key, table.c.deleted_at_ms.is_(None))
    if page.status is not None:
        query = query.where(table.c.status == page.status)
    async with books.reading() as rows:
        if page.after is not None:
            last = await _owned(rows, page.after, api_key)
            time, name = table.c.created_at_ms, table.c.id
            same = time == last["created_at_ms"]
            beyond = time < last["created_at_ms"] if page.newest_first else time > last["created_at_ms"]
            behind = name < page.after if page.newest_first else name > page.after
            query = query.where(or_(beyond, and_(same, behind)))
        columns = (table.c.created_at_ms, table.c.id)
        query = query.order_by(*(column.desc() if page.newest_first else column for column in columns))
        found = (await rows.execute(query.limit(page.limit + 1))).mappings().all()
        counts = await _counts(rows, [row["id"] for row in found[: page.limit]])
    return [_shown(row, counts) for row in found[: page.limit]], len(found) > page.limit


async def _owned(rows: AsyncConnection, film_id: FilmId, api_key: str | None) -> RowMapping:
    row = (await rows.execute(_FILM, {"film": film_id})).mappings().first()
    if row is None or row["deleted_at_ms"] is not None or api_key not in (None, row["api_key"]):
        raise FilmNotFound(film_id=film_id)
    return row


async def _counts(rows: AsyncConnection, film_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Return the ready and all segments of each film."""
    found = await rows.execute(_COUNTS, {"films": film_ids})
    return {film: (int(done), int(total)) for film, done, total in found}


def _shown(row: RowMapping, counts: Mapping[str, tuple[int, int]]) -> ShownFilm:
    done, total = counts[row["id"]]
    deleted = row["deleted_at_ms"] is not None
    return ShownFilm(film=film_from(row), shots_done=done, shots_total=total, deleted=deleted)
