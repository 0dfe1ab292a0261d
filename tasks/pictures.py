"""Pictures of ours where a vendor reads them: uploaded to ListenHub, a data URL where a vendor has no upload."""

import asyncio
import base64
from pathlib import Path

from film.orders import ImageRef
from film.profiles import Vendor
from ledger.rows import Anchor
from media.gate import ImageFacts, gate_image
from tasks.patience import patiently
from tasks.run import FilmRun


async def uploaded(run: FilmRun, file: Path, facts: ImageFacts) -> str:
    """Return the URL at which the film's vendor reads a picture, empty if it takes none but inline.

    Raises:
        ProviderUnavailable, ProviderRejected: It could not be uploaded.
    """
    if run.opened.request.profile.vendor is not Vendor.LISTENHUB:
        return ""
    storage, content_type = run.studio.storage(), _content_type(facts)
    return await patiently(run.studio.desk, lambda: storage.upload(file, content_type=content_type))


async def frame_ref(run: FilmRun, file: Path) -> ImageRef:
    """Return a local picture as orders name it.

    Raises:
        ClipRejected: It is no picture.
        ProviderUnavailable, ProviderRejected: It could not be uploaded.
    """
    facts = await asyncio.to_thread(gate_image, file)
    url = await uploaded(run, file, facts) or await asyncio.to_thread(_inline, file, facts)
    return ImageRef(url=url, width=facts.width, height=facts.height, size_bytes=file.stat().st_size)


async def anchor_ref(run: FilmRun, anchor: Anchor) -> ImageRef:
    """Return an anchor as orders name it; one without a URL is read from the store and sent inline."""
    if anchor.url:
        return ImageRef(url=anchor.url, width=anchor.width, height=anchor.height, size_bytes=anchor.size_bytes)
    async with run.studio.local_copy(anchor.object_key) as file:
        return await frame_ref(run, file)


def _inline(file: Path, facts: ImageFacts) -> str:
    return f"data:{_content_type(facts)};base64,{base64.b64encode(file.read_bytes()).decode()}"


def _content_type(facts: ImageFacts) -> str:
    return f"image/{facts.format.lower()}"
