"""An ended film composed again from its parts: free, nothing is rendered."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State

from app.context import shared_context
from film.ids import film_id_of
from flows.long_video import make_film_in_flow
from flows.options import NO_RESULTS, form
from tasks.films.results import FilmResult
from tasks.films.retrying import begin_recompose


@flow(
    name="compose-again",
    flow_run_name="{film_id}",
    validate_parameters=False,
    persist_result=False,
    result_storage=NO_RESULTS,
)
async def compose_again(
    film_id: Annotated[str, form("Film", "vid_..., a film whose segments are all ready.")],
) -> FilmResult | State[FilmResult]:
    """Compose a film again; a failure leaves its former end as it was.

    Returns:
        The completed film.

    Raises:
        FilmNotFound, NotComposable, NoSegments, SegmentsNotReady: It can't be composed.
        FilmFailed: Composing failed.
    """
    async with shared_context() as ctx:
        await begin_recompose(ctx, film_id_of(film_id))
        return await make_film_in_flow(ctx, film_id_of(film_id))
