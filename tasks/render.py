"""The paid POST: an intent is committed, sent at most once, and every doubt is settled by the vendor's own list.

One implementation for segments, anchors, narration and music; free of Prefect. docs/money.md tells the protocol.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from film.errors import (
    ClipRejected,
    DeadlineExceeded,
    ProviderBusy,
    ProviderError,
    ProviderJobFailed,
    ProviderJobUnknown,
    ProviderRateLimited,
    ProviderUnavailable,
    SendAmbiguous,
)
from ledger import attempts
from ledger.attempts import Purchase
from ledger.gate import NotBefore, close_gate
from ledger.leases import Lease
from ledger.rows import Attempt, AttemptState, StoredFile
from providers.ports import JobReport, JobState
from tasks.desk import Counter, Desk

#: A send later than this after its slot was granted takes a new slot: the vendor's window counts arrivals.
_GRANT_FRESH_S: Final = 1.0
#: A download that arrives damaged is fetched again so often before the paid file counts as lost.
_DOWNLOADS_MAX: Final = 3
_PAID_FOR_NOTHING: Final = frozenset({AttemptState.FAILED, AttemptState.ORPHANED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is bought: the order's place and content, where its file goes, and what the file must pass."""

    purchase: Purchase
    #: Store key without its content hash: `clips/<fingerprint>`.
    folder: str
    suffix: str
    #: Raises ClipRejected for a file that may not be used; runs in a thread.
    gate: Callable[[Path], object]


async def buy(desk: Desk, lease: Lease, wanted: Wanted, counter: Counter) -> StoredFile:
    """Return the order's file, bought once however often this is called for the same place of the film.

    Raises:
        ProviderError: The vendor refused the order, or failed it more often than attempts are allowed.
        ClipRejected: The vendor's file was unusable, as often.
        DeadlineExceeded: A job, or the vendor's absence, took too long.
        StaleEpoch: The run no longer owns the film; nothing further was sent or charged.
    """
    purchase = wanted.purchase
    known = [
        attempt
        for attempt in await attempts.attempts_of(desk.books, lease.film_id, purchase.purpose)
        if attempt.slot == purchase.slot
    ]
    spent = sum(attempt.state in _PAID_FOR_NOTHING for attempt in known)
    attempt = known[-1] if known else None
    while True:
        if attempt is not None and attempt.state is AttemptState.READY:
            return _stored(attempt)
        if attempt is None or attempt.state not in {AttemptState.INTENT, AttemptState.SUBMITTED}:
            attempt = await _send(desk, lease, wanted, counter)
        elif attempt.state is AttemptState.INTENT:
            attempt = await _reconcile(desk, lease, attempt, wanted, counter)
        if attempt.state is AttemptState.ORPHANED:
            spent += 1
            _allow_another(desk, spent, SendAmbiguous(provider=attempt.vendor, detail="the job can't be found again"))
        elif attempt.state is AttemptState.SUBMITTED:
            try:
                return await _collect(desk, lease, attempt, wanted, counter)
            except (ProviderJobFailed, ClipRejected) as error:
                spent += 1
                if isinstance(error, ProviderJobFailed) and not error.may_retry:
                    raise
                _allow_another(desk, spent, error)
                attempt = None


def _allow_another(desk: Desk, spent: int, error: ProviderError | ClipRejected) -> None:
    if spent >= desk.attempts_max:
        raise error


async def _send(desk: Desk, lease: Lease, wanted: Wanted, counter: Counter) -> Attempt:
    """Commit an intent and send its one POST; return the attempt submitted, orphaned or absent."""
    unreachable_since: float | None = None
    while True:
        attempt = await _intend(desk, lease, wanted, counter)
        desk.fault("intent_committed")
        try:
            job_id = await _post(desk, attempt, wanted, counter)
        except ProviderRateLimited as error:
            await _refused(desk, lease, attempt, error)
            wait_s = desk.timings.window_s if error.retry_after_s is None else error.retry_after_s
            await close_gate(desk.books, counter.rule, for_s=wait_s)
        except ProviderBusy as error:
            await _refused(desk, lease, attempt, error)
            await desk.clock.sleep(desk.timings.patience_s)
        except ProviderUnavailable as error:  # nothing was sent
            await _refused(desk, lease, attempt, error)
            unreachable_since = unreachable_since or desk.clock.now()
            if desk.clock.now() - unreachable_since > desk.timings.outage_s:
                raise
            await desk.clock.sleep(desk.timings.patience_s)
        except SendAmbiguous:
            return await _reconcile(desk, lease, attempt, wanted, counter)
        except ProviderError as error:
            await _refused(desk, lease, attempt, error)
            raise
        else:
            desk.fault("reply_received")
            return await attempts.submitted(desk.books, lease, attempt, job_id=job_id)


async def _intend(desk: Desk, lease: Lease, wanted: Wanted, counter: Counter) -> Attempt:
    while True:
        nonce = secrets.randbelow(2**31 - 2) + 1
        intended = await attempts.intend(desk.books, lease, wanted.purchase, counter.rule, nonce=nonce)
        if not isinstance(intended, NotBefore):
            return intended
        await desk.clock.sleep(max(intended.at_ms / 1000 - desk.clock.now(), 0.01))


async def _post(desk: Desk, attempt: Attempt, wanted: Wanted, counter: Counter) -> str:
    late_s = desk.clock.now() - attempt.t_intent_ms / 1000
    if late_s > min(_GRANT_FRESH_S, desk.timings.send_deadline_s):
        raise ProviderUnavailable(provider=attempt.vendor, detail=f"not sent: its slot was {late_s:.1f} s old")
    return await counter.vendor.submit(wanted.purchase.order, nonce=attempt.nonce)


async def _refused(desk: Desk, lease: Lease, attempt: Attempt, error: ProviderError) -> None:
    await attempts.closed(desk.books, lease, attempt, AttemptState.REJECTED, failure=str(error))


async def _reconcile(desk: Desk, lease: Lease, attempt: Attempt, wanted: Wanted, counter: Counter) -> Attempt:
    """Settle an intent whose outcome is unknown: adopted (submitted), proven absent, or given up (orphaned)."""
    if not counter.vendor.lists:
        await attempts.orphaned(desk.books, lease, attempt, failure="the vendor has no list to look it up in")
        return await _again(desk, lease, attempt)
    intent_s = attempt.t_intent_ms / 1000
    reads = 0
    while True:
        began_s = desk.clock.now()
        try:
            found = await counter.vendor.candidates(
                wanted.purchase.order, nonce=attempt.nonce, since_s=intent_s - desk.timings.overlap_s
            )
        except (ProviderUnavailable, ProviderRateLimited):
            await desk.clock.sleep(desk.timings.patience_s)
            continue
        taken = await attempts.known_jobs(desk.books, attempt.vendor, [job.job_id for job in found])
        ours = [job for job in found if job.job_id not in taken]
        if ours:
            return await attempts.adopted(
                desk.books, lease, attempt, job_id=ours[0].job_id, strays=[job.job_id for job in ours[1:]]
            )
        # Only reads that began late enough prove anything: an older answer may be from before the job appeared.
        reads += began_s >= intent_s + desk.timings.absence_s
        if reads >= 2:
            await attempts.closed(desk.books, lease, attempt, AttemptState.ABSENT, failure="never created")
            return await _again(desk, lease, attempt)
        await desk.clock.sleep(desk.timings.patience_s)


async def _again(desk: Desk, lease: Lease, attempt: Attempt) -> Attempt:
    known = await attempts.attempts_of(desk.books, lease.film_id, attempt.purpose)
    return next(row for row in known if row.id == attempt.id)


async def _collect(desk: Desk, lease: Lease, attempt: Attempt, wanted: Wanted, counter: Counter) -> StoredFile:
    """Follow a job to its file; store, gate and record it, and post its hold, in that order."""
    for download in range(1, _DOWNLOADS_MAX + 1):
        report = await _finished(desk, attempt, counter)
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
    await attempts.ready(desk.books, lease, attempt, stored, charged=report.charged, refunded=report.refunded)
    desk.fault("ready_posted")
    return stored


async def _finished(desk: Desk, attempt: Attempt, counter: Counter) -> JobReport:
    """Poll a job until it has ended."""
    began_s = desk.clock.now()
    heard_s = began_s
    while True:
        try:
            report = await counter.vendor.report(str(attempt.provider_job_id))
        except (ProviderUnavailable, ProviderJobUnknown, ProviderRateLimited):
            if desk.clock.now() - heard_s > desk.timings.outage_s:
                raise
        else:
            heard_s = desk.clock.now()
            if report.state is not JobState.RUNNING:
                return report
        if desk.clock.now() - began_s > desk.timings.job_deadline_s:
            raise DeadlineExceeded(what=f"a job at {attempt.vendor}", deadline_s=desk.timings.job_deadline_s)
        await desk.clock.sleep(desk.timings.poll_s)


async def _lost(desk: Desk, lease: Lease, attempt: Attempt, report: JobReport, failure: str) -> None:
    await attempts.failed(desk.books, lease, attempt, failure=failure, charged=report.charged, refunded=report.refunded)


def _stored(attempt: Attempt) -> StoredFile:
    assert attempt.object_key and attempt.sha256 and attempt.size_bytes is not None  # noqa: PT018, S101 - ready rows
    return StoredFile(object_key=attempt.object_key, sha256=attempt.sha256, size_bytes=attempt.size_bytes)
