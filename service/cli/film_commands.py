"""Commands that only need the ledger."""

from collections.abc import Sequence

from app.ledger import open_ledger
from app.settings import Settings
from film.ids import LOCAL_ACCOUNT, FilmId
from ledger.database.records import Approval
from ledger.films.approvals import answer
from ledger.films.queries import FilmDetail, FilmView, Page, get_film_detail, get_film_view, list_films_of_key
from ledger.films.settlement import cancel_film


async def list_newest_films(settings: Settings, *, limit: int) -> Sequence[FilmView]:
    """Return this machine's newest films."""
    async with open_ledger(settings) as database:
        found, _ = await list_films_of_key(database, LOCAL_ACCOUNT, Page(limit=limit))
        return found


async def film_with_segments(settings: Settings, film_id: FilmId) -> FilmDetail:
    """Return a film and its segments.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with open_ledger(settings) as database:
        return await get_film_detail(database, film_id, None)


async def answer_film(settings: Settings, film_id: FilmId, decision: Approval) -> FilmView:
    """Answer a film that waits for a person, and return it.

    Raises:
        FilmNotFound: There is none of that id.
        NotAwaitingApproval: It asks nobody.
    """
    async with open_ledger(settings) as database:
        await answer(database, film_id, decision)
        return await get_film_view(database, film_id)


async def cancel_and_get(settings: Settings, film_id: FilmId) -> tuple[bool, FilmView]:
    """Cancel a film, whoever makes it, and return it; and whether it hadn't ended before.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with open_ledger(settings) as database:
        canceled = await cancel_film(database, film_id)
        return canceled, await get_film_view(database, film_id)
