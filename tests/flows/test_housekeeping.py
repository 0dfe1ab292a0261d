"""Jobs whose film ended first are followed for the operator's records, and cost the customer nothing."""

import asyncio

from sqlalchemy import select, update

from app.context import AppContext
from film.ids import FilmId
from flows.housekeeping import housekeeping
from ledger.database import schema
from ledger.films import queries
from ledger.films.settlement import cancel_film
from ledger.purchases.attempt import AttemptState
from ledger.purchases.attempts import list_attempts
from tasks.films import housekeeping as chores
from tests.flows.conftest import Vendors, made, ordered, until


async def spend(ctx: AppContext, kind: str) -> list[tuple[str, int | None]]:
    """Return the operator's lines of a kind: vendor and millionths of its credits."""
    table = schema.provider_entry
    async with ctx.database.snapshot() as conn:
        found = await conn.execute(select(table.c.vendor, table.c.amount_micro).where(table.c.kind == kind))
        return [(row.vendor, row.amount_micro) for row in found]


async def states(ctx: AppContext, film_id: FilmId) -> set[AttemptState]:
    """Return the states of a film's attempts."""
    return {row.state for row in await list_attempts(ctx.database, film_id)}


async def test_a_late_job_is_followed_to_its_end(ctx: AppContext, vendors: Vendors) -> None:
    """Canceled while clips render: their charge is booked as late, once, and the film's cost stays 0."""
    vendors.script(
        {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": 300, "times": None}
    )
    film_id = await ordered(ctx)
    running = asyncio.create_task(made(ctx, film_id))

    async def submitted() -> bool:
        rows = await list_attempts(ctx.database, film_id)
        return [row.state for row in rows] == [AttemptState.SUBMITTED] * 2

    await until(submitted)
    await cancel_film(ctx.database, film_id)
    film = await running
    assert await states(ctx, film_id) == {AttemptState.DRAINING}

    async def done() -> bool:
        await housekeeping()
        return await states(ctx, film_id) == {AttemptState.DRAINED}

    await until(done)
    assert await housekeeping() == 0
    charged = [job["charged"] - job["refunded"] for job in vendors.jobs("listenhub-video")[-2:]]
    late = await spend(ctx, "late")
    assert sorted(amount or 0 for _, amount in late) == sorted(round(amount * 1_000_000) for amount in charged)
    assert film.cost_actual_mc == 0


async def test_the_daily_round_removes_what_is_too_old_and_audits(ctx: AppContext) -> None:
    """A film whose clips are older than the setting keeps its file and its rows; they still add up."""
    film = await made(ctx, await ordered(ctx))
    assert film.result is not None
    ctx.settings = ctx.settings.model_copy(update={"keep_parts_days": 1})
    await housekeeping(audit=True)
    clips = [segment.object_key for segment in await queries.get_segments(ctx.database, film.id)]
    sizes = [await ctx.objects.size_of(key or "") for key in clips]
    assert all(sizes), "nothing is old yet"
    async with ctx.database.transaction() as conn:
        long_ago_ms = ctx.database.now_ms() - 2 * 86_400_000
        await conn.execute(update(schema.film).values(completed_at_ms=long_ago_ms))
        await conn.execute(update(schema.outbox).values(created_at_ms=long_ago_ms))
    await chores.apply_retention(ctx)
    for key in clips:
        assert key is not None
        assert await ctx.objects.size_of(key) is None
    assert await ctx.objects.size_of(film.result.film) is not None
