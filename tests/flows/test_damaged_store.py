"""A stored file whose bytes changed is never composed: it is fetched again, else the film says which."""

import shutil

import pytest

from app.context import AppContext
from film.errors import FilmFailed, SegmentsNotReady
from film.job_specs import Purpose
from film.status import ErrorCode, Status
from flows.long_video import produce_film
from ledger.database.records import Film
from ledger.films import queries
from ledger.films.retry import reopen_to_compose
from ledger.purchases.attempt import Attempt, AttemptState
from ledger.purchases.attempts import list_attempts
from store.objects import file_facts
from tests.flows.conftest import Vendors, made, ordered

#: Nothing but pages of HTML can be downloaded.
GONE = {"vendor": "*", "operation": "asset", "fault": "asset_html", "times": None}


async def bought(ctx: AppContext, film: Film, purpose: Purpose) -> Attempt:
    """Return the first ready attempt of a kind."""
    found = await list_attempts(ctx.database, film.id, purpose)
    return next(attempt for attempt in found if attempt.state is AttemptState.READY)


async def stored(ctx: AppContext, film: Film, purpose: Purpose) -> tuple[str, str]:
    """Return the key and the recorded hash of the film's first bought file of a kind."""
    first = await bought(ctx, film, purpose)
    return str(first.object_key), str(first.sha256)


def damage(ctx: AppContext, key: str, *, how: str) -> None:
    """Change a stored file behind the store's back, and forget what was made of it."""
    path = ctx.objects.local_path(key)
    assert path is not None
    if how == "gone":
        path.unlink()
    elif how == "torn":
        path.write_bytes(path.read_bytes()[:-1000])
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    shutil.rmtree(ctx.work_dir / "parts")
    shutil.rmtree(ctx.work_dir / "films")


@pytest.mark.parametrize(
    ("purpose", "how"),
    [
        (Purpose.SEGMENT, "one bit"),
        (Purpose.SEGMENT, "torn"),
        (Purpose.SEGMENT, "gone"),
        (Purpose.NARRATION, "one bit"),
        (Purpose.MUSIC, "torn"),
    ],
)
async def test_a_changed_file_is_fetched_again(ctx: AppContext, vendors: Vendors, purpose: Purpose, how: str) -> None:
    """The same job's file, as it was recorded; nothing is bought, and the film is composed."""
    film = await made(ctx, await ordered(ctx, narration=True, music=True))
    assert film.status is Status.COMPLETED
    key, sha256 = await stored(ctx, film, purpose)
    damage(ctx, key, how=how)
    jobs = [len(vendors.jobs(name)) for name in ("listenhub-video", "listenhub-voice")]
    await reopen_to_compose(ctx.database, film.id)
    again = await made(ctx, film.id)
    assert (again.status, again.compose_n, again.error) == (Status.COMPLETED, 1, None)
    path = ctx.objects.local_path(key)
    assert path is not None
    assert file_facts(path).sha256 == sha256
    assert [len(vendors.jobs(name)) for name in ("listenhub-video", "listenhub-voice")] == jobs


@pytest.mark.parametrize("purpose", [Purpose.SEGMENT, Purpose.NARRATION])
async def test_a_file_that_is_lost_is_named(ctx: AppContext, vendors: Vendors, purpose: Purpose) -> None:
    """The vendor has it no more: the film's former end stays, and who composes is told which segment is missing."""
    film = await made(ctx, await ordered(ctx, narration=True))
    assert film.status is Status.COMPLETED
    key, _ = await stored(ctx, film, purpose)
    slot = (await bought(ctx, film, purpose)).slot
    damage(ctx, key, how="one bit")
    vendors.script(GONE)
    await reopen_to_compose(ctx.database, film.id)
    with pytest.raises(FilmFailed) as failed:
        await (await produce_film(film.id, return_state=True)).aresult()
    assert (failed.value.code, failed.value.segment) == (ErrorCode.SEGMENTS_NOT_READY, slot)
    again = await queries.get_film(ctx.database, film.id)
    assert (again.status, again.error, again.result) == (Status.COMPLETED, None, film.result)
    if purpose is Purpose.SEGMENT:
        with pytest.raises(SegmentsNotReady) as refused:
            await reopen_to_compose(ctx.database, film.id)
        assert refused.value.missing == [slot]
