"""The one end of every film: completed, failed or canceled, with its voids, its cost and its webhook row at once."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.credits import MilliCredits, credits_number
from film.errors import IllegalTransition
from film.ids import AccountId, FilmId
from film.status import TRANSITIONS, SegmentState, Status
from ledger.audit.run import check_film
from ledger.credits.transfers import TransferKind, TransferRequest, create_transfers
from ledger.database import schema
from ledger.database.engine import Database
from ledger.database.records import Deliverables, FilmError
from ledger.films.orders import read_posted
from ledger.leases import Lease, lock_film, lock_with_lease, progress_now
from ledger.purchases.attempt import LIVE_ATTEMPTS, AttemptState
from ledger.purchases.rate_limit import leave_queue
from runtime.logs import log_event

_LOG: Final = logging.getLogger("longvideo.money")


async def complete_film(database: Database, lease: Lease, result: Deliverables) -> None:
    """End a film well: its deliverables are stored, its credits are all posted.

    Raises:
        StaleEpoch: The run no longer owns the film.
    """
    async with database.transaction() as conn:
        row = await lock_with_lease(conn, lease)
        settled = await _end(database, conn, row, Status.COMPLETED, error=None, result=asdict(result))
    _tell(settled)


async def fail_film(database: Database, lease: Lease, error: FilmError) -> None:
    """End a film badly; what no ready segment used goes back.

    Raises:
        StaleEpoch: The run no longer owns the film.
    """
    async with database.transaction() as conn:
        row = await lock_with_lease(conn, lease)
        settled = await _end(database, conn, row, Status.FAILED, error=error, result=None)
    _tell(settled)


async def cancel_film(database: Database, film_id: FilmId) -> bool:
    """Cancel a film from anywhere; its run finds a newer epoch at its next write and stops.

    Returns:
        Whether this call ended it; False if it had ended already (asking again changes nothing).

    Raises:
        FilmNotFound: There is no such film.
    """
    async with database.transaction() as conn:
        row = await lock_film(conn, film_id)
        if Status(row["status"]).terminal:
            return False
        settled = await _end(database, conn, row, Status.CANCELED, error=None, result=None)
    _tell(settled)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """What the log says of an end once it is committed."""

    film_id: FilmId
    status: Status
    cost_mc: MilliCredits | None = None
    fault: FilmError | None = None
    #: Its new composing ended: the film's former end is its end again.
    restored: bool = False


def _tell(settled: _Settled) -> None:
    error = settled.fault
    log_event(
        _LOG,
        "film_restored" if settled.restored else "film_settled",
        film_id=settled.film_id,
        outcome=settled.status.value,
        credits=None if settled.cost_mc is None else credits_number(settled.cost_mc),
        code=None if error is None else error.code.value,
        segment=None if error is None or error.segment is None else error.segment + 1,
        reason=None if error is None else error.message,
    )


async def _end(
    database: Database,
    conn: AsyncConnection,
    row: RowMapping,
    status: Status,
    *,
    error: FilmError | None,
    result: Mapping[str, object] | None,
) -> _Settled:
    film_id, now_ms = FilmId(row["id"]), database.now_ms()
    current = Status(row["status"])
    if row["former_status"] is not None and status is not Status.COMPLETED:
        await _restore(conn, row, now_ms=now_ms)
        return _Settled(film_id=film_id, status=Status(row["former_status"]), fault=error, restored=True)
    if status not in TRANSITIONS[current]:
        raise IllegalTransition(film_id=film_id, current=current, wanted=status)
    await _close_segments(conn, film_id, error)
    await _void_open_holds(conn, film_id, AccountId(row["account"]), now_ms=now_ms)
    await conn.execute(
        update(schema.attempt)
        .where(schema.attempt.c.film == film_id, schema.attempt.c.state.in_(LIVE_ATTEMPTS))
        .values(state=AttemptState.DRAINING)
    )
    cost = await read_posted(conn, film_id)
    await conn.execute(
        update(schema.film)
        .where(schema.film.c.id == film_id)
        .values(
            status=status,
            progress=await progress_now(conn, row, status),
            stage_times_ms={**row["stage_times_ms"], status.value: now_ms},
            awaiting_approval=False,
            error=None if error is None else error.as_json(),
            result=result,
            former_status=None,
            former_error=None,
            cost_actual_mc=cost,
            # The next epoch: whoever ran the film can write nothing more.
            epoch=row["epoch"] + 1,
            lease_until_ms=None,
            lease_holder=None,
            updated_at_ms=now_ms,
            completed_at_ms=now_ms,
        )
    )
    await leave_queue(conn, film_id)
    await _announce(conn, row, status, now_ms=now_ms)
    await check_film(conn, film_id)
    return _Settled(film_id=film_id, status=status, cost_mc=cost, fault=error)


async def _restore(conn: AsyncConnection, row: RowMapping, *, now_ms: int) -> None:
    """Give a film whose new composing failed, or was canceled, its former end back; nobody is told, it had ended."""
    await conn.execute(
        update(schema.film)
        .where(schema.film.c.id == row["id"])
        .values(
            status=row["former_status"],
            error=row["former_error"],
            former_status=None,
            former_error=None,
            epoch=row["epoch"] + 1,
            lease_until_ms=None,
            lease_holder=None,
            updated_at_ms=now_ms,
        )
    )
    await check_film(conn, FilmId(row["id"]))


async def _close_segments(conn: AsyncConnection, film_id: FilmId, error: FilmError | None) -> None:
    table = schema.segment
    if error is not None and error.segment is not None:
        await conn.execute(
            update(table)
            .where(table.c.film == film_id, table.c.index == error.segment, table.c.state != SegmentState.READY)
            .values(state=SegmentState.FAILED)
        )
    await conn.execute(
        update(table)
        .where(table.c.film == film_id, table.c.state.in_((SegmentState.PENDING, SegmentState.GENERATING)))
        .values(state=SegmentState.CANCELED)
    )


async def _void_open_holds(conn: AsyncConnection, film_id: FilmId, account: AccountId, *, now_ms: int) -> None:
    hold, end = schema.transfer.alias("hold"), schema.transfer.alias("resolution")
    found = await conn.execute(
        select(hold.c.id, hold.c.amount_mc, hold.c.segment)
        .outerjoin(end, end.c.pending_id == hold.c.id)
        .where(hold.c.film == film_id, hold.c.kind == TransferKind.HOLD, end.c.id.is_(None))
        .order_by(hold.c.id)
    )
    voids = [
        TransferRequest(
            kind=TransferKind.VOID,
            account=account,
            amount_mc=MilliCredits(row.amount_mc),
            idem_key=f"void:{film_id}:{row.segment}",
            film=film_id,
            segment=row.segment,
            pending_id=row.id,
        )
        for row in found
    ]
    await create_transfers(conn, voids, now_ms=now_ms)


async def _announce(conn: AsyncConnection, row: RowMapping, status: Status, *, now_ms: int) -> None:
    url = row["request"]["webhook_url"]
    if url is None:
        return
    await conn.execute(
        insert(schema.outbox).values(
            id=f"evt_{secrets.token_hex(12)}",
            film=row["id"],
            compose_n=row["compose_n"],
            event=f"film.{status.value}",
            url=url,
            body=None,
            state="due",
            tries=0,
            next_at_ms=now_ms,
            created_at_ms=now_ms,
        )
    )
