"""The paid POST: an intent is committed, sent at most once, and every doubt is settled by the vendor's own list.

One implementation for segments, anchors, narration and music; free of Prefect. docs/money.md tells the protocol.
"""

import logging
import secrets
from collections.abc import Sequence
from decimal import Decimal
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
from film.orders import Order
from ledger import attempts
from ledger.attempt import LIVE_ATTEMPTS, Attempt, AttemptState, StoredFile
from ledger.gate import NotBefore, close_gate
from ledger.leases import Lease
from ledger.spend import Allowance
from tasks.collect import collect, stored_file
from tasks.desk import Counter, Desk, Wanted
from tasks.money_log import log_attempt
from tasks.reconcile import reconcile

_PAID_FOR_NOTHING: Final = frozenset({AttemptState.FAILED, AttemptState.ORPHANED})


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
    if known and known[-1].final:  # an earlier run saw it and died before it could say so
        vendor, told = known[-1].vendor, known[-1].failure or "failed"
        raise ProviderJobFailed(provider=vendor, detail=told.removeprefix(f"{vendor}: "), may_retry=False)
    spent = sum(attempt.state in _PAID_FOR_NOTHING for attempt in known)
    attempt = _last(known)
    while True:
        if attempt is not None and attempt.state is AttemptState.READY:
            return stored_file(attempt)
        if attempt is None or attempt.state not in LIVE_ATTEMPTS:
            if spent >= desk.attempts_max:  # an earlier run spent them all and died before it could say so
                raise ProviderJobFailed(provider=counter.vendor.vendor, detail="no attempt is left", may_retry=False)
            attempt = await _send(desk, lease, wanted, counter)
        elif not _sent_by(attempt, counter):
            attempt = await attempts.orphaned(
                desk.books, lease, attempt, failure=f"nobody here speaks for {_who(attempt)}"
            )
            log_attempt("job_orphaned", attempt, level=logging.WARNING, reason=attempt.failure)
        elif attempt.state is AttemptState.INTENT:
            attempt = await reconcile(desk, lease, attempt, purchase, counter)
        if attempt.state is AttemptState.ORPHANED:
            spent += 1
            _allow_another(desk, spent, SendAmbiguous(provider=attempt.vendor, detail="the job can't be found again"))
        elif attempt.state is AttemptState.SUBMITTED:
            try:
                return await collect(desk, lease, attempt, wanted, counter)
            except (ProviderJobFailed, ProviderJobUnknown, DeadlineExceeded, ClipRejected) as error:
                spent += 1
                if isinstance(error, ProviderJobFailed) and not error.may_retry:
                    raise
                _allow_another(desk, spent, error)
                attempt = None


def _last(known: Sequence[Attempt]) -> Attempt | None:
    """Return where an earlier run came to; its intent, or its job, is taken up again."""
    attempt = known[-1] if known else None
    if attempt is not None and attempt.state in LIVE_ATTEMPTS:
        log_attempt("attempt_resumed", attempt, outcome=attempt.state.value)
    return attempt


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
    allowance = await _allowance(wanted.purchase.order, counter)
    while True:
        attempt = await _intend(desk, lease, wanted, counter, allowance)
        desk.fault("intent_committed")
        late_s = desk.clock.now() - attempt.t_intent_ms / 1000
        if late_s > min(desk.timings.grant_fresh_s, desk.timings.send_deadline_s):
            await _unsent(desk, lease, attempt, f"its slot was {late_s:.1f} s old")
            continue
        log_attempt("submit_sending", attempt, epoch=lease.epoch)
        began_s = desk.clock.now()
        try:
            job_id = await counter.vendor.submit(wanted.purchase.order, nonce=attempt.nonce)
        except ProviderRateLimited as error:
            unreachable_since = None
            await _refused(desk, lease, attempt, error, "submit_rate_limited", began_s)
            wait_s = desk.timings.window_s if error.retry_after_s is None else error.retry_after_s
            await close_gate(desk.books, counter.rule, for_s=wait_s)
        except ProviderBusy as error:
            unreachable_since = None
            await _refused(desk, lease, attempt, error, "submit_busy", began_s)
            await desk.clock.sleep(desk.timings.patience_s)
        except ProviderUnavailable as error:
            await _unsent(desk, lease, attempt, error)
            unreachable_since = unreachable_since or desk.clock.now()
            if desk.clock.now() - unreachable_since > desk.timings.outage_s:
                raise
            await desk.clock.sleep(desk.timings.patience_s)
        except SendAmbiguous as error:
            took = _took_ms(desk, began_s)
            log_attempt("submit_ambiguous", attempt, level=logging.WARNING, reason=error, latency_ms=took)
            return await reconcile(desk, lease, attempt, wanted.purchase, counter)
        except ProviderError as error:
            await _refused(desk, lease, attempt, error, "submit_rejected", began_s)
            raise
        else:
            took = _took_ms(desk, began_s)
            desk.fault("reply_received")
            submitted = await attempts.adopted(desk.books, lease, attempt, listed=[job_id])
            outcome = "adopted by an equal order" if submitted is None else None
            log_attempt("submit_accepted", attempt, job=job_id, outcome=outcome, latency_ms=took)
            # None: an equal order, whose own reply was lost, found this job first. What is left in the list is ours.
            return submitted or await reconcile(desk, lease, attempt, wanted.purchase, counter)


async def _allowance(order: Order, counter: Counter) -> Allowance:
    """Return what the order is expected to cost: a vendor that can't say now doesn't hold the film up."""
    try:
        estimated: Decimal | None = await counter.vendor.estimate(order)
    except ProviderError:
        estimated = None
    return Allowance(estimated=estimated, cap=counter.cap, setting=counter.cap_setting)


async def _intend(desk: Desk, lease: Lease, wanted: Wanted, counter: Counter, allowance: Allowance) -> Attempt:
    async with wanted.turn:
        while True:
            nonce = secrets.randbelow(2**31 - 2) + 1
            intended = await attempts.intend(
                desk.books, lease, wanted.purchase, counter.rule, nonce=nonce, allowance=allowance
            )
            if not isinstance(intended, NotBefore):
                return intended
            await desk.clock.sleep(max(intended.at_ms / 1000 - desk.clock.now(), 0.01))


async def _unsent(desk: Desk, lease: Lease, attempt: Attempt, reason: ProviderError | str) -> None:
    await attempts.closed(desk.books, lease, attempt, AttemptState.UNSENT, failure=str(reason))
    log_attempt("submit_unsent", attempt, reason=reason)


async def _refused(
    desk: Desk, lease: Lease, attempt: Attempt, reason: ProviderError, action: str, began_s: float
) -> None:
    took = _took_ms(desk, began_s)
    await attempts.closed(desk.books, lease, attempt, AttemptState.REJECTED, failure=str(reason))
    log_attempt(action, attempt, reason=reason, latency_ms=took)


def _took_ms(desk: Desk, began_s: float) -> int:
    return round((desk.clock.now() - began_s) * 1000)
