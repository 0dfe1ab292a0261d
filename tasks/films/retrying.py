"""Composing again and retrying, as a flow run begins them: the same run, started again, goes on with what it began."""

from collections.abc import Sequence

from app.context import AppContext
from film.errors import NotComposable
from film.ids import LOCAL_ACCOUNT, FilmId
from ledger.database.engine import Database
from ledger.films import queries
from ledger.films.lookup import latest_for_key
from ledger.films.retry import open_retry, reopen_to_compose, segment_indexes
from tasks.films.ordering import local_payer


async def begin_recompose(ctx: AppContext, film_id: FilmId) -> None:
    """Lead an ended film back to composing; one that is being composed again already goes on.

    Raises:
        FilmNotFound, NotComposable, NoSegments, SegmentsNotReady: It can't be composed.
    """
    try:
        await reopen_to_compose(ctx.database, film_id, lease_owner=ctx.lease_owner)
    except NotComposable:
        if (await queries.get_film(ctx.database, film_id)).compose_n == 0:
            raise


async def redo_indexes(database: Database, film_id: FilmId, numbers: Sequence[int]) -> Sequence[int]:
    """Return the indexes of a film's segments that a person counted from 1, as everything shows them.

    Raises:
        InvalidRequest: It has no such segment.
    """
    return await segment_indexes(database, film_id, numbers, field="redo")


async def order_retry(ctx: AppContext, film_id: FilmId, redo: Sequence[int], *, flow_run_id: str | None) -> FilmId:
    """Return the new film that retries `film_id`; the same flow run, retried, gets the same one.

    `redo` counts segments from 1.

    Raises:
        FilmNotFound, NotRetryable, InvalidRequest, InsufficientCredits: It can't be retried so; nothing was written.
    """
    key = None if flow_run_id is None else f"prefect:{flow_run_id}"
    known = None if key is None else await latest_for_key(ctx.database, LOCAL_ACCOUNT, key)
    if known is not None:
        return known
    payer, indexes = local_payer(ctx.settings), await redo_indexes(ctx.database, film_id, redo)
    opened = await open_retry(ctx.database, film_id, payer, redo=indexes, idem_key=key, lease_owner=ctx.lease_owner)
    return opened.film_id
