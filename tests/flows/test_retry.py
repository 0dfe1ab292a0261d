"""What an ended film left is used: composing again is free, a retry pays only for what is missing."""

import shutil

import pytest
from sqlalchemy import func, select

from app.context import AppContext
from film.errors import FilmFailed, InvalidRequest, NoSegments, NotComposable, NotRetryable, SegmentsNotReady
from film.status import Status
from flows.compose_again import compose_again as compose_flow
from flows.long_video import produce_film
from flows.retry_film import retry_film as retry_flow
from ledger.database import schema
from ledger.films import queries
from ledger.films.retry import open_retry, reopen_to_compose
from tasks.films.ordering import local_payer
from tasks.films.results import FilmResult
from tasks.films.retrying import begin_recompose, order_retry
from tests.flows.conftest import Vendors, made, ordered

SECOND_FAILS = {"vendor": "listenhub-video", "operation": "create", "fault": "moderation", "match": "Shot 2/2"}


async def transfers(ctx: AppContext) -> int:
    """Return how many transfers were ever written."""
    async with ctx.database.snapshot() as conn:
        return int((await conn.scalar(select(func.count()).select_from(schema.transfer))) or 0)


async def test_composing_again_is_free_and_renders_nothing(ctx: AppContext, vendors: Vendors) -> None:
    """A completed film is composed again, even with its work files gone: no transfer, no vendor job (I18)."""
    film = await made(ctx, await ordered(ctx, narration=True))
    before = await transfers(ctx), len(vendors.jobs("listenhub-video")), len(vendors.jobs("listenhub-voice"))
    shutil.rmtree(ctx.work_dir / "parts")
    shutil.rmtree(ctx.work_dir / "films")
    await reopen_to_compose(ctx.database, film.id)
    again = await made(ctx, film.id)
    assert (again.status, again.compose_n, again.cost_actual_mc) == (Status.COMPLETED, 1, film.cost_actual_mc)
    assert again.result is not None
    assert await ctx.objects.size_of(again.result.film) == again.result.size_bytes
    after = await transfers(ctx), len(vendors.jobs("listenhub-video")), len(vendors.jobs("listenhub-voice"))
    assert after == before


async def test_a_failed_composing_restores_the_former_end(ctx: AppContext, vendors: Vendors) -> None:
    """Status and result are what they were; the caller is told why it failed."""
    film = await made(ctx, await ordered(ctx))
    clip = (await queries.get_segments(ctx.database, film.id))[0].object_key
    shutil.rmtree(ctx.work_dir / "parts")
    path = ctx.objects.local_path(str(clip))
    assert path is not None
    path.unlink()
    vendors.script({"vendor": "*", "operation": "asset", "fault": "asset_html", "times": None})
    await reopen_to_compose(ctx.database, film.id)
    state = await produce_film(film.id, return_state=True)
    with pytest.raises(FilmFailed, match="segments_not_ready"):
        await state.aresult()
    again = await queries.get_film(ctx.database, film.id)
    assert (again.status, again.error, again.result) == (Status.COMPLETED, None, film.result)


async def test_what_can_not_be_composed(ctx: AppContext, vendors: Vendors) -> None:
    """Unfinished films, films without a segment and films with one missing are refused by name."""
    unfinished = await ordered(ctx)
    with pytest.raises(NotComposable):
        await reopen_to_compose(ctx.database, unfinished)
    vendors.script({"vendor": "anthropic", "operation": "message", "fault": "refusal", "times": None})
    empty = await made(ctx, unfinished)
    with pytest.raises(NoSegments):
        await reopen_to_compose(ctx.database, empty.id)
    vendors.script({**SECOND_FAILS, "times": None})
    half = await made(ctx, await ordered(ctx, continuity="chained"))
    with pytest.raises(SegmentsNotReady) as refused:
        await reopen_to_compose(ctx.database, half.id)
    assert refused.value.missing == [1]


async def test_a_retry_pays_only_for_what_is_missing(ctx: AppContext, vendors: Vendors) -> None:
    """The new film adopts the ready segment and its narration, and renders and costs the other alone."""
    vendors.script({**SECOND_FAILS, "times": None})
    failed = await made(ctx, await ordered(ctx, continuity="chained", narration=True))
    assert (failed.status, failed.cost_actual_mc) == (Status.FAILED, 90_000)
    vendors.script()
    jobs = len(vendors.jobs("listenhub-video"))
    new_id = (await open_retry(ctx.database, failed.id, local_payer(ctx.settings), redo=())).film_id
    film = await made(ctx, new_id)
    assert (film.status, film.retry_of) == (Status.COMPLETED, failed.id)
    assert (film.cost_estimate_mc, film.cost_actual_mc) == (72_000, 72_000)
    assert len(vendors.jobs("listenhub-video")) - jobs == 1


async def test_one_bad_shot_is_redone(ctx: AppContext, vendors: Vendors) -> None:
    """A complete film with `redo` becomes a new film at the price of that segment."""
    film = await made(ctx, await ordered(ctx))
    jobs = len(vendors.jobs("listenhub-video"))
    again = await made(ctx, (await open_retry(ctx.database, film.id, local_payer(ctx.settings), redo=[0])).film_id)
    assert (again.status, again.cost_actual_mc) == (Status.COMPLETED, 90_000)
    assert len(vendors.jobs("listenhub-video")) - jobs == 1
    old, new = [await queries.get_segments(ctx.database, one.id) for one in (film, again)]
    assert (new[1].object_key, new[0].object_key == old[0].object_key) == (old[1].object_key, False)
    with pytest.raises(NotRetryable):
        await open_retry(ctx.database, again.id, local_payer(ctx.settings), redo=())


async def test_a_refused_film_is_not_retried(ctx: AppContext, vendors: Vendors) -> None:
    """What moderation rejected needs a new prompt."""
    vendors.script({"vendor": "anthropic", "operation": "message", "fault": "block", "times": None})
    film = await made(ctx, await ordered(ctx))
    with pytest.raises(NotRetryable):
        await open_retry(ctx.database, film.id, local_payer(ctx.settings), redo=())


async def test_the_flows_of_prefects_forms_salvage_too(ctx: AppContext, vendors: Vendors) -> None:
    """`compose-again` and `retry-film`, as their deployments run them; segments count from 1 there."""
    film = await made(ctx, await ordered(ctx))
    composed = await compose_flow(film.id)
    assert isinstance(composed, FilmResult)
    assert (composed.film_id, composed.cost_actual) == (film.id, 162)
    jobs = len(vendors.jobs("listenhub-video"))
    redone = await retry_flow(film.id, redo=[2])
    assert isinstance(redone, FilmResult)
    assert (redone.film_id == film.id, redone.cost_actual) == (False, 72)
    assert len(vendors.jobs("listenhub-video")) - jobs == 1
    with pytest.raises(InvalidRequest, match="the film has segments 1 to 2, not \\[3\\]"):
        await retry_flow(film.id, redo=[3])


async def test_a_run_that_is_retried_salvages_the_same_film(ctx: AppContext) -> None:
    """Prefect runs a flow again under its id: no second film is ordered, no second composing begun."""
    film = await made(ctx, await ordered(ctx))
    first = await order_retry(ctx, film.id, [1], flow_run_id="run-1")
    assert await order_retry(ctx, film.id, [1], flow_run_id="run-1") == first
    assert await order_retry(ctx, film.id, [1], flow_run_id="run-2") != first
    await begin_recompose(ctx, film.id)
    await begin_recompose(ctx, film.id)
    assert (await queries.get_film(ctx.database, film.id)).compose_n == 1
    with pytest.raises(NotComposable):
        await begin_recompose(ctx, first)
