"""One owner at a time; old epochs change nothing."""

import pytest

from film.errors import LeaseTaken, StaleEpoch
from film.status import Status
from film.storyboard import Shot, Storyboard
from ledger.database.engine import Database
from ledger.films import queries, stages
from ledger.films.settlement import cancel_film
from ledger.leases import Lease, release_lease, renew_leases, take_lease
from tests.databases import HandClock

BOARD = Storyboard(title="t", style="s", music="m", shots=(Shot(index=0, prompt="p", narration="long line"),))


async def test_a_living_holder_keeps_its_film(database: Database, leased: Lease, clock: HandClock) -> None:
    """While the lease is renewed nobody else gets the film, and the owner is named."""
    clock.time += 50
    assert await renew_leases(database, [leased], lease_s=60) == {leased}
    clock.time += 50
    with pytest.raises(LeaseTaken, match="run-1"):
        await take_lease(database, leased.film_id, owner="run-2", lease_s=60)


async def test_a_lapsed_lease_is_taken_with_the_next_epoch(database: Database, leased: Lease, clock: HandClock) -> None:
    """After the lease ran out another run owns the film, and the first can write nothing any more (I13)."""
    clock.time += 61
    second = await take_lease(database, leased.film_id, owner="run-2", lease_s=60)
    assert second.epoch == leased.epoch + 1
    await renew_leases(database, [second], lease_s=60)
    before = await queries.get_film(database, leased.film_id)
    for write in (
        lambda: stages.enter_stage(database, leased, Status.SCRIPTING),
        lambda: stages.save_storyboard(database, leased, BOARD),
        lambda: stages.save_cues(database, leased, []),
    ):
        with pytest.raises(StaleEpoch):
            await write()
    assert await renew_leases(database, [leased, second], lease_s=60) == {second}
    await release_lease(database, leased)  # does nothing either: it isn't theirs to give
    assert await queries.get_film(database, leased.film_id) == before


async def test_a_released_film_is_free_at_once(database: Database, leased: Lease) -> None:
    """Giving a film back needs no waiting for the lease to lapse."""
    await release_lease(database, leased)
    assert (await take_lease(database, leased.film_id, owner="run-2", lease_s=60)).epoch == leased.epoch + 1


async def test_a_dead_holder_need_not_lapse(database: Database, leased: Lease) -> None:
    """Who knows the owner to be dead takes its film at once; the dead one, if it lives after all, is fenced."""
    second = await take_lease(database, leased.film_id, owner="run-2", lease_s=60, instead_of="run-1")
    assert await renew_leases(database, [leased], lease_s=60) == frozenset()
    with pytest.raises(LeaseTaken, match="run-2"):
        await take_lease(database, leased.film_id, owner="run-3", lease_s=60, instead_of="run-1")
    assert await renew_leases(database, [second], lease_s=60) == {second}


async def test_an_ended_film_has_no_holder(database: Database, leased: Lease) -> None:
    """A canceled film stops its run at the next write and can't be leased again."""
    assert await cancel_film(database, leased.film_id)
    assert await renew_leases(database, [leased], lease_s=60) == frozenset()
    with pytest.raises(StaleEpoch):
        await take_lease(database, leased.film_id, owner="run-2", lease_s=60)


async def test_stages_only_go_forward(database: Database, leased: Lease) -> None:
    """A resumed run walks through the stages again without setting the film back."""
    for stage in (Status.SCRIPTING, Status.MODERATION, Status.ANCHORING):
        await stages.enter_stage(database, leased, stage)
    await stages.enter_stage(database, leased, Status.SCRIPTING)
    film = await queries.get_film(database, leased.film_id)
    assert film.status is Status.ANCHORING
    assert list(film.stage_times_ms) == ["queued", "scripting", "moderation", "anchoring"]


async def test_a_stage_may_not_be_skipped(database: Database, leased: Lease) -> None:
    """The table is enforced where the row is written (I14)."""
    with pytest.raises(Exception, match="generating may not follow queued"):
        await stages.enter_stage(database, leased, Status.GENERATING)


async def test_a_rewritten_line_is_a_new_take(database: Database, leased: Lease) -> None:
    """The shorter narration replaces the longer one in the row, so that a restart buys the same words."""
    await stages.save_storyboard(database, leased, BOARD)
    shot = await stages.replace_narration(database, leased, 0, "short")
    assert (shot.narration, shot.take) == ("short", 1)
    assert (await queries.get_film(database, leased.film_id)).storyboard.shots[0] == shot
