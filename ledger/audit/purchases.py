"""The audit of the paid tries: whose job is whose, how fast they were sent, what was paid (I12, I16, I17, I19)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, func, or_, select

from film.status import SegmentState
from ledger.audit.check import Check
from ledger.database import schema
from ledger.purchases.attempt import AttemptState
from ledger.purchases.vendor_spend import SpendKind

_attempt, _film, _segment, _spend = schema.attempt, schema.film, schema.segment, schema.provider_entry
_NAMED: Final = (AttemptState.SUBMITTED, AttemptState.READY, AttemptState.DRAINED)
#: The lines that say what a job cost; the others say that it runs or that nobody knows.
SETTLED: Final = (SpendKind.POSTED, SpendKind.LATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitLimit:
    """What one vendor's model takes from one key: `submits` in any window.

    Simulators run by their own clock: a limit counts their submits only, or none of theirs.
    """

    vendor: str
    model: str
    submits: int
    window_ms: int
    simulated: bool


_booked = (
    select(
        _spend.c.attempt,
        func.count().label("lines"),
        func.coalesce(func.sum(_spend.c.amount_micro), 0).label("booked_micro"),
    )
    .where(_spend.c.kind.in_(SETTLED))
    .group_by(_spend.c.attempt)
    .subquery()
)
_losses = (
    select(_spend.c.attempt).where(_spend.c.kind == SpendKind.ORPHAN_LOSS, _spend.c.attempt.is_not(None)).distinct()
).subquery()
_net_micro = _attempt.c.charged_micro - func.coalesce(_attempt.c.refunded_micro, 0)
_booked_micro = func.coalesce(_booked.c.booked_micro, 0)

JOBS: Final = (
    Check(
        invariant="I12",
        broken=select(_attempt.c.vendor, _attempt.c.provider_job_id, func.count().label("number"))
        .where(_attempt.c.provider_job_id.is_not(None))
        .group_by(_attempt.c.vendor, _attempt.c.provider_job_id)
        .having(func.count() > 1),
        where="job {provider_job_id} of {vendor}",
        detail="belongs to {number} attempts",
    ),
    Check(
        invariant="I12",
        broken=select(_attempt).where(_attempt.c.state.in_(_NAMED), _attempt.c.provider_job_id.is_(None)),
        where="attempt {id}",
        detail="is {state} without a job at {vendor}",
    ),
    Check(
        invariant="I12",
        broken=select(_spend, _attempt.c.provider_job_id.label("own"))
        .join(_attempt, _attempt.c.id == _spend.c.attempt)
        .where(
            _spend.c.kind.in_((SpendKind.PENDING, SpendKind.POSTED)),
            _spend.c.provider_job_id.is_not(None),
            _spend.c.provider_job_id.is_distinct_from(_attempt.c.provider_job_id),
        ),
        where="provider entry {id}",
        detail="books job {provider_job_id} to {attempt}, whose job is {own}",
    ),
    Check(
        invariant="I16",
        broken=select(_segment).where(
            _segment.c.state == SegmentState.READY,
            or_(_segment.c.object_key.is_(None), _segment.c.sha256.is_(None), _segment.c.size_bytes.is_(None)),
        ),
        where="segment {index} of {film}",
        detail="is ready and its file is not recorded",
    ),
)

SPEND: Final = (
    Check(
        invariant="I17",
        broken=select(_attempt.c.id, _net_micro.label("net_micro"), _booked_micro.label("booked_micro"))
        .outerjoin(_booked, _booked.c.attempt == _attempt.c.id)
        .where(
            and_(
                _attempt.c.state.in_((AttemptState.READY, AttemptState.FAILED, AttemptState.DRAINED)),
                _attempt.c.charged_micro.is_not(None),
                _net_micro != _booked_micro,
            )
        ),
        where="attempt {id}",
        detail="cost {net_micro} millionths, the provider ledger says {booked_micro}",
    ),
    Check(
        invariant="I17",
        broken=select(_attempt)
        .outerjoin(_losses, _losses.c.attempt == _attempt.c.id)
        .where(_attempt.c.state == AttemptState.ORPHANED, _losses.c.attempt.is_(None)),
        where="attempt {id}",
        detail="is orphaned and its loss at {vendor} is not booked",
    ),
)


def submit_checks(limits: Iterable[SubmitLimit]) -> list[Check]:
    """Return the checks that no window of a limit holds more submits than it allows, per key (I19)."""
    return [_submit_check(limit) for limit in limits]


def _submit_check(limit: SubmitLimit) -> Check:
    former_ms = func.lag(_attempt.c.t_intent_ms, limit.submits).over(
        partition_by=_attempt.c.key_print, order_by=(_attempt.c.t_intent_ms, _attempt.c.id)
    )
    sent = (
        select(_attempt.c.id, _attempt.c.t_intent_ms, former_ms.label("former_ms"))
        .join(_film, _film.c.id == _attempt.c.film)
        .where(
            _attempt.c.vendor == limit.vendor,
            _attempt.c.model == limit.model,
            _film.c.simulated == limit.simulated,
            _attempt.c.state != AttemptState.UNSENT,
        )
        .subquery()
    )
    took_ms = sent.c.t_intent_ms - sent.c.former_ms
    return Check(
        invariant="I19",
        broken=select(sent.c.id, took_ms.label("took_ms")).where(took_ms < limit.window_ms),
        where="attempt {id}",
        detail=(
            f"is submit {limit.submits + 1} of {limit.model} at {limit.vendor} within {{took_ms}} ms: "
            f"{limit.submits} are allowed in {limit.window_ms}"
        ),
    )
