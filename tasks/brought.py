"""What a customer brings along, music and pictures: fetched and judged before anything is bought, and kept."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from film.errors import BroughtUnusable, ClipRejected, ProviderUnavailable
from film.job_specs import uploaded_music_key
from film.request import MusicChoice
from film.status import ErrorCode, Status
from ledger.database.records import Anchor
from ledger.films.stages import save_anchors
from ledger.purchases.attempt import StoredFile
from media.ingest.validate import validate_image, validate_sound
from tasks.run.faults import as_stage_failure
from tasks.run.film_run import FilmRun

#: A server that fails for a moment is asked again so often.
_TRIES_MAX: Final = 3


async def fetch_brought(run: FilmRun) -> None:
    """Have everything the customer brings: the music in the store, the pictures looked at and noted as anchors.

    What an earlier run, or the film that this one retries, has fetched is used.

    Raises:
        StageFailed: `music_failed` or `anchor_failed`: a file can't be fetched in time, or isn't what it should be.
    """
    request = run.opened.request
    if isinstance(request.music, MusicChoice) and request.music.url is not None:
        await music_object(run, request.music.url)
    if request.reference_images and (await run.film()).anchors is None:
        with as_stage_failure(Status.SCRIPTING, code=ErrorCode.ANCHOR_FAILED):
            anchors = await asyncio.gather(*(_picture(run, url) for url in request.reference_images))
        await save_anchors(run.ctx.database, run.lease, anchors)


async def music_object(run: FilmRun, url: str) -> StoredFile:
    """Return the object that holds the customer's music; its hash is recorded nowhere.

    Raises:
        StageFailed: `music_failed`.
    """
    key, objects = uploaded_music_key(run.film_id), run.ctx.objects
    with as_stage_failure(Status.SCRIPTING, code=ErrorCode.MUSIC_FAILED):
        if await objects.size_of(key) is None:
            with TemporaryDirectory(prefix=".music-", dir=run.ctx.work_dir) as folder:
                file = Path(folder) / "music"
                if not await _of_the_former(run, file):
                    await _fetched(run, url, file, field="music", gate=validate_sound)
                await objects.put(key, file)
    return StoredFile(object_key=key, sha256="", size_bytes=0)


async def _of_the_former(run: FilmRun, into: Path) -> bool:
    """Copy the music of the film that this one retries, if it is there."""
    former = run.opened.retry_of
    if former is None or await run.ctx.objects.size_of(uploaded_music_key(former)) is None:
        return False
    await run.ctx.objects.read(uploaded_music_key(former), into)
    return True


async def _picture(run: FilmRun, url: str) -> Anchor:
    """Look at the customer's image before its URL is sent on: it must be one, and some vendors want its size."""
    with TemporaryDirectory(prefix=".anchor-", dir=run.ctx.work_dir) as folder:
        file = Path(folder) / "image"
        await _fetched(run, url, file, field="reference_images", gate=validate_image)
        facts = await asyncio.to_thread(validate_image, file)
        size_bytes = file.stat().st_size
    return Anchor(
        character_id="", object_key="", url=url, width=facts.width, height=facts.height, size_bytes=size_bytes
    )


async def _fetched(run: FilmRun, url: str, into: Path, *, field: str, gate: Callable[[Path], object]) -> None:
    bound_s = run.ctx.timings.brought_s
    try:
        async with asyncio.timeout(bound_s):
            await _downloaded(run, url, into)
        await asyncio.to_thread(gate, into)
    except TimeoutError as error:
        raise BroughtUnusable(field=field, reason=f"it didn't arrive within {bound_s:.0f} s") from error
    except ProviderUnavailable as error:
        raise BroughtUnusable(field=field, reason="it can't be read at its address") from error
    except ClipRejected as error:
        expected = error.expected.replace("/", ", ")
        raise BroughtUnusable(field=field, reason=f"its {error.check} is wrong, expected: {expected}") from error


async def _downloaded(run: FilmRun, url: str, into: Path) -> None:
    for tries in range(1, _TRIES_MAX + 1):
        try:
            await run.ctx.download(url, into)
        except ProviderUnavailable:
            if tries == _TRIES_MAX:
                raise
            await run.ctx.clock.sleep(run.ctx.timings.retry_delay_s)
        else:
            return
