"""The rate limit: never more than the vendor allows, as many as it allows, fair between films."""

import heapq

import pytest

from film.ids import FilmId
from ledger.database.engine import Database
from ledger.leases import Lease
from ledger.purchases import attempts
from ledger.purchases.attempt import AttemptState
from ledger.purchases.rate_limit import RateLimit, RetryAt, acquire_permit, block_submits, films_waiting
from tests.databases import HandClock
from tests.unit.ledger.conftest import RATE_LIMIT
from tests.unit.ledger.test_settlement import purchase

ONE, TWO = FilmId("vid_1"), FilmId("vid_2")


async def ask(database: Database, film: FilmId, rate_limit: RateLimit = RATE_LIMIT) -> RetryAt | None:
    """Ask for a slot now."""
    async with database.transaction() as conn:
        taken = await acquire_permit(conn, rate_limit, film, database.now_ms)
        return taken if isinstance(taken, RetryAt) else None


async def test_a_burst_up_to_the_limit_passes(database: Database) -> None:
    """Five at once, then none until the first has left the window and the guard has passed."""
    start = database.now_ms()
    assert [await ask(database, ONE) for _ in range(5)] == [None] * 5
    assert await ask(database, ONE) == RetryAt(at_ms=start + 61_000)


async def test_a_slot_is_stamped_when_the_gate_is_locked(database: Database, clock: HandClock) -> None:
    """Whoever waited for the lock is granted a slot of now: an older one would not count in the windows after it."""
    assert await ask(database, ONE) is None

    def read() -> int:
        clock.time += 30  # what the lock took
        return database.now_ms()

    before_ms = database.now_ms()
    async with database.transaction() as conn:
        assert await acquire_permit(conn, RATE_LIMIT, TWO, read) == before_ms + 30_000
    assert [await ask(database, ONE) for _ in range(3)] == [None] * 3
    assert await ask(database, ONE) == RetryAt(at_ms=before_ms + 61_000)


async def test_no_window_ever_holds_more_than_the_limit(database: Database, clock: HandClock) -> None:
    """Asked all the time for ten minutes, no 60 s hold six grants, and nearly every slot is used."""
    granted = []
    while len(granted) < 50:
        answer = await ask(database, ONE)
        if answer is None:
            granted.append(database.now_ms())
            clock.time += 0.7
        else:
            clock.time = answer.at_ms / 1000
    for first, sixth in zip(granted, granted[5:], strict=False):
        assert sixth - first >= 60_000
    assert granted[-1] - granted[0] <= 9 * 61_000 + 5_000


async def test_slots_are_the_keys_and_the_models(database: Database) -> None:
    """Another model or another key has a rate limit of its own."""
    for _ in range(5):
        await ask(database, ONE)
    other_model = RateLimit(**{**_facts(), "model": "doubao-seedance-2-fast"})
    other_key = RateLimit(**{**_facts(), "key_print": "l"})
    assert await ask(database, ONE, other_model) is None
    assert await ask(database, ONE, other_key) is None


async def test_a_429_closes_the_gate_for_everybody(database: Database, clock: HandClock) -> None:
    """Retry-After is obeyed by all films, and a shorter one doesn't open the rate limit early."""
    assert await ask(database, ONE) is None
    await block_submits(database, RATE_LIMIT, for_s=30)
    await block_submits(database, RATE_LIMIT, for_s=5)
    assert await ask(database, TWO) == RetryAt(at_ms=database.now_ms() + 30_000)
    clock.time += 30
    assert await ask(database, TWO) is None


async def test_a_waiting_film_goes_before_one_that_was_served(database: Database, clock: HandClock) -> None:
    """A film with many segments delays another's first by at most one slot."""
    for _ in range(5):
        assert await ask(database, ONE) is None
    refused = [await ask(database, ONE), await ask(database, TWO)]
    clock.time = max(answer.at_ms for answer in refused if answer) / 1000
    single = RateLimit(**{**_facts(), "submits": 1})
    assert isinstance(await ask(database, ONE, single), RetryAt), "it was served, the other waits"
    assert await ask(database, TWO, single) is None


async def test_each_key_has_a_queue_of_its_own(database: Database, clock: HandClock) -> None:
    """A film that waits under one key stands in nobody's way under another, and isn't counted there."""
    mine, yours = (RateLimit(**{**_facts(), "submits": 1, "key_print": key}) for key in ("k", "l"))
    assert await ask(database, ONE, mine) is None
    assert await ask(database, FilmId("vid_3"), yours) is None
    assert isinstance(await ask(database, TWO, yours), RetryAt)
    assert [await films_waiting(database, rate_limit, besides=ONE) for rate_limit in (mine, yours)] == [0, 1]
    clock.time += 61
    assert await ask(database, ONE, mine) is None


async def test_a_film_that_went_away_blocks_nobody(database: Database, clock: HandClock) -> None:
    """A waiter that doesn't come back is forgotten."""
    single = RateLimit(**{**_facts(), "submits": 1})
    assert await ask(database, ONE, single) is None
    assert isinstance(await ask(database, TWO, single), RetryAt)
    clock.time += 120
    assert await ask(database, ONE, single) is None


@pytest.mark.parametrize("ending", [0, 3], ids=["all-stay", "every-third-ends"])
async def test_a_long_queue_asks_a_few_times_a_slot_and_wastes_none(
    database: Database, clock: HandClock, ending: int
) -> None:
    """60 films for 5 slots a window: a handful of questions a film, each slot taken within a window of its opening."""
    queue = [(clock.time, FilmId(f"vid_{number:02}")) for number in range(60)]
    asked, granted = 0, list[float]()
    while queue:
        at_s, film = heapq.heappop(queue)
        clock.time = max(clock.time, at_s)
        answer = await ask(database, film)
        asked += 1
        if answer is None:
            granted.append(clock.time)
        elif not (ending and asked > 60 and int(film[-2:]) % ending == 0):  # it was canceled while it waited
            heapq.heappush(queue, (answer.at_ms / 1000, film))
    assert asked <= 7 * 60
    windows = -(-len(granted) // RATE_LIMIT.submits) - 1
    assert granted[-1] - granted[0] <= (windows + bool(ending)) * 61 + 1


async def test_a_post_that_never_left_gives_its_slot_back(database: Database, leased: Lease) -> None:
    """Five slots, one unsent: a fifth POST may still be sent in the same window, a sixth may not."""
    tried = [
        await attempts.create_intent(database, leased, purchase(slot), RATE_LIMIT, nonce=slot + 1) for slot in range(3)
    ]
    assert [await ask(database, leased.film_id) for _ in range(2)] == [None] * 2
    assert isinstance(await ask(database, leased.film_id), RetryAt)
    await attempts.close_attempt(database, leased, tried[1], AttemptState.UNSENT, failure="too late")
    assert await ask(database, leased.film_id) is None
    assert isinstance(await ask(database, leased.film_id), RetryAt)


async def test_a_clock_that_is_set_back_doesnt_shut_the_gate(database: Database, clock: HandClock) -> None:
    """Grants and a Retry-After from the future count as now: one window later the limit is open, and never sooner."""
    for _ in range(5):
        assert await ask(database, ONE) is None
    await block_submits(database, RATE_LIMIT, for_s=30)
    clock.time -= 7 * 3600
    assert await ask(database, ONE) == RetryAt(at_ms=database.now_ms() + 61_000)
    clock.time += 61
    assert [await ask(database, ONE) for _ in range(5)] == [None] * 5


@pytest.mark.parametrize("limit", [1, 3])
async def test_jobs_at_once_are_limited_apart(database: Database, limit: int) -> None:
    """Without a running job the limit of jobs at once refuses nothing; submits in the window don't count as jobs."""
    rate_limit = RateLimit(**{**_facts(), "jobs_at_once": limit})
    assert [await ask(database, ONE, rate_limit) for _ in range(5)] == [None] * 5


def _facts() -> dict:
    return {name: getattr(RATE_LIMIT, name) for name in RATE_LIMIT.__dataclass_fields__}
