"""This program in figures, read from the rows: what an operator watches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sqlalchemy import func, select

from film.status import Status
from ledger.credits.transfers import PLATFORM, BalanceKind
from ledger.database import schema
from ledger.database.engine import Database
from ledger.operations.heartbeats import ProcessKind, live_processes

#: Stage times are told of films that ended within the last hour, at most so many.
_RECENT_MS: Final = 3_600_000
_RECENT_FILMS: Final = 200
_ALIVE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All figures of one look."""

    films: Mapping[Status, int]
    #: By vendor and state. Rejected: the vendor refused; absent and orphaned: sends whose outcome was in doubt.
    attempts: Mapping[tuple[str, str], int]
    #: Submits that were refused as too many (429), by vendor and model.
    too_many: Mapping[tuple[str, str], int]
    webhooks: Mapping[str, int]
    held_mc: int
    posted_mc: int
    #: Seconds that stages took, by stage: count and sum over recent films.
    stage_s: Mapping[str, tuple[int, float]]
    #: How long the oldest queued film has waited, 0 if none waits.
    queue_age_s: float
    processes: Mapping[ProcessKind, int]


async def collect_metrics(database: Database) -> Metrics:
    """Read every figure."""
    film, attempt, gate, outbox, balance = schema.film, schema.attempt, schema.rate_gate, schema.outbox, schema.balance
    now_ms = database.now_ms()
    async with database.snapshot() as conn:
        films = await conn.execute(select(film.c.status, func.count()).group_by(film.c.status))
        by_status = {Status(status): int(number) for status, number in films}
        tried = await conn.execute(
            select(attempt.c.vendor, attempt.c.state, func.count()).group_by(attempt.c.vendor, attempt.c.state)
        )
        attempts = {(vendor, state): int(number) for vendor, state, number in tried}
        refused = await conn.execute(
            select(gate.c.vendor, gate.c.model, func.sum(gate.c.refused_n)).group_by(gate.c.vendor, gate.c.model)
        )
        too_many = {(vendor, model): int(number) for vendor, model, number in refused}
        sent = await conn.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
        webhooks = {state: int(number) for state, number in sent}
        held = await conn.scalar(select(func.sum(balance.c.amount_mc)).where(balance.c.kind == BalanceKind.HELD))
        posted = await conn.scalar(
            select(balance.c.amount_mc).where(balance.c.account == PLATFORM, balance.c.kind == BalanceKind.REVENUE)
        )
        oldest = await conn.scalar(select(func.min(film.c.created_at_ms)).where(film.c.status == Status.QUEUED))
        times = await conn.scalars(
            select(film.c.stage_times_ms)
            .where(film.c.completed_at_ms > now_ms - _RECENT_MS)
            .order_by(film.c.completed_at_ms.desc())
            .limit(_RECENT_FILMS)
        )
        stage_s = _stage_seconds(times.all())
    processes = {kind: len(await live_processes(database, kind, within_s=_ALIVE_S)) for kind in ProcessKind}
    return Metrics(
        films=by_status,
        attempts=attempts,
        too_many=too_many,
        webhooks=webhooks,
        held_mc=int(held or 0),
        posted_mc=int(posted or 0),
        stage_s=stage_s,
        queue_age_s=0.0 if oldest is None else max(now_ms - oldest, 0) / 1000,
        processes=processes,
    )


def _stage_seconds(films: Sequence[Mapping[str, int]]) -> Mapping[str, tuple[int, float]]:
    """Return how often each stage was passed and how long that took in all."""
    found: dict[str, tuple[int, float]] = {}
    for times in films:
        stages = sorted(times.items(), key=lambda stage: stage[1])
        for (stage, began_ms), (_, ended_ms) in pairwise(stages):
            count, seconds = found.get(stage, (0, 0.0))
            found[stage] = (count + 1, seconds + (ended_ms - began_ms) / 1000)
    return found
