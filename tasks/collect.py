"""From a vendor's job to its file in the store: polled, downloaded, gated, recorded and posted, in that order."""

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
from ledger import attempts
from ledger.attempt import Attempt, StoredFile
from ledger.hints import hinted_since
from ledger.leases import Lease
from providers.polling import wait_for
from providers.ports import JobReport, JobState
from tasks.desk import Counter, Desk, Wanted
from tasks.money_log import age_ms, log_attempt

#: A download that arrives damaged is fetched again so often before the paid file counts as lost.
_DOWNLOADS_MAX: Final = 3


async def collect(desk: Desk, lease: Lease, attempt: Attempt, wanted: Wanted, counter: Counter) -> StoredFile:
    """Follow a job to its file; store, gate and record it, and post its hold, in that order."""
    for download in range(1, _DOWNLOADS_MAX + 1):
        try:
            report = await wait_for(
                counter.vendor,
                str(attempt.provider_job_id),
                clock=desk.clock,
                interval_s=desk.timings.poll_s,
                started_s=attempt.t_intent_ms / 1000,
                deadline_s=desk.timings.job_deadline_s,
                unheard_s=desk.timings.outage_s,
                pause=functools.partial(_hint_or, desk, attempt) if counter.called_back else None,
            )
        except (ProviderJobUnknown, DeadlineExceeded) as error:
            await attempts.orphaned(desk.books, lease, attempt, failure=str(error))
            log_attempt("job_orphaned", attempt, level=logging.WARNING, reason=error, latency_ms=age_ms(desk, attempt))
            raise
        if report.state is JobState.FAILED:
            await _lost(desk, lease, attempt, report, str(report.failure))
            raise report.failure or ProviderJobFailed(provider=attempt.vendor, detail="failed without a reason")
        try:
            return await _keep(desk, lease, attempt, report, wanted, counter)
        except ProviderUnavailable:
            await desk.clock.sleep(desk.timings.patience_s)
        except ClipRejected as error:
            if download == _DOWNLOADS_MAX:
                await _lost(desk, lease, attempt, report, str(error))
                raise
            await desk.clock.sleep(desk.timings.patience_s)
    lost = ProviderJobFailed(provider=attempt.vendor, detail="its file could not be downloaded")
    await _lost(desk, lease, attempt, report, str(lost))
    raise lost


async def _hint_or(desk: Desk, attempt: Attempt, seconds: float) -> None:
    """Wait `seconds`, or until the vendor calls back for the attempt: then it is polled at once."""
    began_s = desk.clock.now()
    while (left_s := began_s + seconds - desk.clock.now()) > 0:
        await desk.clock.sleep(min(left_s, desk.timings.watch_s))
        if await hinted_since(desk.books, attempt.id, round(began_s * 1000)):
            return


async def _keep(
    desk: Desk, lease: Lease, attempt: Attempt, report: JobReport, wanted: Wanted, counter: Counter
) -> StoredFile:
    with TemporaryDirectory(prefix=f".{attempt.id}.", dir=desk.work) as folder:
        file = Path(folder) / f"file{wanted.suffix}"
        await counter.vendor.fetch(report, file)
        desk.fault("file_downloaded")
        await asyncio.to_thread(wanted.gate, file)
        facts = await desk.objects.put(f"{wanted.folder}/{attempt.id}{wanted.suffix}", file)
    desk.fault("file_stored")
    stored = StoredFile(
        object_key=f"{wanted.folder}/{attempt.id}{wanted.suffix}", sha256=facts.sha256, size_bytes=facts.size_bytes
    )
    posted_mc = await attempts.ready(
        desk.books, lease, attempt, stored, charged=report.charged, refunded=report.refunded
    )
    desk.fault("ready_posted")
    took = age_ms(desk, attempt)
    log_attempt("job_ready", attempt, job=attempt.provider_job_id, charged=report.charged, latency_ms=took)
    if posted_mc is not None:
        log_attempt("hold_posted", attempt, credits=credits_number(posted_mc))
    return stored


async def _lost(desk: Desk, lease: Lease, attempt: Attempt, report: JobReport, failure: str) -> None:
    retryable = report.failure is None or (isinstance(report.failure, ProviderJobFailed) and report.failure.may_retry)
    await attempts.failed(
        desk.books,
        lease,
        attempt,
        failure=failure,
        final=not retryable,
        charged=report.charged,
        refunded=report.refunded,
    )
    took = age_ms(desk, attempt)
    log_attempt("job_failed", attempt, level=logging.WARNING, reason=failure, may_retry=retryable, latency_ms=took)


def stored_file(attempt: Attempt) -> StoredFile:
    """Return what a ready attempt left in the store."""
    assert attempt.object_key and attempt.sha256 and attempt.size_bytes is not None  # noqa: PT018, S101 - ready rows
    return StoredFile(object_key=attempt.object_key, sha256=attempt.sha256, size_bytes=attempt.size_bytes)
