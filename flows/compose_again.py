"""An ended film composed again from its parts: free, nothing is rendered."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State

from film.ids import film_id_of
from flows.long_video import made
from flows.options import NO_RESULTS, form
from tasks.results import FilmResult
from tasks.salvaging import composing_again
from tasks.studio import shared_studio


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
    async with shared_studio() as studio:
        await composing_again(studio, film_id_of(film_id))
        return await made(studio, film_id_of(film_id))
