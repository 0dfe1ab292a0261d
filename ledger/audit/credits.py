"""The audit of the balances: double entry without a gap, and each hold resolved once and whole (I1 to I5)."""

from typing import Final

from sqlalchemy import and_, case, func, or_, select, tuple_

from ledger.audit.check import Check
from ledger.credits.transfers import BalanceKind, TransferKind
from ledger.database import schema

_balance, _entry, _transfer = schema.balance, schema.entry, schema.transfer
_hold, _end = _transfer.alias("hold"), _transfer.alias("resolution")
_RESOLUTIONS: Final = (TransferKind.POST, TransferKind.VOID)

#: From which balance to which each kind of transfer moves credits.
_WAYS: Final = (
    (TransferKind.GRANT, BalanceKind.ISSUANCE, BalanceKind.AVAILABLE),
    (TransferKind.ADJUST, BalanceKind.ISSUANCE, BalanceKind.AVAILABLE),
    (TransferKind.HOLD, BalanceKind.AVAILABLE, BalanceKind.HELD),
    (TransferKind.POST, BalanceKind.HELD, BalanceKind.REVENUE),
    (TransferKind.VOID, BalanceKind.HELD, BalanceKind.AVAILABLE),
)

_sums = (
    select(
        _entry.c.account,
        _entry.c.kind,
        func.sum(_entry.c.amount_mc).label("total"),
        func.count().label("number"),
        func.max(_entry.c.version).label("last"),
    )
    .group_by(_entry.c.account, _entry.c.kind)
    .subquery()
)
_summed = (
    select(
        _balance.c.account,
        _balance.c.kind,
        _balance.c.amount_mc,
        _balance.c.version,
        func.coalesce(_sums.c.total, 0).label("total"),
        func.coalesce(_sums.c.number, 0).label("number"),
        func.coalesce(_sums.c.last, 0).label("last"),
    )
    .outerjoin(_sums, and_(_sums.c.account == _balance.c.account, _sums.c.kind == _balance.c.kind))
    .subquery()
)
_open = (
    select(_hold.c.from_account.label("account"), func.sum(_hold.c.amount_mc).label("open_mc"))
    .outerjoin(_end, _end.c.pending_id == _hold.c.id)
    .where(_hold.c.kind == TransferKind.HOLD, _end.c.id.is_(None))
    .group_by(_hold.c.from_account)
    .subquery()
)
_chain = select(
    _entry.c.id,
    _entry.c.account,
    _entry.c.kind,
    _entry.c.amount_mc,
    _entry.c.balance_after_mc,
    _entry.c.version,
    func.lag(_entry.c.balance_after_mc, 1, 0)
    .over(partition_by=(_entry.c.account, _entry.c.kind), order_by=(_entry.c.version, _entry.c.id))
    .label("before_mc"),
    func.lag(_entry.c.version, 1, 0)
    .over(partition_by=(_entry.c.account, _entry.c.kind), order_by=(_entry.c.version, _entry.c.id))
    .label("former"),
).subquery()
_gave = and_(
    _entry.c.account == _transfer.c.from_account,
    _entry.c.kind == _transfer.c.from_kind,
    _entry.c.amount_mc == -_transfer.c.amount_mc,
)
_took = and_(
    _entry.c.account == _transfer.c.to_account,
    _entry.c.kind == _transfer.c.to_kind,
    _entry.c.amount_mc == _transfer.c.amount_mc,
)

#: What can be asked after every transaction: the balances against their entries and holds.
BALANCES: Final = (
    Check(
        invariant="I1",
        broken=select(func.sum(_balance.c.amount_mc).label("total")).having(func.sum(_balance.c.amount_mc) != 0),
        where="balances",
        detail="all balances sum to {total} mc",
    ),
    Check(
        invariant="I2",
        broken=select(_balance).where(_balance.c.amount_mc < 0, _balance.c.kind != BalanceKind.ISSUANCE),
        where="{kind} of {account}",
        detail="is {amount_mc} mc",
    ),
    Check(
        invariant="I3",
        broken=select(_summed).where(_summed.c.amount_mc != _summed.c.total),
        where="{kind} of {account}",
        detail="is {amount_mc} mc, its entries sum to {total}",
    ),
    Check(
        invariant="I3",
        broken=select(_summed).where(or_(_summed.c.version != _summed.c.number, _summed.c.version != _summed.c.last)),
        where="{kind} of {account}",
        detail="is at version {version}, its {number} entries end at {last}",
    ),
    Check(
        invariant="I4",
        broken=select(_balance.c.account, _balance.c.amount_mc, func.coalesce(_open.c.open_mc, 0).label("open_mc"))
        .outerjoin(_open, _open.c.account == _balance.c.account)
        .where(_balance.c.kind == BalanceKind.HELD, _balance.c.amount_mc != func.coalesce(_open.c.open_mc, 0)),
        where="held of {account}",
        detail="is {amount_mc} mc, its open holds sum to {open_mc}",
    ),
    Check(
        invariant="I5",
        broken=select(_end.c.id, _end.c.kind, _end.c.amount_mc, _end.c.pending_id, _hold.c.amount_mc.label("held_mc"))
        .join(_hold, _hold.c.id == _end.c.pending_id)
        .where(_end.c.amount_mc != _hold.c.amount_mc),
        where="transfer {id}",
        detail="{kind}s {amount_mc} mc of hold {pending_id} over {held_mc}",
    ),
)

#: What only the whole audit reads: every entry and every transfer.
ENTRIES: Final = (
    Check(
        invariant="I1",
        broken=select(_transfer.c.id, func.count(_entry.c.id).label("number"))
        .outerjoin(_entry, _entry.c.transfer == _transfer.c.id)
        .group_by(_transfer.c.id)
        .having(
            or_(
                func.count(_entry.c.id) != 2,
                func.sum(case((_gave, 1), else_=0)) != 1,
                func.sum(case((_took, 1), else_=0)) != 1,
            )
        ),
        where="transfer {id}",
        detail="its {number} entries don't take its amount from one balance and give it to the other",
    ),
    Check(
        invariant="I1",
        broken=select(_entry.c.id, _entry.c.transfer)
        .outerjoin(_transfer, _transfer.c.id == _entry.c.transfer)
        .where(_transfer.c.id.is_(None)),
        where="entry {id}",
        detail="its transfer {transfer} isn't there",
    ),
    Check(
        invariant="I1",
        broken=select(_transfer).where(
            tuple_(_transfer.c.kind, _transfer.c.from_kind, _transfer.c.to_kind).not_in(_WAYS)
        ),
        where="transfer {id}",
        detail="a {kind} may not move credits from {from_kind} to {to_kind}",
    ),
    Check(
        invariant="I2",
        broken=select(_entry).where(_entry.c.balance_after_mc < 0, _entry.c.kind != BalanceKind.ISSUANCE),
        where="entry {id}",
        detail="it left {kind} of {account} at {balance_after_mc} mc",
    ),
    Check(
        invariant="I3",
        broken=select(_chain).where(_chain.c.balance_after_mc != _chain.c.before_mc + _chain.c.amount_mc),
        where="entry {id}",
        detail="{before_mc} mc and {amount_mc} left {kind} of {account} at {balance_after_mc}",
    ),
    Check(
        invariant="I3",
        broken=select(_chain).where(_chain.c.version != _chain.c.former + 1),
        where="entry {id}",
        detail="version {version} of {kind} of {account} follows {former}",
    ),
    Check(
        invariant="I3",
        broken=select(_sums)
        .outerjoin(_balance, and_(_sums.c.account == _balance.c.account, _sums.c.kind == _balance.c.kind))
        .where(_balance.c.account.is_(None)),
        where="{kind} of {account}",
        detail="has {number} entries and no balance",
    ),
    Check(
        invariant="I5",
        broken=select(_transfer.c.pending_id, func.count().label("number"))
        .where(_transfer.c.pending_id.is_not(None))
        .group_by(_transfer.c.pending_id)
        .having(func.count() > 1),
        where="hold {pending_id}",
        detail="is resolved {number} times",
    ),
    Check(
        invariant="I5",
        broken=select(_end.c.id, _end.c.kind, _end.c.pending_id)
        .outerjoin(_hold, _hold.c.id == _end.c.pending_id)
        .where(
            _end.c.kind.in_(_RESOLUTIONS),
            or_(
                _hold.c.id.is_(None),
                _hold.c.kind != TransferKind.HOLD,
                _hold.c.from_account != _end.c.from_account,
                _hold.c.film.is_distinct_from(_end.c.film),
                _hold.c.segment.is_distinct_from(_end.c.segment),
            ),
        ),
        where="transfer {id}",
        detail="{kind}s {pending_id}, which is no hold of its segment",
    ),
    Check(
        invariant="I5",
        broken=select(_transfer).where(_transfer.c.pending_id.is_not(None), _transfer.c.kind.not_in(_RESOLUTIONS)),
        where="transfer {id}",
        detail="a {kind} resolves hold {pending_id}",
    ),
)
