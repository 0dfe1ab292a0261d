"""anchoring: what holds a character together - the customer's images, else one reference sheet a character."""

import asyncio

from film.job_specs import Purpose, fingerprint
from film.prompts import anchor_prompt
from film.purchases import sheet_spec
from film.request import Continuity
from film.status import Status
from film.storyboard import Character, Storyboard
from ledger.database.records import Anchor
from ledger.films.stages import save_anchors
from ledger.purchases.attempts import Purchase
from media.ingest.validate import validate_image
from purchasing.buy import buy
from purchasing.context import PurchaseSpec
from tasks.intact import intact_copy
from tasks.pictures import upload_reference
from tasks.run.film_run import FilmRun
from tasks.run.stage import stage


@stage(Status.ANCHORING)
async def anchoring(run: FilmRun, storyboard: Storyboard) -> tuple[Anchor, ...]:
    """Return the film's reference images as its vendor reads them; none for chained films without one.

    Raises:
        ProviderError: An image could not be bought or uploaded.
        ClipRejected: An image may not be used.
    """
    film = await run.film()
    if film.anchors is not None:
        return film.anchors
    if film.request.continuity is Continuity.CHAINED or not run.ctx.supports_character_sheets(film.request.provider):
        anchors = []
    else:
        drawn = (_drawn(run, storyboard, index, one) for index, one in enumerate(storyboard.characters))
        anchors = await asyncio.gather(*drawn)
    await save_anchors(run.ctx.database, run.lease, anchors)
    return tuple(anchors)


async def _drawn(run: FilmRun, storyboard: Storyboard, index: int, character: Character) -> Anchor:
    ctx, request = run.ctx, run.opened.request
    job_spec = sheet_spec(request, anchor_prompt(storyboard, character))
    print_ = fingerprint(ctx.image_vendor.rate_limit.model, job_spec)
    purchase_spec = PurchaseSpec(
        purchase=Purchase(purpose=Purpose.ANCHOR, slot=index, job_spec=job_spec, fingerprint=print_),
        key_prefix=f"anchors/{print_}",
        suffix=".png",
        validate=validate_image,
        queue_turn=run.turns[ctx.image_vendor.rate_limit],
    )
    stored = await buy(ctx.purchasing, run.lease, purchase_spec, ctx.image_vendor)
    async with intact_copy(run, stored, gate=validate_image) as file:
        facts = await asyncio.to_thread(validate_image, file)
        url = await upload_reference(run, file, facts)
    return Anchor(
        character_id=character.id,
        object_key=stored.object_key,
        url=url,
        width=facts.width,
        height=facts.height,
        size_bytes=stored.size_bytes,
    )
