"""A new film that adopts what an ended one has ready, and pays only for the rest."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from film.ids import film_id_of
from flows.long_video import made
from flows.options import NO_RESULTS, form
from tasks.results import FilmResult
from tasks.salvaging import retried
from tasks.studio import shared_studio


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
    async with shared_studio() as studio:
        new_id = await retried(studio, film_id_of(film_id), redo or (), flow_run_id=flow_run.get_id())
        return await made(studio, new_id)
