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
from film.job_specs import JobSpec
from ledger.leases import Lease
from ledger.purchases import attempts
from ledger.purchases.attempt import LIVE_ATTEMPTS, Attempt, AttemptState, StoredFile
from ledger.purchases.rate_limit import RetryAt, block_submits
from ledger.purchases.vendor_spend import SpendBudget
from purchasing.collect import collect, stored_file
from purchasing.context import MeteredVendor, PurchaseContext, PurchaseSpec
from purchasing.money_log import log_attempt
from purchasing.reconcile import reconcile

_PAID_FOR_NOTHING: Final = frozenset({AttemptState.FAILED, AttemptState.ORPHANED})


async def buy(ctx: PurchaseContext, lease: Lease, spec: PurchaseSpec, vendor: MeteredVendor) -> StoredFile:
    """Return the order's file, bought once however often this is called for the same place of the film.

    Raises:
        ProviderError: The vendor refused the order, or failed it more often than attempts are allowed.
        ClipRejected: The vendor's file was unusable, as often.
        DeadlineExceeded: A job, or the vendor's absence, took too long.
        StaleEpoch: The run no longer owns the film; nothing further was sent or charged.
    """
    purchase = spec.purchase
    known = [
        attempt
        for attempt in await attempts.list_attempts(ctx.database, lease.film_id, purchase.purpose)
        if attempt.slot == purchase.slot
    ]
    if known and known[-1].final:  # an earlier run saw it and died before it could say so
        provider, told = known[-1].vendor, known[-1].failure or "failed"
        raise ProviderJobFailed(provider=provider, detail=told.removeprefix(f"{provider}: "), may_retry=False)
    spent = sum(attempt.state in _PAID_FOR_NOTHING for attempt in known)
    attempt = _last(known)
    while True:
        if attempt is not None and attempt.state is AttemptState.READY:
            return stored_file(attempt)
        if attempt is None or attempt.state not in LIVE_ATTEMPTS:
            if spent >= ctx.attempts_max:  # an earlier run spent them all and died before it could say so
                raise ProviderJobFailed(provider=vendor.adapter.vendor, detail="no attempt is left", may_retry=False)
            attempt = await _send(ctx, lease, spec, vendor)
        elif not _was_sent_by(attempt, vendor):
            attempt = await attempts.mark_orphaned(
                ctx.database, lease, attempt, failure=f"nobody here speaks for {_who(attempt)}"
            )
            log_attempt("job_orphaned", attempt, level=logging.WARNING, reason=attempt.failure)
        elif attempt.state is AttemptState.INTENT:
            attempt = await reconcile(ctx, lease, attempt, purchase, vendor)
        if attempt.state is AttemptState.ORPHANED:
            spent += 1
            _allow_another(ctx, spent, SendAmbiguous(provider=attempt.vendor, detail="the job can't be found again"))
        elif attempt.state is AttemptState.SUBMITTED:
            try:
                return await collect(ctx, lease, attempt, spec, vendor)
            except (ProviderJobFailed, ProviderJobUnknown, DeadlineExceeded, ClipRejected) as error:
                spent += 1
                if isinstance(error, ProviderJobFailed) and not error.may_retry:
                    raise
                _allow_another(ctx, spent, error)
                attempt = None


def _last(known: Sequence[Attempt]) -> Attempt | None:
    """Return where an earlier run came to; its intent, or its job, is taken up again."""
    attempt = known[-1] if known else None
    if attempt is not None and attempt.state in LIVE_ATTEMPTS:
        log_attempt("attempt_resumed", attempt, outcome=attempt.state.value)
    return attempt


def _allow_another(ctx: PurchaseContext, spent: int, error: ProviderError | ClipRejected | DeadlineExceeded) -> None:
    if spent >= ctx.attempts_max:
        raise error


def _was_sent_by(attempt: Attempt, vendor: MeteredVendor) -> bool:
    """Return whether the vendor's adapter is the one that sent an attempt: no other may follow its job.

    A job of another vendor, model or key can't be asked for by this one. It is booked as the operator's loss, and
    buying goes on within the attempts that are allowed: a customer's film outlives a rotated key.
    """
    rate_limit = vendor.rate_limit
    return (attempt.vendor, attempt.model, attempt.key_print) == (
        rate_limit.vendor,
        rate_limit.model,
        rate_limit.key_print,
    )


def _who(attempt: Attempt) -> str:
    return f"{attempt.vendor} {attempt.model} under the key {attempt.key_print}"


async def _send(ctx: PurchaseContext, lease: Lease, spec: PurchaseSpec, vendor: MeteredVendor) -> Attempt:
    """Commit an intent and send its one POST; return the attempt submitted, orphaned or absent."""
    unreachable_since: float | None = None
    budget = await _spend_budget(spec.purchase.job_spec, vendor)
    while True:
        attempt = await _intend(ctx, lease, spec, vendor, budget)
        ctx.failpoint("intent_committed")
        late_s = ctx.clock.now() - attempt.t_intent_ms / 1000
        if late_s > min(ctx.timings.grant_fresh_s, ctx.timings.send_deadline_s):
            await _mark_unsent(ctx, lease, attempt, f"its slot was {late_s:.1f} s old")
            continue
        log_attempt("submit_sending", attempt, epoch=lease.epoch)
        began_s = ctx.clock.now()
        try:
            job_id = await vendor.adapter.submit(spec.purchase.job_spec, nonce=attempt.nonce)
        except ProviderRateLimited as error:
            unreachable_since = None
            await _mark_refused(ctx, lease, attempt, error, "submit_rate_limited", began_s)
            wait_s = ctx.timings.window_s if error.retry_after_s is None else error.retry_after_s
            await block_submits(ctx.database, vendor.rate_limit, for_s=wait_s)
        except ProviderBusy as error:
            unreachable_since = None
            await _mark_refused(ctx, lease, attempt, error, "submit_busy", began_s)
            await ctx.clock.sleep(ctx.timings.retry_delay_s)
        except ProviderUnavailable as error:
            await _mark_unsent(ctx, lease, attempt, error)
            unreachable_since = unreachable_since or ctx.clock.now()
            if ctx.clock.now() - unreachable_since > ctx.timings.vendor_outage_max_s:
                raise
            await ctx.clock.sleep(ctx.timings.retry_delay_s)
        except SendAmbiguous as error:
            took = _took_ms(ctx, began_s)
            log_attempt("submit_ambiguous", attempt, level=logging.WARNING, reason=error, latency_ms=took)
            return await reconcile(ctx, lease, attempt, spec.purchase, vendor)
        except ProviderError as error:
            await _mark_refused(ctx, lease, attempt, error, "submit_rejected", began_s)
            raise
        else:
            took = _took_ms(ctx, began_s)
            ctx.failpoint("reply_received")
            submitted = await attempts.attach_job(ctx.database, lease, attempt, listed=[job_id])
            outcome = "adopted by an equal order" if submitted is None else None
            log_attempt("submit_accepted", attempt, job=job_id, outcome=outcome, latency_ms=took)
            # None: an equal order, whose own reply was lost, found this job first. What is left in the list is ours.
            return submitted or await reconcile(ctx, lease, attempt, spec.purchase, vendor)


async def _spend_budget(spec: JobSpec, vendor: MeteredVendor) -> SpendBudget:
    """Return what the order is expected to cost: a vendor that can't say now doesn't hold the film up."""
    try:
        estimated: Decimal | None = await vendor.adapter.estimate(spec)
    except ProviderError:
        estimated = None
    return SpendBudget(estimated=estimated, cap=vendor.daily_cap, setting=vendor.cap_setting)


async def _intend(
    ctx: PurchaseContext, lease: Lease, spec: PurchaseSpec, vendor: MeteredVendor, budget: SpendBudget
) -> Attempt:
    async with spec.queue_turn:
        while True:
            nonce = secrets.randbelow(2**31 - 2) + 1
            intended = await attempts.create_intent(
                ctx.database, lease, spec.purchase, vendor.rate_limit, nonce=nonce, budget=budget
            )
            if not isinstance(intended, RetryAt):
                return intended
            await ctx.clock.sleep(max(intended.at_ms / 1000 - ctx.clock.now(), 0.01))


async def _mark_unsent(ctx: PurchaseContext, lease: Lease, attempt: Attempt, reason: ProviderError | str) -> None:
    await attempts.close_attempt(ctx.database, lease, attempt, AttemptState.UNSENT, failure=str(reason))
    log_attempt("submit_unsent", attempt, reason=reason)


async def _mark_refused(
    ctx: PurchaseContext, lease: Lease, attempt: Attempt, reason: ProviderError, action: str, began_s: float
) -> None:
    took = _took_ms(ctx, began_s)
    await attempts.close_attempt(ctx.database, lease, attempt, AttemptState.REJECTED, failure=str(reason))
    log_attempt(action, attempt, reason=reason, latency_ms=took)


def _took_ms(ctx: PurchaseContext, began_s: float) -> int:
    return round((ctx.clock.now() - began_s) * 1000)
