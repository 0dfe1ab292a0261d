"""Settling doubt: what became of a paid POST whose reply is unknown, by the vendor's own list.

Adopted, proven absent, or given up and booked as the operator's loss; docs/money.md tells why each is safe.
"""

from film.errors import ProviderRateLimited, ProviderUnavailable
from ledger import attempts
from ledger.attempts import Purchase
from ledger.leases import Lease
from ledger.rows import Attempt, AttemptState
from tasks.desk import Counter, Desk


async def reconcile(desk: Desk, lease: Lease, attempt: Attempt, purchase: Purchase, counter: Counter) -> Attempt:
    """Return an intent of unknown outcome settled: `submitted`, `absent` or `orphaned`.

    It is given up when the vendor has no list, or none that could be read for `outage_s` after the moment from which
    a read would prove something.

    Raises:
        ProviderError: The vendor refuses to be asked at all (an unknown key, say).
        StaleEpoch: The run no longer owns the film.
    """
    vendor, timings = counter.vendor, desk.timings
    if not vendor.lists:
        return await attempts.orphaned(desk.books, lease, attempt, failure="the vendor has no list to look it up in")
    intent_s = attempt.t_intent_ms / 1000
    provable_s = intent_s + timings.absence_s
    heard_s = desk.clock.now()
    proofs = 0
    while proofs < 2:
        began_s = desk.clock.now()
        try:
            found = await vendor.candidates(purchase.order, nonce=attempt.nonce, since_s=intent_s - timings.overlap_s)
        except (ProviderUnavailable, ProviderRateLimited):
            if desk.clock.now() - max(provable_s, heard_s) > timings.outage_s:
                return await attempts.orphaned(
                    desk.books, lease, attempt, failure="the vendor's list could not be read"
                )
        else:
            heard_s = desk.clock.now()
            adopted = await attempts.adopted(desk.books, lease, attempt, listed=[job.job_id for job in found])
            if adopted is not None:
                return adopted
            # Only reads that began late enough prove anything: an older answer may be from before the job appeared.
            proofs += began_s >= provable_s
        if proofs < 2:
            await desk.clock.sleep(timings.patience_s)
    return await attempts.closed(desk.books, lease, attempt, AttemptState.ABSENT, failure="never created")
