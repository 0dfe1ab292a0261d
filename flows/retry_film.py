"""A new film that adopts what an ended one has ready, and pays only for the rest."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from app.context import shared_context
from film.ids import film_id_of
from flows.long_video import make_film_in_flow
from flows.options import NO_RESULTS, form
from tasks.films.results import FilmResult
from tasks.films.retrying import order_retry


@flow(
    name="retry-film",
    flow_run_name="{film_id}",
    validate_parameters=False,
    persist_result=False,
    result_storage=NO_RESULTS,
)
async def retry_film(
    film_id: Annotated[str, form("Film", "vid_..., an ended film.")],
    redo: Annotated[
        list[int] | None,
        form("Redo", "Numbers of segments to render anew, as the storyboard counts them, from 1."),
    ] = None,
) -> FilmResult | State[FilmResult]:
    """Make the new film.

    Returns:
        The completed film.

    Raises:
        FilmNotFound, NotRetryable, InvalidRequest: It can't be retried so; nothing was spent.
        FilmFailed, FilmCanceled: The new film ended so.
    """
    async with shared_context() as ctx:
        new_id = await order_retry(ctx, film_id_of(film_id), redo or (), flow_run_id=flow_run.get_id())
        return await make_film_in_flow(ctx, new_id)
