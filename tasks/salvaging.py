"""Composing again and retrying, as a flow run begins them: the same run, started again, goes on with what it began."""

from collections.abc import Sequence

from film.errors import NotComposable
from film.ids import LOCAL_ACCOUNT, FilmId
from ledger import films
from ledger.database import Books
from ledger.reorders import newest_under
from ledger.salvage import compose_again, retry_film, segment_indexes
from tasks.ordering import local_customer
from tasks.studio import Studio


async def composing_again(studio: Studio, film_id: FilmId) -> None:
    """Lead an ended film back to composing; one that is being composed again already goes on.

    Raises:
        FilmNotFound, NotComposable, NoSegments, SegmentsNotReady: It can't be composed.
    """
    try:
        await compose_again(studio.books, film_id, maker=studio.maker)
    except NotComposable:
        if (await films.film(studio.books, film_id)).compose_n == 0:
            raise


async def indexes_of(books: Books, film_id: FilmId, numbers: Sequence[int]) -> Sequence[int]:
    """Return the indexes of a film's segments that a person counted from 1, as everything shows them.

    Raises:
        InvalidRequest: It has no such segment.
    """
    return await segment_indexes(books, film_id, numbers, field="redo")


async def retried(studio: Studio, film_id: FilmId, redo: Sequence[int], *, flow_run_id: str | None) -> FilmId:
    """Return the new film that salvages `film_id`; the same flow run, retried, gets the same one.

    `redo` counts segments from 1.

    Raises:
        FilmNotFound, NotRetryable, InvalidRequest, InsufficientCredits: It can't be retried so; nothing was written.
    """
    key = None if flow_run_id is None else f"prefect:{flow_run_id}"
    known = None if key is None else await newest_under(studio.books, LOCAL_ACCOUNT, key)
    if known is not None:
        return known
    customer, indexes = local_customer(studio.settings), await indexes_of(studio.books, film_id, redo)
    opened = await retry_film(studio.books, film_id, customer, redo=indexes, idem_key=key, maker=studio.maker)
    return opened.film_id
