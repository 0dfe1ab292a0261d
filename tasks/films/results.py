"""What a caller in Python gets for a finished film."""

from dataclasses import dataclass
from pathlib import Path

from app.context import AppContext
from film.credits import credits_number
from film.errors import StoreUnavailable
from film.ids import FilmId
from film.status import Status
from ledger.films import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmResult:
    """A completed film: where it is and what it cost (credits)."""

    film_id: FilmId
    title: str
    duration: int
    result_url: str
    #: The film on this machine's disk; None where the store is in a cloud.
    path: Path | None
    cost_actual: int | float
    simulated: bool


async def completed_result(ctx: AppContext, film_id: FilmId) -> FilmResult | None:
    """Return a completed film's result, None if the film is anything else."""
    film = await queries.get_film(ctx.database, film_id)
    return await film_result(ctx, film_id) if film.status is Status.COMPLETED else None


async def film_result(ctx: AppContext, film_id: FilmId) -> FilmResult:
    """Return a completed film's result.

    Raises:
        StoreUnavailable: The film isn't completed, so there is no file.
    """
    film = await queries.get_film(ctx.database, film_id)
    if film.result is None or film.storyboard is None or film.cost_actual_mc is None:
        raise StoreUnavailable(where=film_id, reason=f"the film is {film.status}")
    path = ctx.objects.local_path(film.result.film)
    return FilmResult(
        film_id=film_id,
        title=film.storyboard.title,
        duration=film.request.duration,
        result_url=ctx.objects.url_of(film.result.film),
        path=path,
        cost_actual=credits_number(film.cost_actual_mc),
        simulated=film.simulated,
    )
