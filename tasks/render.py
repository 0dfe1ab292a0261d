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
from ledger.rows import LIVE_ATTEMPTS, Attempt, AttemptState, StoredFile
from providers.ports import JobReport, JobState
from tasks.desk import Counter, Desk
from tasks.reconcile import reconcile

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
        if attempt is None or attempt.state not in LIVE_ATTEMPTS:
            if spent >= desk.attempts_max:  # an earlier run spent them all and died before it could say so
                raise ProviderJobFailed(provider=counter.vendor.vendor, detail="no attempt is left", may_retry=False)
            attempt = await _send(desk, lease, wanted, counter)
        elif not _sent_by(attempt, counter):
            attempt = await attempts.orphaned(
                desk.books, lease, attempt, failure=f"nobody here speaks for {_who(attempt)}"
            )
        elif attempt.state is AttemptState.INTENT:
            attempt = await reconcile(desk, lease, attempt, purchase, counter)
        if attempt.state is AttemptState.ORPHANED:
            spent += 1
            _allow_another(desk, spent, SendAmbiguous(provider=attempt.vendor, detail="the job can't be found again"))
        elif attempt.state is AttemptState.SUBMITTED:
            try:
                return await _collect(desk, lease, attempt, wanted, counter)
            except (ProviderJobFailed, ProviderJobUnknown, DeadlineExceeded, ClipRejected) as error:
                spent += 1
                if isinstance(error, ProviderJobFailed) and not error.may_retry:
                    raise
                _allow_another(desk, spent, error)
                attempt = None


def _allow_another(desk: Desk, spent: int, error: ProviderError | ClipRejected | DeadlineExceeded) -> None:
    if spent >= desk.attempts_max:
        raise error


def _sent_by(attempt: Attempt, counter: Counter) -> bool:
    """Return whether the counter's adapter is the one that sent an attempt: no other may follow its job.

    A job of another vendor, model or key can't be asked for by this one. It is booked as the operator's loss, and
    buying goes on within the attempts that are allowed: a customer's film outlives a rotated key.
    """
    rule = counter.rule
    return (attempt.vendor, attempt.model, attempt.key_print) == (rule.vendor, rule.model, rule.key_print)


def _who(attempt: Attempt) -> str:
    return f"{attempt.vendor} {attempt.model} under the key {attempt.key_print}"


async def _send(desk: Desk, lease: Lease, wanted: Wanted, counter: Counter) -> Attempt:
    """Commit an intent and send its one POST; return the attempt submitted, orphaned or absent."""
    unreachable_since: float | None = None
    while True:
        attempt = await _intend(desk, lease, wanted, counter)
        desk.fault("intent_committed")
        late_s = desk.clock.now() - attempt.t_intent_ms / 1000
        if late_s > min(_GRANT_FRESH_S, desk.timings.send_deadline_s):
            await _refused(desk, lease, attempt, f"not sent: its slot was {late_s:.1f} s old")
            continue
        try:
            job_id = await counter.vendor.submit(wanted.purchase.order, nonce=attempt.nonce)
        except ProviderRateLimited as error:
            unreachable_since = None
            await _refused(desk, lease, attempt, error)
            wait_s = desk.timings.window_s if error.retry_after_s is None else error.retry_after_s
            await close_gate(desk.books, counter.rule, for_s=wait_s)
        except ProviderBusy as error:
            unreachable_since = None
            await _refused(desk, lease, attempt, error)
            await desk.clock.sleep(desk.timings.patience_s)
        except ProviderUnavailable as error:  # nothing was sent
            await _refused(desk, lease, attempt, error)
            unreachable_since = unreachable_since or desk.clock.now()
            if desk.clock.now() - unreachable_since > desk.timings.outage_s:
                raise
            await desk.clock.sleep(desk.timings.patience_s)
        except SendAmbiguous:
            return await reconcile(desk, lease, attempt, wanted.purchase, counter)
        except ProviderError as error:
            await _refused(desk, lease, attempt, error)
            raise
        else:
            desk.fault("reply_received")
            submitted = await attempts.adopted(desk.books, lease, attempt, listed=[job_id])
            # None: an equal order, whose own reply was lost, found this job first. What is left in the list is ours.
            return submitted or await reconcile(desk, lease, attempt, wanted.purchase, counter)


async def _intend(desk: Desk, lease: Lease, wanted: Wanted, counter: Counter) -> Attempt:
    while True:
        nonce = secrets.randbelow(2**31 - 2) + 1
        intended = await attempts.intend(desk.books, lease, wanted.purchase, counter.rule, nonce=nonce)
        if not isinstance(intended, NotBefore):
            return intended
        await desk.clock.sleep(max(intended.at_ms / 1000 - desk.clock.now(), 0.01))


async def _refused(desk: Desk, lease: Lease, attempt: Attempt, reason: ProviderError | str) -> None:
    await attempts.closed(desk.books, lease, attempt, AttemptState.REJECTED, failure=str(reason))


async def _collect(desk: Desk, lease: Lease, attempt: Attempt, wanted: Wanted, counter: Counter) -> StoredFile:
    """Follow a job to its file; store, gate and record it, and post its hold, in that order."""
    for download in range(1, _DOWNLOADS_MAX + 1):
        try:
            report = await _finished(desk, attempt, counter)
        except (ProviderJobUnknown, DeadlineExceeded) as error:
            await attempts.orphaned(desk.books, lease, attempt, failure=str(error))
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
    """Poll a job until it has ended.

    Raises:
        ProviderUnavailable, ProviderRateLimited: The vendor could not be asked for `outage_s`.
        ProviderJobUnknown: It has denied the job for as long.
        DeadlineExceeded: The job runs longer than any may, counted from its intent, whichever process asks.
    """
    heard_s = desk.clock.now()
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
            if heard_s - attempt.t_intent_ms / 1000 > desk.timings.job_deadline_s:
                raise DeadlineExceeded(what=f"a job at {attempt.vendor}", deadline_s=desk.timings.job_deadline_s)
        await desk.clock.sleep(desk.timings.poll_s)


async def _lost(desk: Desk, lease: Lease, attempt: Attempt, report: JobReport, failure: str) -> None:
    await attempts.failed(desk.books, lease, attempt, failure=failure, charged=report.charged, refunded=report.refunded)


def _stored(attempt: Attempt) -> StoredFile:
    assert attempt.object_key and attempt.sha256 and attempt.size_bytes is not None  # noqa: PT018, S101 - ready rows
    return StoredFile(object_key=attempt.object_key, sha256=attempt.sha256, size_bytes=attempt.size_bytes)
