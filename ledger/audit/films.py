"""The audit of the films: what each was charged, what it bought, and what was told of its end (I4, I6 to I8, I10, ...).

A film's own part of these is asserted when it ends (`ledger/audit/run.check_film`); here all films are read at once.
"""

from typing import Final

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, literal, or_, select

from film.status import TERMINAL, SegmentState, Status
from ledger.audit.check import Check, has_ended
from ledger.credits.transfers import TransferKind
from ledger.database import schema
from ledger.purchases.attempt import AttemptState

#: By how much the clocks of two machines that write for one film may differ, in milliseconds.
SKEW_MS: Final = 5_000

_film, _segment, _attempt, _outbox = schema.film, schema.segment, schema.attempt, schema.outbox
_transfer = schema.transfer
_hold, _end = _transfer.alias("hold"), _transfer.alias("resolution")
_source = schema.segment.alias("source")
_bought = _segment.c.hold.is_not(None)
_ready = _segment.c.state == SegmentState.READY
_SEGMENT: Final = "segment {index} of {film}"


def _amount_of(kind: TransferKind) -> ColumnElement[int]:
    return case((_transfer.c.kind == kind, _transfer.c.amount_mc), else_=0)


_totals = (
    select(
        _transfer.c.film,
        func.sum(_amount_of(TransferKind.HOLD)).label("held_mc"),
        func.sum(_amount_of(TransferKind.POST)).label("posted_mc"),
    )
    .where(_transfer.c.film.is_not(None))
    .group_by(_transfer.c.film)
    .subquery()
)
_held_mc = func.coalesce(_totals.c.held_mc, 0)
_posted_mc = func.coalesce(_totals.c.posted_mc, 0)
_charged = select(
    _film.c.id,
    _film.c.status,
    _film.c.cost_estimate_mc,
    _film.c.cost_actual_mc,
    _held_mc.label("held_mc"),
    _posted_mc.label("posted_mc"),
).outerjoin(_totals, _totals.c.film == _film.c.id)

HOLDS: Final = (
    Check(
        invariant="I4",
        broken=_charged.where(_held_mc != _film.c.cost_estimate_mc),
        where="film {id}",
        detail="holds {held_mc} mc of an estimate of {cost_estimate_mc}",
    ),
    Check(
        invariant="I4",
        broken=select(_segment)
        .outerjoin(_hold, _hold.c.id == _segment.c.hold)
        .where(
            _bought,
            or_(
                _hold.c.id.is_(None),
                _hold.c.kind != TransferKind.HOLD,
                _hold.c.film.is_distinct_from(_segment.c.film),
                _hold.c.segment.is_distinct_from(_segment.c.index),
                _hold.c.amount_mc != _segment.c.price_mc,
            ),
        ),
        where=_SEGMENT,
        detail="transfer {hold} doesn't hold its price of {price_mc} mc",
    ),
    Check(
        invariant="I4",
        broken=select(_hold)
        .outerjoin(_segment, _segment.c.hold == _hold.c.id)
        .where(_hold.c.kind == TransferKind.HOLD, _segment.c.film.is_(None)),
        where="hold {id}",
        detail="{amount_mc} mc are held for no segment",
    ),
    Check(
        invariant="I6",
        broken=select(_hold.c.id, _hold.c.amount_mc, _hold.c.segment, _film.c.id.label("film"), _film.c.status)
        .join(_film, _film.c.id == _hold.c.film)
        .outerjoin(_end, _end.c.pending_id == _hold.c.id)
        .where(_hold.c.kind == TransferKind.HOLD, _end.c.id.is_(None), has_ended()),
        where="hold {id}",
        detail="is open with {amount_mc} mc for segment {segment} of {film}, which has ended ({status})",
    ),
)

_posted = _end.c.id.is_not(None)
_purchases = (
    select(_segment, _posted.label("posted"))
    .outerjoin(_end, and_(_end.c.pending_id == _segment.c.hold, _end.c.kind == TransferKind.POST))
    .where(_bought)
)
_adopted = select(_segment, _film.c.retry_of).join(_film, _film.c.id == _segment.c.film).where(~_bought)

CHARGES: Final = (
    Check(
        invariant="I7",
        broken=_purchases.where(_ready, ~_posted),
        where=_SEGMENT,
        detail="is ready and hold {hold} is not posted",
    ),
    Check(
        invariant="I7",
        broken=_purchases.where(~_ready, _posted),
        where=_SEGMENT,
        detail="is {state} and hold {hold} is posted",
    ),
    Check(
        invariant="I7",
        broken=_adopted.where(or_(~_ready, _film.c.retry_of.is_(None))),
        where=_SEGMENT,
        detail="is {state} without a hold, and nothing was adopted from {retry_of}",
    ),
    Check(
        invariant="I7",
        broken=_adopted.outerjoin(
            _source,
            and_(
                _source.c.film == _film.c.retry_of,
                _source.c.state == SegmentState.READY,
                _source.c.sha256 == _segment.c.sha256,
            ),
        ).where(_ready, _film.c.retry_of.is_not(None), _source.c.film.is_(None)),
        where=_SEGMENT,
        detail="is ready without a hold, and {retry_of} has no such clip",
    ),
    Check(
        invariant="I7",
        broken=select(_segment)
        .outerjoin(_attempt, _attempt.c.id == _segment.c.ready_attempt)
        .where(
            _bought,
            _ready,
            or_(
                _attempt.c.id.is_(None),
                _attempt.c.state != AttemptState.READY,
                _attempt.c.film != _segment.c.film,
                _attempt.c.slot != _segment.c.index,
                _attempt.c.sha256.is_distinct_from(_segment.c.sha256),
            ),
        ),
        where=_SEGMENT,
        detail="attempt {ready_attempt} didn't make its clip",
    ),
    Check(
        invariant="I8",
        broken=_charged.where(
            _film.c.status == Status.COMPLETED, _film.c.cost_actual_mc.is_distinct_from(_film.c.cost_estimate_mc)
        ),
        where="film {id}",
        detail="completed at {cost_actual_mc} mc of an estimate of {cost_estimate_mc}",
    ),
    Check(
        invariant="I8",
        broken=_charged.where(or_(_film.c.cost_actual_mc < 0, _film.c.cost_actual_mc > _film.c.cost_estimate_mc)),
        where="film {id}",
        detail="cost {cost_actual_mc} mc, not between 0 and its estimate of {cost_estimate_mc}",
    ),
    Check(
        invariant="I8",
        broken=_charged.where(has_ended(), _film.c.cost_actual_mc.is_distinct_from(_posted_mc)),
        where="film {id}",
        detail="says it cost {cost_actual_mc} mc, posted {posted_mc}",
    ),
    Check(
        invariant="I18",
        broken=select(_transfer, _film.c.id.label("film_id"))
        .join(_film, _film.c.id == _transfer.c.film)
        .where(has_ended(), _transfer.c.created_at_ms > _film.c.completed_at_ms + SKEW_MS),
        where="transfer {id}",
        detail="a {kind} of {amount_mc} mc was written after the end of {film_id}",
    ),
)

IDENTITIES: Final = (
    Check(
        invariant="I10",
        broken=select(_film.c.api_key, _film.c.idem_key, func.count().label("number"))
        .group_by(_film.c.api_key, _film.c.idem_key)
        .having(func.count() > 1),
        where="Idempotency-Key {idem_key} of key {api_key}",
        detail="ordered {number} films",
    ),
)

# As text: PostgreSQL can't look into JSON that holds U+0000, as old rows may. A quote inside a value is escaped there.
_untold = cast(_film.c.request, Text).contains('"webhook_url": null', autoescape=True)
_told = select(_outbox, _film.c.status).join(_film, _film.c.id == _outbox.c.film)

ANNOUNCEMENTS: Final = (
    Check(
        invariant="I15",
        broken=select(_film.c.id, _film.c.status)
        .outerjoin(_outbox, and_(_outbox.c.film == _film.c.id, _outbox.c.compose_n == 0))
        .where(has_ended(), ~_untold, _outbox.c.id.is_(None)),
        where="film {id}",
        detail="has ended ({status}) and no outbox row tells of it",
    ),
    Check(
        invariant="I15",
        broken=select(_outbox.c.film, _outbox.c.compose_n, func.count().label("number"))
        .group_by(_outbox.c.film, _outbox.c.compose_n)
        .having(func.count() > 1),
        where="film {film}",
        detail="has {number} outbox rows for its end {compose_n}",
    ),
    Check(
        invariant="I15",
        broken=_told.where(or_(~has_ended(), _outbox.c.compose_n > _film.c.compose_n)),
        where="outbox {id}",
        detail="tells of {event}, and {film} is {status}",
    ),
    Check(
        invariant="I15",
        broken=_told.where(
            _film.c.status.in_(sorted(TERMINAL)),
            _film.c.compose_n == 0,
            or_(
                _outbox.c.event != literal("film.") + _film.c.status, _outbox.c.created_at_ms != _film.c.completed_at_ms
            ),
        ),
        where="outbox {id}",
        detail="{event} was not written with the end of {film} ({status})",
    ),
)
