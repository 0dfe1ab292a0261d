"""Pictures of ours where a vendor reads them: uploaded to ListenHub, a data URL where a vendor has no upload."""

import asyncio
import base64
from pathlib import Path

from film.job_specs import ImageRef
from film.profiles import Vendor
from ledger.database.records import Anchor
from ledger.purchases.attempt import StoredFile
from ledger.purchases.damaged_files import find_maker
from media.ingest.validate import ImageFacts, validate_image
from purchasing.retry import retry_read
from tasks.intact import intact_copy
from tasks.run.film_run import FilmRun


async def upload_reference(run: FilmRun, file: Path, facts: ImageFacts) -> str:
    """Return the URL at which the film's vendor reads a picture, empty if it takes none but inline.

    Raises:
        ProviderUnavailable, ProviderRejected: It could not be uploaded.
    """
    if run.opened.request.profile.vendor is not Vendor.LISTENHUB:
        return ""
    storage, content_type = run.ctx.storage(), _content_type(facts)
    return await retry_read(run.ctx.purchasing, lambda: storage.upload(file, content_type=content_type))


async def frame_reference(run: FilmRun, file: Path) -> ImageRef:
    """Return a local picture as orders name it.

    Raises:
        ClipRejected: It is no picture.
        ProviderUnavailable, ProviderRejected: It could not be uploaded.
    """
    facts = await asyncio.to_thread(validate_image, file)
    url = await upload_reference(run, file, facts) or await asyncio.to_thread(_inline, file, facts)
    return ImageRef(url=url, width=facts.width, height=facts.height, size_bytes=file.stat().st_size)


async def anchor_reference(run: FilmRun, anchor: Anchor) -> ImageRef:
    """Return an anchor as orders name it; one without a URL is read from the store and sent inline."""
    if anchor.url:
        return ImageRef(url=anchor.url, width=anchor.width, height=anchor.height, size_bytes=anchor.size_bytes)
    drawn = await find_maker(run.ctx.database, anchor.object_key)
    recorded = StoredFile(
        object_key=anchor.object_key, sha256=(drawn and drawn.sha256) or "", size_bytes=anchor.size_bytes
    )
    async with intact_copy(run, recorded, gate=validate_image) as file:
        return await frame_reference(run, file)


def _inline(file: Path, facts: ImageFacts) -> str:
    return f"data:{_content_type(facts)};base64,{base64.b64encode(file.read_bytes()).decode()}"


def _content_type(facts: ImageFacts) -> str:
    return f"image/{facts.format.lower()}"
