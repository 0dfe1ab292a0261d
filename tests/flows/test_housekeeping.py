"""Jobs whose film ended first are followed for the operator's books, and cost the customer nothing."""

import asyncio

from sqlalchemy import select, update

from film.ids import FilmId
from flows.housekeeping import housekeeping
from ledger import films, schema
from ledger.attempt import AttemptState
from ledger.attempts import attempts_of
from ledger.ending import cancel_film
from tasks import housekeeping as chores
from tasks.studio import Studio
from tests.flows.conftest import Vendors, made, ordered, until


async def spend(studio: Studio, kind: str) -> list[tuple[str, int | None]]:
    """Return the operator's lines of a kind: vendor and millionths of its credits."""
    table = schema.provider_entry
    async with studio.books.reading() as rows:
        found = await rows.execute(select(table.c.vendor, table.c.amount_micro).where(table.c.kind == kind))
        return [(row.vendor, row.amount_micro) for row in found]


async def states(studio: Studio, film_id: FilmId) -> set[AttemptState]:
    """Return the states of a film's attempts."""
    return {row.state for row in await attempts_of(studio.books, film_id)}


async def test_a_late_job_is_followed_to_its_end(studio: Studio, vendors: Vendors) -> None:
    """Canceled while clips render: their charge is booked as late, once, and the film's cost stays 0."""
    vendors.script(
        {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": 300, "times": None}
    )
    film_id = await ordered(studio)
    running = asyncio.create_task(made(studio, film_id))

    async def submitted() -> bool:
        rows = await attempts_of(studio.books, film_id)
        return [row.state for row in rows] == [AttemptState.SUBMITTED] * 2

    await until(submitted)
    await cancel_film(studio.books, film_id)
    film = await running
    assert await states(studio, film_id) == {AttemptState.DRAINING}

    async def done() -> bool:
        await housekeeping()
        return await states(studio, film_id) == {AttemptState.DRAINED}

    await until(done)
    assert await housekeeping() == 0
    charged = [job["charged"] - job["refunded"] for job in vendors.jobs("listenhub-video")[-2:]]
    late = await spend(studio, "late")
    assert sorted(amount or 0 for _, amount in late) == sorted(round(amount * 1_000_000) for amount in charged)
    assert film.cost_actual_mc == 0


async def test_the_daily_round_removes_what_is_too_old_and_audits(studio: Studio) -> None:
    """A film whose clips are older than the setting keeps its file and its books; they still add up."""
    film = await made(studio, await ordered(studio))
    assert film.result is not None
    studio.settings = studio.settings.model_copy(update={"keep_parts_days": 1})
    await housekeeping(audit=True)
    clips = [segment.object_key for segment in await films.segments(studio.books, film.id)]
    sizes = [await studio.objects.size_of(key or "") for key in clips]
    assert all(sizes), "nothing is old yet"
    async with studio.books.writing() as rows:
        long_ago_ms = studio.books.now_ms() - 2 * 86_400_000
        await rows.execute(update(schema.film).values(completed_at_ms=long_ago_ms))
        await rows.execute(update(schema.outbox).values(created_at_ms=long_ago_ms))
    await chores.forget_old(studio)
    for key in clips:
        assert key is not None
        assert await studio.objects.size_of(key) is None
    assert await studio.objects.size_of(film.result.film) is not None
