"""Commands that only need the books."""

from collections.abc import Sequence

from film.ids import LOCAL_ACCOUNT, FilmId
from ledger.approvals import answer
from ledger.ending import cancel_film
from ledger.rows import Approval
from ledger.showing import FilmDetail, Page, ShownFilm, film_detail, film_page, ordered_film
from tasks.open_ledger import open_ledger
from tasks.settings import Settings


async def newest_films(settings: Settings, *, limit: int) -> Sequence[ShownFilm]:
    """Return this machine's newest films."""
    async with open_ledger(settings) as books:
        found, _ = await film_page(books, LOCAL_ACCOUNT, Page(limit=limit))
        return found


async def one_film(settings: Settings, film_id: FilmId) -> FilmDetail:
    """Return a film and its segments.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with open_ledger(settings) as books:
        return await film_detail(books, film_id, None)


async def answered_film(settings: Settings, film_id: FilmId, decision: Approval) -> ShownFilm:
    """Answer a film that waits for a person, and return it.

    Raises:
        FilmNotFound: There is none of that id.
        NotAwaitingApproval: It asks nobody.
    """
    async with open_ledger(settings) as books:
        await answer(books, film_id, decision)
        return await ordered_film(books, film_id)


async def canceled_film(settings: Settings, film_id: FilmId) -> tuple[bool, ShownFilm]:
    """Cancel a film, whoever makes it, and return it; and whether it hadn't ended before.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with open_ledger(settings) as books:
        canceled = await cancel_film(books, film_id)
        return canceled, await ordered_film(books, film_id)
