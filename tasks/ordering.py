"""Ordering: from wishes to a film in the books. Wrong input, a missing key, a full disk end here: nothing is spent."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from film.canvas import frames_of
from film.credits import MilliCredits, milli_credits
from film.errors import GlyphMissing, InvalidRequest
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest, parse_request
from film.status import Status
from ledger import films
from ledger.credits import grant, granted_mc
from ledger.films import Customer, Opened, open_film
from ledger.reorders import newest_under
from ledger.salvage import retry_film
from media.disk import require_space
from media.glyphs import require_glyphs
from tasks.settings import Settings
from tasks.studio import Studio

#: What a second of film takes on the disk while it is made, at 1920x1080 (clip, part, film, PCM), generously.
_BYTES_PER_PIXEL_FRAME: Final = 0.25


def checked_request(wish: Mapping[str, Any], settings: Settings, *, allowed_origin: str | None = None) -> FilmRequest:
    """Return the request a wish stands for.

    Raises:
        InvalidRequest: A field breaks its rule, or the font can't draw a card's words.
        MissingKey: Live mode lacks a key this film needs.
    """
    request = parse_request(wish, allowed_origin=allowed_origin)
    require_makeable(request, settings)
    return request


def require_makeable(request: FilmRequest, settings: Settings) -> None:
    """Check what the request's own rules can't know: the font and the keys of this house.

    Raises:
        InvalidRequest: The font can't draw a card's words.
        MissingKey: Live mode lacks a key this film needs.
    """
    for field, text in (("title_card", request.title_card), ("end_card", request.end_card)):
        try:
            require_glyphs(text or "")
        except GlyphMissing as error:
            raise InvalidRequest(field=field, reason=str(error)) from error
    # Generated reference images come from ListenHub as well; only chained or brought ones need none.
    settings.require_keys(request.provider, listenhub=request.wants_narration or request.wants_music)


async def order_film(studio: Studio, request: FilmRequest, *, idem_key: str | None, at_once: bool = True) -> Opened:
    """Write the film into the books for this machine's own user.

    Args:
        studio: Where it is made.
        request: The checked order.
        idem_key: The key that makes asking again harmless; None orders a new film.
        at_once: This process makes it; else a dispatcher does.

    Raises:
        InsufficientCredits: A local budget is set and doesn't cover the film.
        DiskFull: There isn't room to make it.
    """
    canvas = request.canvas
    needed = canvas.width * canvas.height * frames_of(request.duration) * _BYTES_PER_PIXEL_FRAME
    require_space(studio.work, int(needed))
    if studio.settings.local_credits:
        await _grant_budget(studio, studio.settings.local_credits)
    customer = local_customer(studio.settings)
    opened = await open_film(
        studio.books,
        request,
        customer,
        idem_key=idem_key,
        simulated=studio.simulated,
        maker=studio.maker if at_once else None,
    )
    studio.desk.fault("film_opened")
    return opened


async def film_of_run(studio: Studio, request: FilmRequest, *, flow_run_id: str | None, run_count: int) -> FilmId:
    """Return the film a flow run is to make: ordered now or, where the run is retried, what its earlier tries left.

    An unfinished film is the film; a failed one is salvaged by a new film that adopts what is ready; one that is
    completed or canceled is settled and stays so.

    Raises:
        NotRetryable: The film was refused for its content.
        InsufficientCredits, DiskFull: As when ordering.
    """
    if flow_run_id is None:
        return (await order_film(studio, request, idem_key=None)).film_id
    key = f"prefect:{flow_run_id}"
    newest = await newest_under(studio.books, LOCAL_ACCOUNT, key)
    if newest is None:
        return (await order_film(studio, request, idem_key=key)).film_id
    if (await films.film(studio.books, newest)).status is not Status.FAILED:
        return newest
    retried = await retry_film(
        studio.books,
        newest,
        local_customer(studio.settings),
        redo=(),
        idem_key=f"{key}:{run_count}",
        maker=studio.maker,
    )
    return retried.film_id


def dated(prompt: str, day: date) -> str:
    """Return a prompt with `{date}` filled in: what makes each film of a schedule another one."""
    return prompt.replace("{date}", day.isoformat())


def local_customer(settings: Settings) -> Customer:
    """Return this machine's own user: granted what a film lacks, unless the settings give them a budget."""
    budget = settings.local_credits
    return Customer(account=LOCAL_ACCOUNT, api_key=LOCAL_ACCOUNT, granted_on_demand=not budget)


async def _grant_budget(studio: Studio, budget: str) -> None:
    """Give the local account its budget once; raising the setting later grants the difference."""
    wanted = milli_credits(budget)
    missing = wanted - await granted_mc(studio.books, LOCAL_ACCOUNT)
    if missing > 0:
        await grant(studio.books, LOCAL_ACCOUNT, MilliCredits(missing), idem_key=f"local:{wanted}")
