"""anchoring: what holds a character together - the customer's images, else one reference sheet a character."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from film.orders import Purpose, fingerprint
from film.prompts import anchor_prompt
from film.purchases import sheet_order
from film.request import Continuity
from film.status import Status
from film.storyboard import Character, Storyboard
from ledger.attempts import Purchase
from ledger.rows import Anchor
from ledger.stages import save_anchors
from media.gate import gate_image
from tasks.desk import Wanted
from tasks.pictures import uploaded
from tasks.render import buy
from tasks.run import FilmRun
from tasks.stage import stage


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
    if film.request.reference_images:
        anchors = await asyncio.gather(*(_brought(run, url) for url in film.request.reference_images))
    elif film.request.continuity is Continuity.CHAINED or not run.studio.sheets_allowed(film.request.provider):
        anchors = []
    else:
        drawn = (_drawn(run, storyboard, index, one) for index, one in enumerate(storyboard.characters))
        anchors = await asyncio.gather(*drawn)
    await save_anchors(run.studio.books, run.lease, anchors)
    return tuple(anchors)


async def _brought(run: FilmRun, url: str) -> Anchor:
    """Look at the customer's image before its URL is sent on: it must be one, and some vendors want its size."""
    with TemporaryDirectory(prefix=".anchor-", dir=run.studio.work) as folder:
        file = Path(folder) / "image"
        await run.studio.download(url, file)
        facts = await asyncio.to_thread(gate_image, file)
        size_bytes = file.stat().st_size
    return Anchor(
        character_id="", object_key="", url=url, width=facts.width, height=facts.height, size_bytes=size_bytes
    )


async def _drawn(run: FilmRun, storyboard: Storyboard, index: int, character: Character) -> Anchor:
    studio, request = run.studio, run.opened.request
    order = sheet_order(request, anchor_prompt(storyboard, character))
    print_ = fingerprint(studio.images.rule.model, order)
    wanted = Wanted(
        purchase=Purchase(purpose=Purpose.ANCHOR, slot=index, order=order, fingerprint=print_),
        folder=f"anchors/{print_}",
        suffix=".png",
        gate=gate_image,
        turn=run.turns[studio.images.rule],
    )
    stored = await buy(studio.desk, run.lease, wanted, studio.images)
    async with studio.local_copy(stored.object_key) as file:
        facts = await asyncio.to_thread(gate_image, file)
        url = await uploaded(run, file, facts)
    return Anchor(
        character_id=character.id,
        object_key=stored.object_key,
        url=url,
        width=facts.width,
        height=facts.height,
        size_bytes=stored.size_bytes,
    )
