"""A film's run: cancel from anywhere, restart, approval, the front door."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import update

from app.context import AppContext
from film.errors import FilmCanceled, FilmFailed, InvalidRequest, LeaseTaken, NotAwaitingApproval
from film.ids import LOCAL_ACCOUNT
from film.status import ErrorCode, SegmentState, Status
from flows.long_video import long_video, produce_film
from ledger.credits.transfers import balance_of
from ledger.database import schema
from ledger.database.records import Approval
from ledger.films import approvals, queries
from ledger.films.settlement import cancel_film
from ledger.leases import take_lease
from tests.flows.conftest import Vendors, made, ordered, until

SLOW_WRITER = {"vendor": "anthropic", "operation": "message", "fault": "slow", "seconds": 500, "times": None}
SLOW_JUDGE = {**SLOW_WRITER, "nth": 2}
SLOW_ANCHOR = {"vendor": "listenhub-images", "operation": "create", "fault": "job_late", "seconds": 900, "times": None}
SLOW_CLIPS = {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": 900, "times": None}
SLOW_SECOND = {**SLOW_CLIPS, "match": "Shot 2/2"}


@pytest.mark.parametrize(
    ("fault", "status", "ready", "charged"),
    [
        pytest.param(SLOW_WRITER, Status.SCRIPTING, 0, 0, id="while the script is written"),
        pytest.param(SLOW_JUDGE, Status.MODERATION, 0, 0, id="while it is judged"),
        pytest.param(SLOW_ANCHOR, Status.ANCHORING, 0, 0, id="while an anchor is drawn"),
        pytest.param(SLOW_CLIPS, Status.GENERATING, 0, 0, id="before a clip is there"),
        pytest.param(SLOW_SECOND, Status.GENERATING, 1, 90_000, id="with one clip ready"),
    ],
)
async def test_cancel_settles_wherever_the_film_is(
    ctx: AppContext, vendors: Vendors, fault: dict, status: Status, ready: int, charged: int
) -> None:
    """A cancel from outside charges ready segments, gives the rest back, and the run ends as Cancelled."""
    vendors.script(fault)
    film_id = await ordered(ctx, prompt="A cat walks along the sea")
    running = asyncio.create_task(made(ctx, film_id))

    async def there() -> bool:
        film, segments = (
            await queries.get_film(ctx.database, film_id),
            await queries.get_segments(ctx.database, film_id),
        )
        return film.status is status and sum(row.state is SegmentState.READY for row in segments) == ready

    await until(there)
    assert await cancel_film(ctx.database, film_id)
    film = await running
    assert (film.status, film.cost_actual_mc, film.error) == (Status.CANCELED, charged, None)
    balance = await balance_of(ctx.database, LOCAL_ACCOUNT)
    assert (balance.reserved_mc, balance.available_mc) == (0, 162_000 - charged)


async def test_a_given_back_film_goes_on_without_paying_again(ctx: AppContext, vendors: Vendors) -> None:
    """A run that is cancelled as a coroutine settles nothing; the next one uses what is paid for."""
    before = len(vendors.jobs("listenhub-video"))
    vendors.script(SLOW_SECOND)
    film_id = await ordered(ctx)
    running = asyncio.create_task(produce_film(film_id, return_state=True))

    async def one_ready() -> bool:
        return any(row.state is SegmentState.READY for row in await queries.get_segments(ctx.database, film_id))

    await until(one_ready)
    running.cancel()
    await asyncio.wait({running})
    film = await queries.get_film(ctx.database, film_id)
    assert (film.status, film.lease_owner) == (Status.GENERATING, None)
    vendors.script()
    film = await made(ctx, film_id)
    assert (film.status, film.cost_actual_mc) == (Status.COMPLETED, 162_000)
    assert len(vendors.jobs("listenhub-video")) - before == 2, "the slow job was waited for, not bought again"


async def test_a_film_has_one_run(ctx: AppContext) -> None:
    """A second run of a film that is being made is refused, and changes nothing."""
    film_id = await ordered(ctx)
    await take_lease(ctx.database, film_id, owner="elsewhere", lease_s=60)
    state = await produce_film(film_id, return_state=True)
    with pytest.raises(LeaseTaken, match="elsewhere"):
        await state.aresult()
    assert (await queries.get_film(ctx.database, film_id)).status is Status.QUEUED


@pytest.mark.parametrize(
    ("decision", "status", "charged"),
    [(Approval.APPROVED, Status.COMPLETED, 162_000), (Approval.REJECTED, Status.CANCELED, 0)],
)
async def test_a_person_decides_before_anything_is_bought(
    ctx: AppContext, vendors: Vendors, decision: Approval, status: Status, charged: int
) -> None:
    """With `approve` the film waits in moderation; yes lets it go on, no cancels it at no cost."""
    before = len(vendors.jobs("listenhub-video"))
    film_id = await ordered(ctx, approve=True)
    running = asyncio.create_task(made(ctx, film_id))

    async def asked() -> bool:
        return (await queries.get_film(ctx.database, film_id)).awaiting_approval

    await until(asked)
    film = await queries.get_film(ctx.database, film_id)
    assert (film.status, film.storyboard is not None) == (Status.MODERATION, True)
    assert len(vendors.jobs("listenhub-video")) == before
    await approvals.answer(ctx.database, film_id, decision)
    with pytest.raises(NotAwaitingApproval):
        await approvals.answer(ctx.database, film_id, decision)
    film = await running
    assert (film.status, film.cost_actual_mc) == (status, charged)


async def test_a_question_outlives_its_run_but_not_a_day(ctx: AppContext) -> None:
    """The wait is in the rows: a restart goes on with it; a day after it was asked the film is canceled, at no cost."""
    film_id = await ordered(ctx, approve=True)
    running = asyncio.create_task(produce_film(film_id, return_state=True))

    async def asked() -> bool:
        return (await queries.get_film(ctx.database, film_id)).awaiting_approval

    await until(asked)
    running.cancel()
    await asyncio.wait({running})
    assert await asked()
    yesterday = update(schema.film).values(approval_asked_ms=schema.film.c.approval_asked_ms - 86_400_001)
    async with ctx.database.transaction() as conn:
        await conn.execute(yesterday)
    film = await made(ctx, film_id)
    assert (film.status, film.cost_actual_mc, film.awaiting_approval) == (Status.CANCELED, 0, False)


async def test_the_front_door_returns_a_typed_film(ctx: AppContext) -> None:
    """`await long_video(...)` gives the film's file and its cost."""
    film = await long_video(
        prompt="A calm morning", duration=4, provider="seedance-fast", resolution="480p", narration=False, music=False
    )
    assert film.path is not None
    assert film.path.stat().st_size > 10_000
    assert (film.duration, film.cost_actual, film.simulated) == (4, 72, True)
    assert film.result_url.endswith(str(film.path))
    assert await queries.get_film(ctx.database, film.film_id)


async def test_the_front_door_refuses_before_anything_is_written(ctx: AppContext) -> None:
    """A wrong parameter is a typed error and leaves no film behind."""
    with pytest.raises(InvalidRequest, match="duration: "):
        await long_video(prompt="A calm morning", duration=2)
    with pytest.raises(InvalidRequest, match=r"title_card: .*glyph"):
        await long_video(prompt="A calm morning", duration=3, title_card="\U0001f3ac")
    assert await queries.list_films(ctx.database, LOCAL_ACCOUNT, limit=5) == []


async def test_the_front_door_raises_after_settling(ctx: AppContext, vendors: Vendors) -> None:
    """A failed film raises FilmFailed with its code, a canceled one FilmCanceled."""
    vendors.script({"vendor": "anthropic", "operation": "message", "fault": "refusal", "times": None})
    with pytest.raises(FilmFailed) as failed:
        await long_video(prompt="A calm morning", duration=3)
    assert (failed.value.code, failed.value.stage) == ("script_refused", "scripting")
    assert (await balance_of(ctx.database, LOCAL_ACCOUNT)).reserved_mc == 0
    vendors.script(SLOW_WRITER)
    running = asyncio.create_task(long_video(prompt="Another calm morning", duration=3))

    async def second() -> bool:
        return len(await queries.list_films(ctx.database, LOCAL_ACCOUNT, limit=5)) == 2

    await until(second)
    newest = (await queries.list_films(ctx.database, LOCAL_ACCOUNT, limit=1))[0]
    await cancel_film(ctx.database, newest.id)
    with pytest.raises(FilmCanceled):
        await running


async def test_a_film_that_cannot_end_fails_by_its_deadline(ctx: AppContext, vendors: Vendors) -> None:
    """A vendor that answers 429 for ever ends in deadline_exceeded, and everything goes back."""
    vendors.script(
        {"vendor": "listenhub-video", "operation": "create", "fault": "rate_limited", "retry_after_s": 1, "times": None}
    )
    ctx.purchasing = replace(
        ctx.purchasing,
        timings=replace(
            ctx.timings, non_render_budget_s=1, job_deadline_s=0.5, window_s=0.01, vendor_scale=1000, renew_s=0.2
        ),
    )
    film = await made(ctx, await ordered(ctx))
    assert (film.status, film.error and film.error.code) == (Status.FAILED, ErrorCode.DEADLINE_EXCEEDED)
    assert film.error is not None
    assert (film.error.stage, film.cost_actual_mc) == (Status.GENERATING, 0)
    assert "took longer than" in film.error.message
