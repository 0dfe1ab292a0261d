"""Ordering: from request fields to a film in the ledger. Wrong input, a missing key, a full disk end here, unpaid."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from app.context import AppContext
from app.settings import Settings
from film.canvas import frames_of
from film.credits import MilliCredits, milli_credits
from film.errors import GlyphMissing, InvalidRequest
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import FilmRequest, parse_request
from film.status import Status
from ledger.credits.transfers import grant, total_granted_mc
from ledger.films import queries
from ledger.films.lookup import latest_for_key
from ledger.films.orders import OrderResult, Payer, open_film
from ledger.films.retry import open_retry
from media.disk import require_space
from media.text.glyphs import require_glyphs

#: What a second of film takes on the disk while it is made, at 1920x1080 (clip, part, film, PCM), generously.
_BYTES_PER_PIXEL_FRAME: Final = 0.25


def validate_request(
    fields: Mapping[str, Any], settings: Settings, *, allowed_origin: str | None = None
) -> FilmRequest:
    """Return the request that fields stand for.

    Raises:
        InvalidRequest: A field breaks its rule, or the font can't draw a card's words.
        MissingKey: Live mode lacks a key this film needs.
    """
    request = parse_request(fields, allowed_origin=allowed_origin)
    require_makeable(request, settings)
    return request


def require_makeable(request: FilmRequest, settings: Settings) -> None:
    """Check what the request's own rules can't know: the font and the keys of this installation.

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


async def order_film(
    ctx: AppContext, request: FilmRequest, *, idem_key: str | None, at_once: bool = True
) -> OrderResult:
    """Write the film into the ledger for this machine's own user.

    Args:
        ctx: Where it is made.
        request: The checked order.
        idem_key: The key that makes asking again harmless; None orders a new film.
        at_once: This process makes it; else a dispatcher does.

    Raises:
        InsufficientCredits: A local budget is set and doesn't cover the film.
        DiskFull: There isn't room to make it.
    """
    canvas = request.canvas
    needed = canvas.width * canvas.height * frames_of(request.duration) * _BYTES_PER_PIXEL_FRAME
    require_space(ctx.work_dir, int(needed))
    if ctx.settings.local_credits:
        await _grant_budget(ctx, ctx.settings.local_credits)
    payer = local_payer(ctx.settings)
    opened = await open_film(
        ctx.database,
        request,
        payer,
        idem_key=idem_key,
        simulated=ctx.simulated,
        lease_owner=ctx.lease_owner if at_once else None,
    )
    ctx.purchasing.failpoint("film_opened")
    return opened


async def order_film_for_run(
    ctx: AppContext, request: FilmRequest, *, flow_run_id: str | None, run_count: int
) -> FilmId:
    """Return the film a flow run is to make: ordered now or, where the run is retried, what its earlier tries left.

    An unfinished film is the film; a failed one is retried by a new film that adopts what is ready; one that is
    completed or canceled is settled and stays so.

    Raises:
        NotRetryable: The film was refused for its content.
        InsufficientCredits, DiskFull: As when ordering.
    """
    if flow_run_id is None:
        return (await order_film(ctx, request, idem_key=None)).film_id
    key = f"prefect:{flow_run_id}"
    newest = await latest_for_key(ctx.database, LOCAL_ACCOUNT, key)
    if newest is None:
        return (await order_film(ctx, request, idem_key=key)).film_id
    if (await queries.get_film(ctx.database, newest)).status is not Status.FAILED:
        return newest
    retried = await open_retry(
        ctx.database,
        newest,
        local_payer(ctx.settings),
        redo=(),
        idem_key=f"{key}:{run_count}",
        lease_owner=ctx.lease_owner,
    )
    return retried.film_id


def fill_date(prompt: str, day: date) -> str:
    """Return a prompt with `{date}` filled in: what makes each film of a schedule another one."""
    return prompt.replace("{date}", day.isoformat())


def local_payer(settings: Settings) -> Payer:
    """Return this machine's own user: granted what a film lacks, unless the settings give them a budget."""
    budget = settings.local_credits
    return Payer(account=LOCAL_ACCOUNT, api_key=LOCAL_ACCOUNT, granted_on_demand=not budget)


async def _grant_budget(ctx: AppContext, budget: str) -> None:
    """Give the local account its budget once; raising the setting later grants the difference."""
    wanted = milli_credits(budget)
    missing = wanted - await total_granted_mc(ctx.database, LOCAL_ACCOUNT)
    if missing > 0:
        await grant(ctx.database, LOCAL_ACCOUNT, MilliCredits(missing), idem_key=f"local:{wanted}")
