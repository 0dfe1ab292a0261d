"""From a vendor's job to its file in the store: polled, downloaded, validated, recorded and posted, in that order."""

import asyncio
import functools
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from film.credits import credits_number
from film.errors import (
    ClipRejected,
    DeadlineExceeded,
    ProviderJobFailed,
    ProviderJobUnknown,
    ProviderUnavailable,
)
from ledger.leases import Lease
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt, StoredFile
from ledger.purchases.callbacks import callback_since
from providers.polling import wait_for_job
from providers.ports import JobState, JobStatus
from purchasing.context import MeteredVendor, PurchaseContext, PurchaseSpec
from purchasing.money_log import age_ms, log_attempt

#: A download that arrives damaged is fetched again so often before the paid file counts as lost.
_DOWNLOADS_MAX: Final = 3


async def collect(
    ctx: PurchaseContext, lease: Lease, attempt: Attempt, spec: PurchaseSpec, vendor: MeteredVendor
) -> StoredFile:
    """Follow a job to its file; store, validate and record it, and post its hold, in that order."""
    for download in range(1, _DOWNLOADS_MAX + 1):
        try:
            job = await wait_for_job(
                vendor.adapter,
                str(attempt.provider_job_id),
                clock=ctx.clock,
                interval_s=ctx.timings.poll_s,
                started_s=attempt.t_intent_ms / 1000,
                deadline_s=ctx.timings.job_deadline_s,
                unreachable_max_s=ctx.timings.vendor_outage_max_s,
                pause=functools.partial(_callback_or, ctx, attempt) if vendor.has_callbacks else None,
            )
        except (ProviderJobUnknown, DeadlineExceeded) as error:
            await attempts.mark_orphaned(ctx.database, lease, attempt, failure=str(error))
            log_attempt("job_orphaned", attempt, level=logging.WARNING, reason=error, latency_ms=age_ms(ctx, attempt))
            raise
        if job.state is JobState.FAILED:
            await _lost(ctx, lease, attempt, job, str(job.failure))
            raise job.failure or ProviderJobFailed(provider=attempt.vendor, detail="failed without a reason")
        try:
            return await _store(ctx, lease, attempt, job, spec, vendor)
        except ProviderUnavailable:
            await ctx.clock.sleep(ctx.timings.retry_delay_s)
        except ClipRejected as error:
            if download == _DOWNLOADS_MAX:
                await _lost(ctx, lease, attempt, job, str(error))
                raise
            await ctx.clock.sleep(ctx.timings.retry_delay_s)
    lost = ProviderJobFailed(provider=attempt.vendor, detail="its file could not be downloaded")
    await _lost(ctx, lease, attempt, job, str(lost))
    raise lost


async def _callback_or(ctx: PurchaseContext, attempt: Attempt, seconds: float) -> None:
    """Wait `seconds`, or until the vendor calls back for the attempt: then it is polled at once."""
    began_s = ctx.clock.now()
    while (left_s := began_s + seconds - ctx.clock.now()) > 0:
        await ctx.clock.sleep(min(left_s, ctx.timings.poll_db_s))
        if await callback_since(ctx.database, attempt.id, round(began_s * 1000)):
            return


async def _store(
    ctx: PurchaseContext, lease: Lease, attempt: Attempt, job: JobStatus, spec: PurchaseSpec, vendor: MeteredVendor
) -> StoredFile:
    with TemporaryDirectory(prefix=f".{attempt.id}.", dir=ctx.work_dir) as folder:
        file = Path(folder) / f"file{spec.suffix}"
        await vendor.adapter.fetch(job, file)
        ctx.failpoint("file_downloaded")
        await asyncio.to_thread(spec.validate, file)
        facts = await ctx.objects.put(f"{spec.key_prefix}/{attempt.id}{spec.suffix}", file)
    ctx.failpoint("file_stored")
    stored = StoredFile(
        object_key=f"{spec.key_prefix}/{attempt.id}{spec.suffix}", sha256=facts.sha256, size_bytes=facts.size_bytes
    )
    posted_mc = await attempts.mark_ready(
        ctx.database, lease, attempt, stored, charged=job.charged, refunded=job.refunded
    )
    ctx.failpoint("ready_posted")
    took = age_ms(ctx, attempt)
    log_attempt("job_ready", attempt, job=attempt.provider_job_id, charged=job.charged, latency_ms=took)
    if posted_mc is not None:
        log_attempt("hold_posted", attempt, credits=credits_number(posted_mc))
    return stored


async def _lost(ctx: PurchaseContext, lease: Lease, attempt: Attempt, job: JobStatus, failure: str) -> None:
    retryable = job.failure is None or (isinstance(job.failure, ProviderJobFailed) and job.failure.may_retry)
    await attempts.mark_failed(
        ctx.database,
        lease,
        attempt,
        failure=failure,
        final=not retryable,
        charged=job.charged,
        refunded=job.refunded,
    )
    took = age_ms(ctx, attempt)
    log_attempt("job_failed", attempt, level=logging.WARNING, reason=failure, may_retry=retryable, latency_ms=took)


def stored_file(attempt: Attempt) -> StoredFile:
    """Return what a ready attempt left in the store."""
    assert attempt.object_key and attempt.sha256 and attempt.size_bytes is not None  # noqa: PT018, S101 - ready rows
    return StoredFile(object_key=attempt.object_key, sha256=attempt.sha256, size_bytes=attempt.size_bytes)
