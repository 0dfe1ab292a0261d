"""What the paid POST leaves in the log: one line a transition, written once its row is committed."""

import logging
from typing import Final

from film.job_specs import Purpose
from ledger.purchases.attempt import Attempt
from purchasing.context import PurchaseContext
from runtime.logs import log_event

_LOG: Final = logging.getLogger("longvideo.money")


def log_attempt(action: str, attempt: Attempt, *, level: int = logging.INFO, **facts: object) -> None:
    """Write what became of an attempt; its segment counts from 1, as people count it.

    Args:
        action: The transition (docs/operations.md lists them).
        attempt: What it befell.
        level: How much it matters.
        facts: What else is known; `latency_ms` is what the answer took.
    """
    is_segment = attempt.purpose is Purpose.SEGMENT
    log_event(
        _LOG,
        action,
        level=level,
        film_id=attempt.film,
        attempt_id=attempt.id,
        purpose=attempt.purpose.value,
        segment=attempt.slot + 1 if is_segment else None,
        slot=None if is_segment else attempt.slot,
        vendor=attempt.vendor,
        model=attempt.model,
        **facts,
    )


def age_ms(purchasing: PurchaseContext, attempt: Attempt) -> int:
    """Return how long ago an attempt's intent was."""
    return round(purchasing.clock.now() * 1000) - attempt.t_intent_ms
