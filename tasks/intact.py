"""A stored file is compared with its recorded hash before it is used; a changed one is fetched from its vendor again.

Nothing is bought for that: the job is paid for, and its vendor hands the file out once more while it has it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from film.errors import (
    ClipRejected,
    LongVideoError,
    ProviderError,
    ProviderJobUnknown,
    ProviderUnavailable,
    SegmentsNotReady,
    StoreUnavailable,
)
from ledger.purchases.attempt import Attempt, StoredFile
from ledger.purchases.damaged_files import find_maker, forget_lost_file, record_restored
from providers.ports import JobState
from purchasing.context import MeteredVendor
from purchasing.retry import retry_read
from runtime.logs import log_event
from store.objects import file_facts
from tasks.run.film_run import FilmRun

_LOG: Final = logging.getLogger("longvideo.run")
#: A download that arrives damaged is tried again so often.
_DOWNLOADS_MAX: Final = 3


@asynccontextmanager
async def intact_copy(
    run: FilmRun, stored: StoredFile, *, gate: Callable[[Path], object], segment: int | None = None
) -> AsyncIterator[Path]:
    """Lend a stored file for the length of the block, as it was recorded.

    Args:
        run: The film's run.
        stored: The file; one without a recorded hash is lent as it is.
        gate: What a file must pass that its vendor hands out anew with other bytes. Raises ClipRejected.
        segment: The segment it belongs to, if it belongs to one.

    Raises:
        SegmentsNotReady: It is damaged and its vendor has it no more; names the segment.
        StoreUnavailable: So is a file that belongs to no segment; or the store can't be read.
        ProviderUnavailable: It is damaged and its vendor can't be asked now.
    """
    async with AsyncExitStack() as lent:
        file = await _as_recorded(run, stored, lent)
        if file is None:
            log_event(
                _LOG, "file_damaged", level=logging.ERROR, film_id=run.film_id, segment=segment, key=stored.object_key
            )
            stored = await _mended(run, stored, gate, segment)
            file = await _as_recorded(run, stored, lent)
        if file is None:
            raise StoreUnavailable(
                where=stored.object_key, reason="what was just written there reads as something else"
            )
        yield file


async def _as_recorded(run: FilmRun, stored: StoredFile, lent: AsyncExitStack) -> Path | None:
    """Return a local copy if the store holds what was recorded, else None."""
    if await run.ctx.objects.size_of(stored.object_key) is None:
        return None
    file = await lent.enter_async_context(run.ctx.local_copy(stored.object_key))
    if not stored.sha256:
        return file
    return file if (await asyncio.to_thread(file_facts, file)).sha256 == stored.sha256 else None


async def _mended(run: FilmRun, stored: StoredFile, gate: Callable[[Path], object], segment: int | None) -> StoredFile:
    maker = await find_maker(run.ctx.database, stored.object_key)
    vendor = None if maker is None else run.ctx.vendor_for_attempt(maker.vendor, maker.model)
    try:
        if maker is None or vendor is None or vendor.rate_limit.key_print != maker.key_print:
            raise StoreUnavailable(where=stored.object_key, reason="it is damaged, and nobody here can ask who made it")  # noqa: TRY301
        return await _fetched_again(run, stored, maker, vendor, gate)
    except ProviderUnavailable:
        raise
    except (ProviderError, ClipRejected, StoreUnavailable) as error:
        raise await _given_up(run, stored, segment, error) from error


async def _given_up(run: FilmRun, stored: StoredFile, segment: int | None, error: LongVideoError) -> LongVideoError:
    key = stored.object_key
    log_event(_LOG, "file_lost", level=logging.ERROR, film_id=run.film_id, segment=segment, key=key, reason=error)
    if segment is None:
        return StoreUnavailable(where=stored.object_key, reason="it is damaged, and its vendor has it no more")
    await forget_lost_file(run.ctx.database, run.lease, stored.object_key)
    return SegmentsNotReady(film_id=run.film_id, missing=[segment])


async def _fetched_again(
    run: FilmRun, stored: StoredFile, maker: Attempt, vendor: MeteredVendor, gate: Callable[[Path], object]
) -> StoredFile:
    ctx, job_id = run.ctx, str(maker.provider_job_id)
    for download in range(1, _DOWNLOADS_MAX + 1):
        job = await retry_read(ctx.purchasing, lambda: vendor.adapter.get_job(job_id))
        if job.state is not JobState.SUCCEEDED:
            raise ProviderJobUnknown(provider=maker.vendor, detail=f"job {job_id} is {job.state} now")
        with TemporaryDirectory(prefix=".again-", dir=ctx.work_dir) as folder:
            file = Path(folder) / f"file{Path(stored.object_key).suffix}"
            try:
                await vendor.adapter.fetch(job, file)
                facts = await asyncio.to_thread(file_facts, file)
                if facts.sha256 != stored.sha256:
                    await asyncio.to_thread(gate, file)
            except (ProviderUnavailable, ClipRejected):
                if download == _DOWNLOADS_MAX:
                    raise
                await ctx.clock.sleep(ctx.timings.retry_delay_s)
                continue
            await ctx.objects.replace(stored.object_key, file)
        anew = replace(stored, sha256=facts.sha256, size_bytes=facts.size_bytes)
        if anew != stored:
            await record_restored(ctx.database, run.lease, anew)
        log_event(_LOG, "file_restored", film_id=run.film_id, key=stored.object_key, job=job_id)
        return anew
    raise AssertionError("unreachable")
