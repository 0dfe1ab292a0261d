"""Opening films and reading them."""

import hashlib
import json
from dataclasses import asdict, dataclass

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.credits import MilliCredits
from film.ids import AccountId, FilmId, new_film_id
from film.request import FilmRequest
from film.status import SegmentState, Status
from ledger.credits.transfers import TransferKind, TransferRequest, create_transfers, ensure_account, top_up_for
from ledger.database import schema
from ledger.database.engine import Database
from ledger.films.limits import UNLIMITED, OrderLimits, check_limits
from ledger.leases import LeaseOwner, assign_lease


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """The answer to an order: which film it is, and whether it was there before."""

    film_id: FilmId
    replayed: bool = False
    #: The earlier order under this key asked for something else.
    mismatch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who orders: the account that pays and the key the order came by (`local` for this machine's own user)."""

    account: AccountId
    api_key: str
    #: Grant the account just what a film lacks when it is opened (this machine's own user buys from no one).
    granted_on_demand: bool = False
    limits: OrderLimits = UNLIMITED


def request_fingerprint(request: FilmRequest) -> str:
    """Return the hash by which two orders are told to be the same."""
    text = json.dumps(request.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


async def open_film(
    database: Database,
    request: FilmRequest,
    payer: Payer,
    *,
    idem_key: str | None,
    simulated: bool,
    lease_owner: LeaseOwner | None = None,
) -> OrderResult:
    """Write the film, its segments and one hold a segment in one transaction.

    Args:
        database: The ledger.
        request: The checked order.
        payer: Who pays.
        idem_key: The customer's Idempotency-Key, unique under their key; None orders a new film whatever was before.
        simulated: Whether simulators make it.
        lease_owner: Who makes it at once; None leaves it to a dispatcher.

    Raises:
        InsufficientCredits: The account can't hold the estimate; nothing was written.
        LimitReached: The customer has ordered as much as they may; nothing was written.
    """
    film_id = new_film_id()
    async with database.transaction() as conn:
        now_ms = database.now_ms()
        earlier = await admit_order(conn, payer, idem_key, now_ms=now_ms)
        if earlier is not None:
            mismatch = earlier["fingerprint"] != request_fingerprint(request)
            return OrderResult(film_id=FilmId(earlier["id"]), replayed=True, mismatch=mismatch)
        await _insert_film(conn, film_id, request, payer, idem_key or film_id, simulated=simulated, now_ms=now_ms)
        if lease_owner is not None:
            await assign_lease(conn, film_id, lease_owner, now_ms=now_ms)
        await _insert_segments(conn, film_id, request, payer, now_ms=now_ms)
    return OrderResult(film_id=film_id)


async def admit_order(conn: AsyncConnection, payer: Payer, idem_key: str | None, *, now_ms: int) -> RowMapping | None:
    """Lock the account for the caller's transaction and return the film that `idem_key` ordered before, if one did.

    Raises:
        LimitReached: This order is new, and one too many.
    """
    await ensure_account(conn, payer.account, now_ms=now_ms)
    if idem_key is not None:
        table = schema.film
        columns = (table.c.id, table.c.fingerprint, table.c.retry_of)
        found = await conn.execute(
            select(*columns).where(table.c.api_key == payer.api_key, table.c.idem_key == idem_key)
        )
        row = found.mappings().first()
        if row is not None:
            return row
    await check_limits(conn, payer.limits, account=payer.account, api_key=payer.api_key, now_ms=now_ms)
    return None


async def _insert_film(
    conn: AsyncConnection,
    film_id: FilmId,
    request: FilmRequest,
    payer: Payer,
    idem_key: str,
    *,
    simulated: bool,
    now_ms: int,
) -> None:
    await conn.execute(
        insert(schema.film),
        {
            "id": film_id,
            "account": payer.account,
            "api_key": payer.api_key,
            "idem_key": idem_key,
            "fingerprint": request_fingerprint(request),
            "request": request.model_dump(mode="json"),
            "plan": [asdict(slot) for slot in request.plan()],
            "status": Status.QUEUED,
            "progress": 0,
            "stage_times_ms": {Status.QUEUED: now_ms},
            "awaiting_approval": False,
            "cost_estimate_mc": sum(request.prices()),
            "epoch": 0,
            "dispatch_n": 0,
            "compose_n": 0,
            "simulated": simulated,
            "created_at_ms": now_ms,
            "updated_at_ms": now_ms,
        },
    )


async def _insert_segments(
    conn: AsyncConnection, film_id: FilmId, request: FilmRequest, payer: Payer, *, now_ms: int
) -> None:
    plan, prices = request.plan(), request.prices()
    transfers = [
        TransferRequest(
            kind=TransferKind.HOLD,
            account=payer.account,
            amount_mc=price,
            idem_key=f"hold:{film_id}:{slot.index}",
            film=film_id,
            segment=slot.index,
        )
        for slot, price in zip(plan, prices, strict=True)
    ]
    if payer.granted_on_demand:
        transfers = [*await top_up_for(conn, film_id, payer.account, sum(prices)), *transfers]
    holds = (await create_transfers(conn, transfers, now_ms=now_ms))[-len(plan) :]
    await conn.execute(
        insert(schema.segment),
        [
            {
                "film": film_id,
                "index": slot.index,
                "kept_s": slot.kept_s,
                "rendered_s": slot.rendered_s,
                "price_mc": price,
                "hold": hold,
                "state": SegmentState.PENDING,
            }
            for slot, price, hold in zip(plan, prices, holds, strict=True)
        ],
    )


async def read_posted(conn: AsyncConnection, film_id: FilmId) -> MilliCredits:
    """Return what has been charged for a film so far, inside the caller's transaction."""
    table = schema.transfer
    amounts = await conn.execute(
        select(table.c.amount_mc).where(table.c.film == film_id, table.c.kind == TransferKind.POST)
    )
    return MilliCredits(sum(amounts.scalars()))
