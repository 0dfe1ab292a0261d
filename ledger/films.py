"""Opening films and reading them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.credits import MilliCredits
from film.errors import FilmNotFound
from film.ids import AccountId, FilmId, new_film_id
from film.request import FilmRequest
from film.status import SegmentState, Status
from ledger import schema
from ledger.credits import Movement, TransferKind, ensure_account, missing_grant, move
from ledger.database import Books
from ledger.leases import Maker, lease_new
from ledger.limits import UNLIMITED, OrderLimits, check_limits
from ledger.rows import Film, Segment, film_from, segment_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The answer to an order: which film it is, and whether it was there before."""

    film_id: FilmId
    replayed: bool = False
    #: The earlier order under this key asked for something else.
    mismatch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
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
    books: Books,
    request: FilmRequest,
    customer: Customer,
    *,
    idem_key: str | None,
    simulated: bool,
    maker: Maker | None = None,
) -> Opened:
    """Write the film, its segments and one hold a segment in one transaction.

    Args:
        books: The ledger.
        request: The checked order.
        customer: Who pays.
        idem_key: The customer's Idempotency-Key, unique under their key; None orders a new film whatever was before.
        simulated: Whether simulators make it.
        maker: Who makes it at once; None leaves it to a dispatcher.

    Raises:
        InsufficientCredits: The account can't hold the estimate; nothing was written.
        LimitReached: The customer has ordered as much as they may; nothing was written.
    """
    film_id = new_film_id()
    async with books.writing() as rows:
        now_ms = books.now_ms()
        earlier = await admitted(rows, customer, idem_key, now_ms=now_ms)
        if earlier is not None:
            mismatch = earlier["fingerprint"] != request_fingerprint(request)
            return Opened(film_id=FilmId(earlier["id"]), replayed=True, mismatch=mismatch)
        await _insert_film(rows, film_id, request, customer, idem_key or film_id, simulated=simulated, now_ms=now_ms)
        if maker is not None:
            await lease_new(rows, film_id, maker, now_ms=now_ms)
        await _insert_segments(rows, film_id, request, customer, now_ms=now_ms)
    return Opened(film_id=film_id)


async def admitted(
    rows: AsyncConnection, customer: Customer, idem_key: str | None, *, now_ms: int
) -> RowMapping | None:
    """Lock the account for the caller's transaction and return the film that `idem_key` ordered before, if one did.

    Raises:
        LimitReached: This order is new, and one too many.
    """
    await ensure_account(rows, customer.account, now_ms=now_ms)
    if idem_key is not None:
        table = schema.film
        columns = (table.c.id, table.c.fingerprint, table.c.retry_of)
        found = await rows.execute(
            select(*columns).where(table.c.api_key == customer.api_key, table.c.idem_key == idem_key)
        )
        row = found.mappings().first()
        if row is not None:
            return row
    await check_limits(rows, customer.limits, account=customer.account, api_key=customer.api_key, now_ms=now_ms)
    return None


async def _insert_film(
    rows: AsyncConnection,
    film_id: FilmId,
    request: FilmRequest,
    customer: Customer,
    idem_key: str,
    *,
    simulated: bool,
    now_ms: int,
) -> None:
    await rows.execute(
        insert(schema.film),
        {
            "id": film_id,
            "account": customer.account,
            "api_key": customer.api_key,
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
    rows: AsyncConnection, film_id: FilmId, request: FilmRequest, customer: Customer, *, now_ms: int
) -> None:
    plan, prices = request.plan(), request.prices()
    movements = [
        Movement(
            kind=TransferKind.HOLD,
            account=customer.account,
            amount_mc=price,
            idem_key=f"hold:{film_id}:{slot.index}",
            film=film_id,
            segment=slot.index,
        )
        for slot, price in zip(plan, prices, strict=True)
    ]
    if customer.granted_on_demand:
        movements = [*await missing_grant(rows, film_id, customer.account, sum(prices)), *movements]
    holds = (await move(rows, movements, now_ms=now_ms))[-len(plan) :]
    await rows.execute(
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


async def film(books: Books, film_id: FilmId) -> Film:
    """Return a film.

    Raises:
        FilmNotFound: There is none of that id.
    """
    async with books.reading() as rows:
        found = await rows.execute(select(schema.film).where(schema.film.c.id == film_id))
        row = found.mappings().first()
    if row is None:
        raise FilmNotFound(film_id=film_id)
    return film_from(row)


async def segments(books: Books, film_id: FilmId) -> list[Segment]:
    """Return a film's segments in order."""
    async with books.reading() as rows:
        found = await rows.execute(
            select(schema.segment).where(schema.segment.c.film == film_id).order_by(schema.segment.c.index)
        )
        return [segment_from(row) for row in found.mappings()]


async def list_films(books: Books, account: AccountId, *, limit: int) -> Sequence[Film]:
    """Return an account's newest films, newest first."""
    table = schema.film
    query = select(table).where(table.c.account == account).order_by(table.c.created_at_ms.desc(), table.c.id.desc())
    async with books.reading() as rows:
        found = await rows.execute(query.limit(limit))
        return [film_from(row) for row in found.mappings()]


async def read_posted(rows: AsyncConnection, film_id: FilmId) -> MilliCredits:
    """Return what has been charged for a film so far, inside the caller's transaction."""
    table = schema.transfer
    amounts = await rows.execute(
        select(table.c.amount_mc).where(table.c.film == film_id, table.c.kind == TransferKind.POST)
    )
    return MilliCredits(sum(amounts.scalars()))
