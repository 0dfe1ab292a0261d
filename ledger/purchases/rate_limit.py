"""The rate limit: never more submits in any window than a vendor allows, as many as it allows, fair between films.

The last N grants of a (vendor, key, model) are kept; the next is free when the oldest of them has left the window. A
slot is taken in the transaction that commits the intent, so the rate limit holds across processes and needs no clock of
its own. Polls never come here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.ids import FilmId
from ledger.database import schema
from ledger.database.engine import Database, insert_missing
from ledger.purchases.attempt import AttemptState

#: The longest a vendor closes its rate limit (Retry-After); a later end was stamped before the clock was set back.
_CLOSED_MAX_MS = 3_600_000
_OCCUPYING = (AttemptState.INTENT, AttemptState.SUBMITTED, AttemptState.DRAINING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """One vendor model's limits for one key. The guard lies between the vendor's clock and ours."""

    vendor: str
    model: str
    key_print: str
    submits: int
    window_ms: int
    guard_ms: int
    #: How long a refused film waits before it asks again when no time can be told, in milliseconds.
    retry_delay_ms: int
    jobs_at_once: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """No slot now: ask again at `at_ms`."""

    at_ms: int


async def acquire_permit(
    conn: AsyncConnection, rate_limit: RateLimit, film_id: FilmId, read_clock: Callable[[], int]
) -> RetryAt | int:
    """Take a slot inside the caller's transaction and return its time in milliseconds: now the POST may be sent.

    The clock is read once the rate limit's row is locked: whoever waited for the lock would stamp a slot before those
    that were granted meanwhile.

    Fair: a film that was served longer ago goes first, so 23 waiting segments delay another film's first by one slot.
    """
    gate = schema.rate_gate
    key = {"vendor": rate_limit.vendor, "key_print": rate_limit.key_print, "model": rate_limit.model}
    await insert_missing(conn, gate, {**key, "granted_at_ms": [], "closed_until_ms": 0})
    found = await conn.execute(select(gate.c.granted_at_ms, gate.c.closed_until_ms).filter_by(**key).with_for_update())
    state, now_ms = found.one(), read_clock()
    span_ms = rate_limit.window_ms + rate_limit.guard_ms
    if any(at_ms > now_ms for at_ms in state.granted_at_ms):
        # Stamped before the clock was set back: when they really were can't be told, so they count as now. Without
        # this a rate limit would stay shut for as long as the clock was wrong.
        granted_ms = [min(at_ms, now_ms) for at_ms in state.granted_at_ms]
        await conn.execute(update(gate).filter_by(**key).values(granted_at_ms=granted_ms))
    else:
        granted_ms = state.granted_at_ms
    recent = [at_ms for at_ms in granted_ms if at_ms + span_ms > now_ms]
    closed_ms = state.closed_until_ms if state.closed_until_ms <= now_ms + _CLOSED_MAX_MS else 0
    not_before_ms = max(closed_ms, recent[-rate_limit.submits] + span_ms if len(recent) >= rate_limit.submits else 0)
    free = 0 if not_before_ms > now_ms else rate_limit.submits - len(recent)
    if rate_limit.jobs_at_once is not None:
        free = min(free, rate_limit.jobs_at_once - await _jobs(conn, rate_limit))
    if free <= 0 or free <= await _ahead(conn, rate_limit, film_id, now_ms=now_ms):
        place = await _place(conn, rate_limit, film_id, now_ms=now_ms)
        at_ms = max(_turn_ms(recent, rate_limit, place, now_ms=now_ms), not_before_ms)
        return await _join_queue(conn, rate_limit, film_id, at_ms=at_ms)
    granted = [*recent, now_ms][-rate_limit.submits :]
    await conn.execute(update(gate).filter_by(**key).values(granted_at_ms=granted))
    await _record_served(conn, rate_limit, film_id, now_ms=now_ms)
    return now_ms


async def release_permit(conn: AsyncConnection, *, vendor: str, model: str, key_print: str, at_ms: int) -> None:
    """Free the slot granted at `at_ms`, inside the caller's transaction: its POST never left this machine."""
    gate = schema.rate_gate
    key = {"vendor": vendor, "model": model, "key_print": key_print}
    granted_ms = list(await conn.scalar(select(gate.c.granted_at_ms).filter_by(**key).with_for_update()) or [])
    if at_ms in granted_ms:
        granted_ms.remove(at_ms)
        await conn.execute(update(gate).filter_by(**key).values(granted_at_ms=granted_ms))


async def lock_rate_limit(conn: AsyncConnection, *, vendor: str, model: str, key_print: str) -> None:
    """Let nobody else submit to, or take a job of, a vendor's model until the caller's transaction has ended."""
    gate = schema.rate_gate
    key = {"vendor": vendor, "model": model, "key_print": key_print}
    await conn.execute(select(gate.c.closed_until_ms).filter_by(**key).with_for_update())


async def block_submits(database: Database, rate_limit: RateLimit, *, for_s: float) -> None:
    """Let nobody submit for `for_s` seconds, and count it: the vendor answered 429."""
    gate = schema.rate_gate
    until_ms = database.now_ms() + min(round(for_s * 1000), _CLOSED_MAX_MS)
    later_ms = case((gate.c.closed_until_ms < until_ms, until_ms), else_=gate.c.closed_until_ms)
    async with database.transaction() as conn:
        await conn.execute(
            update(gate)
            .filter_by(vendor=rate_limit.vendor, key_print=rate_limit.key_print, model=rate_limit.model)
            .values(closed_until_ms=later_ms, refused_n=gate.c.refused_n + 1)
        )


async def films_waiting(database: Database, rate_limit: RateLimit, *, besides: FilmId) -> int:
    """Return how many other films wait at a rate limit now."""
    async with database.snapshot() as conn:
        return await _waiting(conn, rate_limit, besides, now_ms=database.now_ms())


async def _jobs(conn: AsyncConnection, rate_limit: RateLimit) -> int:
    table = schema.attempt
    query = select(func.count()).where(
        table.c.vendor == rate_limit.vendor,
        table.c.model == rate_limit.model,
        table.c.key_print == rate_limit.key_print,
        table.c.state.in_(_OCCUPYING),
    )
    return int((await conn.scalar(query)) or 0)


def _turn_ms(recent: Sequence[int], rate_limit: RateLimit, place: int, *, now_ms: int) -> int:
    """Return when the film at a place of the queue should ask again.

    A queue that asks all at once asks as often as it is long for every slot. So only the next two ask at the next
    slot, and whoever is further back when half of those before it may have been served: films before it end, too. A
    window is the longest anybody waits to be told again.
    """
    span_ms, turn = rate_limit.window_ms + rate_limit.guard_ms, place // 2
    free_at_ms = [0] * (rate_limit.submits - len(recent)) + [at_ms + span_ms for at_ms in recent[-rate_limit.submits :]]
    rounds, slot = divmod(turn, rate_limit.submits)
    at_ms = free_at_ms[slot] + rounds * span_ms
    if at_ms <= now_ms:  # the window has room: it is a running job's end, or another film's turn, that is waited for
        at_ms = now_ms + (turn + 1) * rate_limit.retry_delay_ms
    return min(at_ms, now_ms + span_ms)


async def _ahead(conn: AsyncConnection, rate_limit: RateLimit, film_id: FilmId, *, now_ms: int) -> int:
    """Return how many other films wait that were served longer ago; one that doesn't come back is forgotten."""
    served_ms = await _last_grant_ms(conn, rate_limit, film_id)
    longer_ago = schema.gate_waiter.c.last_grant_ms < served_ms
    return await _waiting(conn, rate_limit, film_id, longer_ago, now_ms=now_ms)


async def _place(conn: AsyncConnection, rate_limit: RateLimit, film_id: FilmId, *, now_ms: int) -> int:
    """Return how many other films the queue has before one; among those served equally long ago the id decides."""
    waiter, served_ms = schema.gate_waiter, await _last_grant_ms(conn, rate_limit, film_id)
    before = (waiter.c.last_grant_ms < served_ms) | ((waiter.c.last_grant_ms == served_ms) & (waiter.c.film < film_id))
    return await _waiting(conn, rate_limit, film_id, before, now_ms=now_ms)


def _waiter_key(rate_limit: RateLimit, film_id: FilmId) -> dict[str, str]:
    return {"vendor": rate_limit.vendor, "key_print": rate_limit.key_print, "model": rate_limit.model, "film": film_id}


async def _last_grant_ms(conn: AsyncConnection, rate_limit: RateLimit, film_id: FilmId) -> int:
    waiter = schema.gate_waiter
    query = select(waiter.c.last_grant_ms).filter_by(**_waiter_key(rate_limit, film_id))
    return (await conn.scalar(query)) or 0


async def _waiting(
    conn: AsyncConnection,
    rate_limit: RateLimit,
    besides: FilmId,
    which: ColumnElement[bool] | None = None,
    *,
    now_ms: int,
) -> int:
    waiter = schema.gate_waiter
    query = select(func.count()).where(
        waiter.c.vendor == rate_limit.vendor,
        waiter.c.key_print == rate_limit.key_print,
        waiter.c.model == rate_limit.model,
        waiter.c.film != besides,
        waiter.c.back_at_ms > now_ms - 2 * rate_limit.retry_delay_ms,
    )
    if which is not None:
        query = query.where(which)
    return int((await conn.scalar(query)) or 0)


async def _join_queue(conn: AsyncConnection, rate_limit: RateLimit, film_id: FilmId, *, at_ms: int) -> RetryAt:
    waiter = schema.gate_waiter
    key = _waiter_key(rate_limit, film_id)
    await insert_missing(conn, waiter, {**key, "last_grant_ms": 0, "back_at_ms": at_ms})
    await conn.execute(update(waiter).filter_by(**key).values(back_at_ms=at_ms))
    return RetryAt(at_ms=at_ms)


async def _record_served(conn: AsyncConnection, rate_limit: RateLimit, film_id: FilmId, *, now_ms: int) -> None:
    waiter = schema.gate_waiter
    key = _waiter_key(rate_limit, film_id)
    await insert_missing(conn, waiter, {**key, "last_grant_ms": now_ms, "back_at_ms": 0})
    # Served films stay listed without waiting (back_at 0), so that their next segment knows its turn.
    await conn.execute(update(waiter).filter_by(**key).values(last_grant_ms=now_ms, back_at_ms=0))


async def leave_queue(conn: AsyncConnection, film_id: FilmId) -> None:
    """Drop an ended film from the queue, inside the caller's transaction."""
    await conn.execute(delete(schema.gate_waiter).where(schema.gate_waiter.c.film == film_id))
