"""Settling doubt: what became of a paid POST whose reply is unknown, by the vendor's own list.

Adopted, proven absent, or given up and booked as the operator's loss; docs/money.md tells why each is safe.
"""

import logging

from film.errors import ProviderRateLimited, ProviderUnavailable
from ledger.leases import Lease
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt, AttemptState
from ledger.purchases.attempts import Purchase
from ledger.purchases.duplicates import candidate_window
from purchasing.context import MeteredVendor, PurchaseContext
from purchasing.money_log import age_ms, log_attempt


async def reconcile(
    ctx: PurchaseContext, lease: Lease, attempt: Attempt, purchase: Purchase, metered: MeteredVendor
) -> Attempt:
    """Return an intent of unknown outcome settled: `submitted`, `absent` or `orphaned`.

    It is given up when the vendor has no list, or none that could be read for `vendor_outage_max_s` after
    the moment from which
    a read would prove something.

    Raises:
        ProviderError: The vendor refuses to be asked at all (an unknown key, say).
        StaleEpoch: The run no longer owns the film.
    """
    vendor, timings = metered.adapter, ctx.timings
    if not vendor.can_list:
        return await _given_up(ctx, lease, attempt, "the vendor has no list to look it up in")
    span = await candidate_window(ctx.database, attempt)
    heard_s = ctx.clock.now()
    proofs = 0
    while proofs < 2:
        began_s = ctx.clock.now()
        try:
            found = await vendor.find_candidates(
                purchase.job_spec, nonce=attempt.nonce, since_s=span.first_ms / 1000 - timings.overlap_s
            )
        except (ProviderUnavailable, ProviderRateLimited):
            provable_s = attempt.t_intent_ms / 1000 + timings.absence_proof_s
            if ctx.clock.now() - max(provable_s, heard_s) > timings.vendor_outage_max_s:
                return await _given_up(ctx, lease, attempt, "the vendor's list could not be read")
        else:
            heard_s = ctx.clock.now()
            listed = [job.job_id for job in found]
            adopted = await attempts.attach_job(ctx.database, lease, attempt, listed=listed) if listed else None
            if adopted is not None:
                log_attempt("job_adopted", adopted, job=adopted.provider_job_id, latency_ms=age_ms(ctx, attempt))
                return adopted
            # Only reads that began late enough prove anything: an older answer may be from before the job appeared.
            # An equal order sent meanwhile may have taken this one's job and left us its own, which is listed later.
            read_from_ms, span = span.first_ms, await candidate_window(ctx.database, attempt)
            proofs += began_s >= span.last_ms / 1000 + timings.absence_proof_s and read_from_ms <= span.first_ms
        if proofs < 2:
            await ctx.clock.sleep(timings.retry_delay_s)
    absent = await attempts.close_attempt(ctx.database, lease, attempt, AttemptState.ABSENT, failure="never created")
    log_attempt("job_absent", absent, latency_ms=age_ms(ctx, attempt))
    return absent


async def _given_up(ctx: PurchaseContext, lease: Lease, attempt: Attempt, why: str) -> Attempt:
    """Give an attempt up, as the operator's loss."""
    orphaned = await attempts.mark_orphaned(ctx.database, lease, attempt, failure=why)
    log_attempt("job_orphaned", orphaned, level=logging.WARNING, reason=why, latency_ms=age_ms(ctx, attempt))
    return orphaned
