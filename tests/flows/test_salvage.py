"""What an ended film left is used: composing again is free, a retry pays only for what is missing."""

import shutil

import pytest
from sqlalchemy import func, select

from film.errors import FilmFailed, InvalidRequest, NoSegments, NotComposable, NotRetryable, SegmentsNotReady
from film.status import Status
from flows.compose_again import compose_again as compose_flow
from flows.long_video import produce_film
from flows.retry_film import retry_film as retry_flow
from ledger import films, schema
from ledger.salvage import compose_again, retry_film
from tasks.ordering import local_customer
from tasks.results import FilmResult
from tasks.salvaging import composing_again, retried
from tasks.studio import Studio
from tests.flows.conftest import Vendors, made, ordered

SECOND_FAILS = {"vendor": "listenhub-video", "operation": "create", "fault": "moderation", "match": "Shot 2/2"}


async def transfers(studio: Studio) -> int:
    """Return how many transfers were ever written."""
    async with studio.books.reading() as rows:
        return int((await rows.scalar(select(func.count()).select_from(schema.transfer))) or 0)


async def test_composing_again_is_free_and_renders_nothing(studio: Studio, vendors: Vendors) -> None:
    """A completed film is composed again, even with its work files gone: no transfer, no vendor job (I18)."""
    film = await made(studio, await ordered(studio, narration=True))
    before = await transfers(studio), len(vendors.jobs("listenhub-video")), len(vendors.jobs("listenhub-voice"))
    shutil.rmtree(studio.work / "parts")
    shutil.rmtree(studio.work / "films")
    await compose_again(studio.books, film.id)
    again = await made(studio, film.id)
    assert (again.status, again.compose_n, again.cost_actual_mc) == (Status.COMPLETED, 1, film.cost_actual_mc)
    assert again.result is not None
    assert await studio.objects.size_of(again.result.film) == again.result.size_bytes
    after = await transfers(studio), len(vendors.jobs("listenhub-video")), len(vendors.jobs("listenhub-voice"))
    assert after == before


async def test_a_failed_composing_restores_the_former_end(studio: Studio) -> None:
    """Status and result are what they were; the caller is told why it failed."""
    film = await made(studio, await ordered(studio))
    clip = (await films.segments(studio.books, film.id))[0].object_key
    shutil.rmtree(studio.work / "parts")
    path = studio.objects.local_path(str(clip))
    assert path is not None
    path.unlink()
    await compose_again(studio.books, film.id)
    state = await produce_film(film.id, return_state=True)
    with pytest.raises(FilmFailed, match=r"compose_failed|delivery_failed"):
        await state.aresult()
    again = await films.film(studio.books, film.id)
    assert (again.status, again.fault, again.result) == (Status.COMPLETED, None, film.result)


async def test_what_can_not_be_composed(studio: Studio, vendors: Vendors) -> None:
    """Unfinished films, films without a segment and films with one missing are refused by name."""
    unfinished = await ordered(studio)
    with pytest.raises(NotComposable):
        await compose_again(studio.books, unfinished)
    vendors.script({"vendor": "anthropic", "operation": "message", "fault": "refusal", "times": None})
    empty = await made(studio, unfinished)
    with pytest.raises(NoSegments):
        await compose_again(studio.books, empty.id)
    vendors.script({**SECOND_FAILS, "times": None})
    half = await made(studio, await ordered(studio, continuity="chained"))
    with pytest.raises(SegmentsNotReady) as refused:
        await compose_again(studio.books, half.id)
    assert refused.value.missing == [1]


async def test_a_retry_pays_only_for_what_is_missing(studio: Studio, vendors: Vendors) -> None:
    """The new film adopts the ready segment and its narration, and renders and costs the other alone."""
    vendors.script({**SECOND_FAILS, "times": None})
    failed = await made(studio, await ordered(studio, continuity="chained", narration=True))
    assert (failed.status, failed.cost_actual_mc) == (Status.FAILED, 90_000)
    vendors.script()
    jobs = len(vendors.jobs("listenhub-video"))
    new_id = (await retry_film(studio.books, failed.id, local_customer(studio.settings), redo=())).film_id
    film = await made(studio, new_id)
    assert (film.status, film.retry_of) == (Status.COMPLETED, failed.id)
    assert (film.cost_estimate_mc, film.cost_actual_mc) == (72_000, 72_000)
    assert len(vendors.jobs("listenhub-video")) - jobs == 1


async def test_one_bad_shot_is_redone(studio: Studio, vendors: Vendors) -> None:
    """A complete film with `redo` becomes a new film at the price of that segment."""
    film = await made(studio, await ordered(studio))
    jobs = len(vendors.jobs("listenhub-video"))
    again = await made(
        studio, (await retry_film(studio.books, film.id, local_customer(studio.settings), redo=[0])).film_id
    )
    assert (again.status, again.cost_actual_mc) == (Status.COMPLETED, 90_000)
    assert len(vendors.jobs("listenhub-video")) - jobs == 1
    old, new = [await films.segments(studio.books, one.id) for one in (film, again)]
    assert (new[1].object_key, new[0].object_key == old[0].object_key) == (old[1].object_key, False)
    with pytest.raises(NotRetryable):
        await retry_film(studio.books, again.id, local_customer(studio.settings), redo=())


async def test_a_refused_film_is_not_retried(studio: Studio, vendors: Vendors) -> None:
    """What moderation rejected needs a new prompt."""
    vendors.script({"vendor": "anthropic", "operation": "message", "fault": "block", "times": None})
    film = await made(studio, await ordered(studio))
    with pytest.raises(NotRetryable):
        await retry_film(studio.books, film.id, local_customer(studio.settings), redo=())


async def test_the_flows_of_prefects_forms_salvage_too(studio: Studio, vendors: Vendors) -> None:
    """`compose-again` and `retry-film`, as their deployments run them; segments count from 1 there."""
    film = await made(studio, await ordered(studio))
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


async def test_a_run_that_is_retried_salvages_the_same_film(studio: Studio) -> None:
    """Prefect runs a flow again under its id: no second film is ordered, no second composing begun."""
    film = await made(studio, await ordered(studio))
    first = await retried(studio, film.id, [1], flow_run_id="run-1")
    assert await retried(studio, film.id, [1], flow_run_id="run-1") == first
    assert await retried(studio, film.id, [1], flow_run_id="run-2") != first
    await composing_again(studio, film.id)
    await composing_again(studio, film.id)
    assert (await films.film(studio.books, film.id)).compose_n == 1
    with pytest.raises(NotComposable):
        await composing_again(studio, first)
