"""The rate gate: never more than the vendor allows, as many as it allows, fair between films."""

import heapq

import pytest

from film.ids import FilmId
from ledger import attempts
from ledger.attempt import AttemptState
from ledger.database import Books
from ledger.gate import GateRule, NotBefore, close_gate, films_waiting, take_slot
from ledger.leases import Lease
from tests.databases import HandClock
from tests.unit.ledger.conftest import RULE
from tests.unit.ledger.test_money import purchase

ONE, TWO = FilmId("vid_1"), FilmId("vid_2")


async def ask(books: Books, film: FilmId, rule: GateRule = RULE) -> NotBefore | None:
    """Ask for a slot now."""
    async with books.writing() as rows:
        taken = await take_slot(rows, rule, film, books.now_ms)
        return taken if isinstance(taken, NotBefore) else None


async def test_a_burst_up_to_the_limit_passes(books: Books) -> None:
    """Five at once, then none until the first has left the window and the guard has passed."""
    start = books.now_ms()
    assert [await ask(books, ONE) for _ in range(5)] == [None] * 5
    assert await ask(books, ONE) == NotBefore(at_ms=start + 61_000)


async def test_a_slot_is_stamped_when_the_gate_is_locked(books: Books, clock: HandClock) -> None:
    """Whoever waited for the lock is granted a slot of now: an older one would not count in the windows after it."""
    assert await ask(books, ONE) is None

    def read() -> int:
        clock.time += 30  # what the lock took
        return books.now_ms()

    before_ms = books.now_ms()
    async with books.writing() as rows:
        assert await take_slot(rows, RULE, TWO, read) == before_ms + 30_000
    assert [await ask(books, ONE) for _ in range(3)] == [None] * 3
    assert await ask(books, ONE) == NotBefore(at_ms=before_ms + 61_000)


async def test_no_window_ever_holds_more_than_the_limit(books: Books, clock: HandClock) -> None:
    """Asked all the time for ten minutes, no 60 s hold six grants, and nearly every slot is used."""
    granted = []
    while len(granted) < 50:
        answer = await ask(books, ONE)
        if answer is None:
            granted.append(books.now_ms())
            clock.time += 0.7
        else:
            clock.time = answer.at_ms / 1000
    for first, sixth in zip(granted, granted[5:], strict=False):
        assert sixth - first >= 60_000
    assert granted[-1] - granted[0] <= 9 * 61_000 + 5_000


async def test_slots_are_the_keys_and_the_models(books: Books) -> None:
    """Another model or another key has a gate of its own."""
    for _ in range(5):
        await ask(books, ONE)
    other_model = GateRule(**{**_facts(), "model": "doubao-seedance-2-fast"})
    other_key = GateRule(**{**_facts(), "key_print": "l"})
    assert await ask(books, ONE, other_model) is None
    assert await ask(books, ONE, other_key) is None


async def test_a_429_closes_the_gate_for_everybody(books: Books, clock: HandClock) -> None:
    """Retry-After is obeyed by all films, and a shorter one doesn't open the gate early."""
    assert await ask(books, ONE) is None
    await close_gate(books, RULE, for_s=30)
    await close_gate(books, RULE, for_s=5)
    assert await ask(books, TWO) == NotBefore(at_ms=books.now_ms() + 30_000)
    clock.time += 30
    assert await ask(books, TWO) is None


async def test_a_waiting_film_goes_before_one_that_was_served(books: Books, clock: HandClock) -> None:
    """A film with many segments delays another's first by at most one slot."""
    for _ in range(5):
        assert await ask(books, ONE) is None
    refused = [await ask(books, ONE), await ask(books, TWO)]
    clock.time = max(answer.at_ms for answer in refused if answer) / 1000
    single = GateRule(**{**_facts(), "submits": 1})
    assert isinstance(await ask(books, ONE, single), NotBefore), "it was served, the other waits"
    assert await ask(books, TWO, single) is None


async def test_each_key_has_a_queue_of_its_own(books: Books, clock: HandClock) -> None:
    """A film that waits under one key stands in nobody's way under another, and isn't counted there."""
    mine, yours = (GateRule(**{**_facts(), "submits": 1, "key_print": key}) for key in ("k", "l"))
    assert await ask(books, ONE, mine) is None
    assert await ask(books, FilmId("vid_3"), yours) is None
    assert isinstance(await ask(books, TWO, yours), NotBefore)
    assert [await films_waiting(books, rule, besides=ONE) for rule in (mine, yours)] == [0, 1]
    clock.time += 61
    assert await ask(books, ONE, mine) is None


async def test_a_film_that_went_away_blocks_nobody(books: Books, clock: HandClock) -> None:
    """A waiter that doesn't come back is forgotten."""
    single = GateRule(**{**_facts(), "submits": 1})
    assert await ask(books, ONE, single) is None
    assert isinstance(await ask(books, TWO, single), NotBefore)
    clock.time += 120
    assert await ask(books, ONE, single) is None


@pytest.mark.parametrize("ending", [0, 3], ids=["all-stay", "every-third-ends"])
async def test_a_long_queue_asks_a_few_times_a_slot_and_wastes_none(
    books: Books, clock: HandClock, ending: int
) -> None:
    """60 films for 5 slots a window: a handful of questions a film, each slot taken within a window of its opening."""
    queue = [(clock.time, FilmId(f"vid_{number:02}")) for number in range(60)]
    asked, granted = 0, list[float]()
    while queue:
        at_s, film = heapq.heappop(queue)
        clock.time = max(clock.time, at_s)
        answer = await ask(books, film)
        asked += 1
        if answer is None:
            granted.append(clock.time)
        elif not (ending and asked > 60 and int(film[-2:]) % ending == 0):  # it was canceled while it waited
            heapq.heappush(queue, (answer.at_ms / 1000, film))
    assert asked <= 7 * 60
    windows = -(-len(granted) // RULE.submits) - 1
    assert granted[-1] - granted[0] <= (windows + bool(ending)) * 61 + 1


async def test_a_post_that_never_left_gives_its_slot_back(books: Books, leased: Lease) -> None:
    """Five slots, one unsent: a fifth POST may still be sent in the same window, a sixth may not."""
    tried = [await attempts.intend(books, leased, purchase(slot), RULE, nonce=slot + 1) for slot in range(3)]
    assert [await ask(books, leased.film_id) for _ in range(2)] == [None] * 2
    assert isinstance(await ask(books, leased.film_id), NotBefore)
    await attempts.closed(books, leased, tried[1], AttemptState.UNSENT, failure="too late")
    assert await ask(books, leased.film_id) is None
    assert isinstance(await ask(books, leased.film_id), NotBefore)


async def test_a_clock_that_is_set_back_doesnt_shut_the_gate(books: Books, clock: HandClock) -> None:
    """Grants and a Retry-After from the future count as now: one window later the gate is open, and never sooner."""
    for _ in range(5):
        assert await ask(books, ONE) is None
    await close_gate(books, RULE, for_s=30)
    clock.time -= 7 * 3600
    assert await ask(books, ONE) == NotBefore(at_ms=books.now_ms() + 61_000)
    clock.time += 61
    assert [await ask(books, ONE) for _ in range(5)] == [None] * 5


@pytest.mark.parametrize("limit", [1, 3])
async def test_jobs_at_once_are_limited_apart(books: Books, limit: int) -> None:
    """Without a running job the limit of jobs at once refuses nothing; submits in the window don't count as jobs."""
    rule = GateRule(**{**_facts(), "jobs_at_once": limit})
    assert [await ask(books, ONE, rule) for _ in range(5)] == [None] * 5


def _facts() -> dict:
    return {name: getattr(RULE, name) for name in RULE.__dataclass_fields__}
