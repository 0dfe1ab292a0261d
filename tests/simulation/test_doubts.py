"""The paid POST's answers to doubts that would otherwise last for ever, one by one, on virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from film.errors import (
    DailyCapReached,
    DeadlineExceeded,
    ProviderBusy,
    ProviderContentRefused,
    ProviderError,
    ProviderJobFailed,
    ProviderJobUnknown,
    ProviderRateLimited,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.ids import LOCAL_ACCOUNT
from film.job_specs import JobSpec, Purpose, SoundSpec
from film.request import parse_request
from ledger.films.orders import Payer, open_film
from ledger.leases import Lease, take_lease
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt, AttemptState
from ledger.purchases.attempts import Purchase
from ledger.purchases.callbacks import record_callback
from providers.ports import ListedJob
from purchasing import buy as buying
from purchasing.buy import buy
from purchasing.context import MeteredVendor, PurchaseContext, PurchaseSpec
from purchasing.reconcile import reconcile
from purchasing.timings import Timings
from tests.simulation.checks import check_payments
from tests.simulation.inline_sqlite import InlineDatabase
from tests.simulation.variants import PROTOCOL, TIMINGS
from tests.simulation.vendor import PRICE, Door, FakeVendor, Manners
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop
from tests.simulation.world import World

CUSTOMER = Payer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)
#: A vendor that does what it is asked, at once and always.
POLITE = Manners(submits=9, lost=0, refused=0, definite=0, failing=0, endless=0, unreadable=0, lying=0, damaged=0)
ORDER = SoundSpec(text="Once upon a time")
WANTED = PurchaseSpec(
    purchase=Purchase(purpose=Purpose.NARRATION, slot=0, job_spec=ORDER, fingerprint="once"),
    key_prefix="narration",
    suffix=".bin",
    validate=lambda file: file,
)


AWAY = ProviderUnavailable(provider="narration", detail="no connection")
BUSY = ProviderBusy(provider="narration", detail="too much at once")
LIMITED = ProviderRateLimited(provider="narration", detail="too many", retry_after_s=None)


@dataclass(frozen=True, kw_only=True)
class Refusing(Door):
    """A vendor that first answers with the errors it was given."""

    errors: list[ProviderError]

    async def submit(self, spec: JobSpec, *, nonce: int) -> str:
        """Refuse, as long as there are errors left."""
        if self.errors:
            raise self.errors.pop(0)
        return await super().submit(spec, nonce=nonce)


@dataclass(frozen=True, kw_only=True)
class Watched(Door):
    """A vendor that notes when its list is asked for."""

    clock: VirtualClock
    reads_s: list[float]

    async def find_candidates(self, spec: JobSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        """Note it and read."""
        self.reads_s.append(self.clock.now())
        return await super().find_candidates(spec, nonce=nonce, since_s=since_s)


@dataclass(frozen=True, kw_only=True)
class Robbed(Door):
    """A vendor whose first new job an equal order finds in the list, before the reply of its own POST is here."""

    purchasing: PurchaseContext
    lease: Lease
    twins: list[Attempt]

    async def submit(self, spec: JobSpec, *, nonce: int) -> str:
        """Create the job, and let the duplicate have it."""
        job_id = await super().submit(spec, nonce=nonce)
        if self.twins:
            await attempts.attach_job(self.purchasing.database, self.lease, self.twins.pop(), listed=[job_id])
        return job_id


class Scene:
    """One film, leased, with one polite vendor that a test may spoil."""

    def __init__(self, world: World, lease: Lease) -> None:
        self.world, self.lease = world, lease
        process = world.process()
        self.purchasing: PurchaseContext = world.purchasing(process)
        self.vendor: MeteredVendor = world.vendor_for(process, Purpose.NARRATION)
        self.shop: FakeVendor = world.vendors[Purpose.NARRATION]

    async def intend(self, *, nonce: int, slot: int = 0) -> Attempt:
        """Commit an intent, as a process did that died before its reply came."""
        purchase = replace(WANTED.purchase, slot=slot)
        intended = await attempts.create_intent(
            self.purchasing.database, self.lease, purchase, self.vendor.rate_limit, nonce=nonce
        )
        assert isinstance(intended, Attempt)
        return intended

    def refusing(self, *errors: ProviderError) -> MeteredVendor:
        """Return a vendor that first answers with these errors."""
        door = Refusing(shop=self.shop, process=self.world.process(), errors=list(errors))
        return replace(self.vendor, adapter=door)

    async def states(self) -> list[AttemptState]:
        """Return what became of each try, in order."""
        return [row.state for row in await attempts.list_attempts(self.purchasing.database, self.lease.film_id)]

    async def passed_s(
        self, work: Coroutine[Any, Any, Any], error: type[Exception] | None = None, *, says: str | None = None
    ) -> float:
        """Run something to its end, or to its error, and return how long it took in virtual seconds."""
        began_s = self.world.clock.now()
        if error is None:
            await work
        else:
            with pytest.raises(error, match=says):
                await work
        await check_payments(self.purchasing.database, [self.shop])
        return self.world.clock.now() - began_s


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Coroutine[Any, Any, None]]], None]:
    """Return what runs a scene on virtual time."""

    async def scene(act: Callable[[Scene], Coroutine[Any, Any, None]], clock: VirtualClock) -> None:
        database = InlineDatabase(clock)
        world = World(database=database, clock=clock, rng=random.Random(1), variant=PROTOCOL, work=tmp_path)
        world.fates.left = 0
        world.vendors[Purpose.NARRATION].manners = replace(POLITE, by_nonce=False)
        wish = parse_request({"prompt": "x", "duration": 3, "language": "en"})
        film_id = (await open_film(database, wish, CUSTOMER, idem_key=None, simulated=True)).film_id
        await act(Scene(world, await take_lease(database, film_id, owner="me", lease_s=1e6)))

    def run(act: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
        loop = VirtualLoop()
        try:
            loop.run_until_complete(scene(act, VirtualClock(loop)))
        finally:
            loop.close()

    return run


def test_a_list_that_stays_unreadable_is_given_up(play: Callable[..., None]) -> None:
    """An intent that no list tells of is booked as a loss an outage after a read could have proven something."""

    async def act(scene: Scene) -> None:
        await scene.intend(nonce=1)
        scene.shop.manners = replace(scene.shop.manners, unreadable=1)
        scene.shop._dark_until_s = 1e12
        scene.purchasing = replace(scene.purchasing, attempts_max=1)
        buying = buy(scene.purchasing, scene.lease, WANTED, scene.vendor)
        passed_s = await scene.passed_s(buying, SendAmbiguous, says="^narration: the job can't be found again$")
        wait_s = TIMINGS.absence_proof_s + TIMINGS.vendor_outage_max_s
        assert wait_s < passed_s < wait_s + 2 * TIMINGS.retry_delay_s
        (tried,) = await attempts.list_attempts(scene.purchasing.database, scene.lease.film_id)
        assert (tried.state, tried.failure) == (AttemptState.ORPHANED, "the vendor's list could not be read")

    play(act)


def test_two_late_reads_prove_that_nothing_was_created(play: Callable[..., None]) -> None:
    """However often the list is read before, only reads that begin W after the intent count, and one is not enough."""

    async def act(scene: Scene) -> None:
        intent, reads_s = await scene.intend(nonce=1), list[float]()
        door = Watched(shop=scene.shop, process=scene.world.process(), clock=scene.world.clock, reads_s=reads_s)
        vendor = replace(scene.vendor, adapter=door)
        settled = await reconcile(scene.purchasing, scene.lease, intent, WANTED.purchase, vendor)
        assert (settled.state, settled.failure) == (AttemptState.ABSENT, "never created")
        provable_s = intent.t_intent_ms / 1000 + TIMINGS.absence_proof_s
        assert [read_s >= provable_s for read_s in reads_s[-3:]] == [False, True, True]

    play(act)


def test_a_job_that_a_twin_has_taken_is_bought_again(play: Callable[..., None]) -> None:
    """An equal order took what this one had created: two orders, two jobs, and each is paid for once."""

    async def act(scene: Scene) -> None:
        twin = await scene.intend(nonce=1, slot=1)
        facts = {
            "shop": scene.shop,
            "process": scene.world.process(),
            "purchasing": scene.purchasing,
            "lease": scene.lease,
        }
        vendor = replace(scene.vendor, adapter=Robbed(**facts, twins=[twin]))
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, vendor))
        tries = await attempts.list_attempts(scene.purchasing.database, scene.lease.film_id)
        told = [(one.slot, one.state, one.provider_job_id) for one in tries]
        jobs = list(scene.shop.jobs)
        assert told == [
            (1, AttemptState.SUBMITTED, jobs[0]),
            (0, AttemptState.ABSENT, None),
            (0, AttemptState.READY, jobs[1]),
        ]
        assert len(jobs) == 2

    play(act)


@pytest.mark.parametrize(("drawn", "nonce"), [(0, 1), (-1, 2**31 - 2)], ids=["least", "most"])
def test_a_nonce_is_a_seed_of_every_vendor(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, drawn: int, nonce: int
) -> None:
    """ListenHub's seeds are 31 bits, and 0 may mean none."""
    monkeypatch.setattr(buying.secrets, "randbelow", lambda below: range(below)[drawn])

    async def act(scene: Scene) -> None:
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.vendor))
        (tried,) = await attempts.list_attempts(scene.purchasing.database, scene.lease.film_id)
        assert tried.nonce == nonce

    play(act)


def test_without_a_list_there_is_nothing_to_wait_for(play: Callable[..., None]) -> None:
    """The doubt is the operator's loss at once."""

    async def act(scene: Scene) -> None:
        intent = await scene.intend(nonce=1)
        scene.shop.manners, began_s = replace(scene.shop.manners, lists=False), scene.world.clock.now()
        settled = await reconcile(scene.purchasing, scene.lease, intent, WANTED.purchase, scene.vendor)
        assert (settled.state, scene.world.clock.now() - began_s < 1) == (AttemptState.ORPHANED, True)
        assert settled.failure == "the vendor has no list to look it up in"

    play(act)


def test_a_jobs_deadline_counts_from_its_intent(play: Callable[..., None]) -> None:
    """A process that takes a job over late doesn't grant it the whole time again; the job is booked as lost."""

    async def act(scene: Scene) -> None:
        intent = await scene.intend(nonce=1)
        scene.shop.manners = replace(scene.shop.manners, endless=1)
        await attempts.attach_job(scene.purchasing.database, scene.lease, intent, listed=[scene.shop.accept(ORDER, 1)])
        await scene.world.clock.sleep(TIMINGS.job_deadline_s - 10)
        scene.purchasing = replace(scene.purchasing, attempts_max=1)
        passed_s = await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.vendor), DeadlineExceeded)
        assert passed_s < 10 + 2 * TIMINGS.poll_s
        assert await scene.states() == [AttemptState.ORPHANED]

    play(act)


def test_a_job_that_ended_while_nobody_looked_is_fetched(play: Callable[..., None]) -> None:
    """However old it is, a finished job is taken before any deadline is asked."""

    async def act(scene: Scene) -> None:
        intent = await scene.intend(nonce=1)
        await attempts.attach_job(scene.purchasing.database, scene.lease, intent, listed=[scene.shop.accept(ORDER, 1)])
        await scene.world.clock.sleep(10 * TIMINGS.job_deadline_s)
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.vendor))
        assert await scene.states() == [AttemptState.READY]

    play(act)


def test_a_job_the_vendor_denies_is_bought_again(play: Callable[..., None]) -> None:
    """A job unknown for a whole outage is a booked loss; one new attempt follows, and no third."""

    async def act(scene: Scene) -> None:
        intent = await scene.intend(nonce=1)
        await attempts.attach_job(scene.purchasing.database, scene.lease, intent, listed=["denied"])
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.vendor))
        assert await scene.states() == [AttemptState.ORPHANED, AttemptState.READY]
        second = await scene.intend(nonce=2, slot=1)
        await attempts.attach_job(scene.purchasing.database, scene.lease, second, listed=["denied too"])
        scene.purchasing = replace(scene.purchasing, attempts_max=1)
        spec = replace(WANTED, purchase=replace(WANTED.purchase, slot=1))
        await scene.passed_s(buy(scene.purchasing, scene.lease, spec, scene.vendor), ProviderJobUnknown)

    play(act)


@pytest.mark.parametrize("change", [{"vendor": "other"}, {"model": "newer"}, {"key_print": "rotated"}], ids=str)
@pytest.mark.parametrize("sent", [False, True], ids=["intent", "job"])
def test_only_the_sender_follows_a_job(play: Callable[..., None], change: dict[str, Any], *, sent: bool) -> None:
    """Another vendor, model or key never asks for a job it didn't send: a booked loss, and one new attempt."""

    async def act(scene: Scene) -> None:
        intent = await scene.intend(nonce=1)
        if sent:
            job_id = scene.shop.accept(ORDER, 1)
            await attempts.attach_job(scene.purchasing.database, scene.lease, intent, listed=[job_id])
        vendor = replace(scene.vendor, rate_limit=replace(scene.vendor.rate_limit, **change))
        await buy(scene.purchasing, scene.lease, WANTED, vendor)
        assert await scene.states() == [AttemptState.ORPHANED, AttemptState.READY]
        lost = (await attempts.list_attempts(scene.purchasing.database, scene.lease.film_id))[0]
        assert lost.failure == "nobody here speaks for narration only under the key key"

    play(act)


def test_equal_orders_share_their_jobs(play: Callable[..., None]) -> None:
    """The attempt that looks first takes the older job, its duplicate the one left, before its own intent or after.

    Neither buys again and nothing is booked as a loss.
    """

    async def act(scene: Scene) -> None:
        first = await scene.intend(nonce=1)
        older = scene.shop.accept(ORDER, 1)
        scene.shop.jobs[older] = replace(scene.shop.jobs[older], listed_s=scene.world.clock.now() + TIMINGS.list_lag_s)
        await scene.world.clock.sleep(TIMINGS.overlap_s + 1)
        await scene.intend(nonce=2, slot=1)
        newer = scene.shop.accept(ORDER, 2)
        taken = await attempts.attach_job(scene.purchasing.database, scene.lease, first, listed=[newer])
        assert taken is not None
        spec = replace(WANTED, purchase=replace(WANTED.purchase, slot=1))
        await scene.passed_s(buy(scene.purchasing, scene.lease, spec, scene.vendor))
        rows = await attempts.list_attempts(scene.purchasing.database, scene.lease.film_id)
        assert [row.provider_job_id for row in rows] == [newer, older]
        assert len(scene.shop.jobs) == 2

    play(act)


def test_a_final_failure_outlives_its_run(play: Callable[..., None]) -> None:
    """A job that failed for good is not tried again by the run after the one that died before it could say so."""

    async def act(scene: Scene) -> None:
        tried = await scene.intend(nonce=1)
        tried = await attempts.attach_job(
            scene.purchasing.database, scene.lease, tried, listed=[scene.shop.accept(ORDER, 1)]
        )
        await attempts.mark_failed(
            scene.purchasing.database,
            scene.lease,
            tried,
            failure="narration: refused",
            final=True,
            charged=None,
            refunded=None,
        )
        buying = buy(scene.purchasing, scene.lease, WANTED, scene.vendor)
        await scene.passed_s(buying, ProviderJobFailed, says="^narration: refused$")
        assert await scene.states() == [AttemptState.FAILED]
        assert len(scene.shop.jobs) == 1

    play(act)


def test_the_wait_is_longer_than_everything_it_waits_for() -> None:
    """W covers the deadline, the POST, the list's lag and the clocks, in earnest and in simulated mode alike."""
    for timings in (Timings(), Timings.simulated(1), Timings.simulated(60), TIMINGS):
        reach_s = timings.send_deadline_s + timings.post_timeout_s + timings.list_lag_s
        assert timings.absence_proof_s > reach_s


def test_a_restart_allows_no_further_attempt(play: Callable[..., None]) -> None:
    """A run that died between its last failed attempt and the film's end doesn't give the next run another try."""

    async def act(scene: Scene) -> None:
        for nonce in (1, 2):
            tried = await scene.intend(nonce=nonce)
            tried = await attempts.attach_job(
                scene.purchasing.database, scene.lease, tried, listed=[scene.shop.accept(ORDER, nonce)]
            )
            await attempts.mark_failed(
                scene.purchasing.database, scene.lease, tried, failure="no", charged=None, refunded=None
            )
        buying = buy(scene.purchasing, scene.lease, WANTED, scene.vendor)
        await scene.passed_s(buying, ProviderJobFailed, says="^narration: no attempt is left$")
        assert await scene.states() == [AttemptState.FAILED] * 2

    play(act)


@pytest.mark.parametrize(
    ("listed", "error"),
    [([], SendAmbiguous), (["denied"], ProviderJobUnknown)],  # its reply was lost; the vendor doesn't know its job
    ids=["intent", "job"],
)
def test_a_loss_is_one_of_the_attempts(
    play: Callable[..., None], listed: list[str], error: type[ProviderError]
) -> None:
    """A job that failed in an earlier run and one that can't be found are two paid tries: there is no third."""

    async def act(scene: Scene) -> None:
        tried = await scene.intend(nonce=1)
        tried = await attempts.attach_job(
            scene.purchasing.database, scene.lease, tried, listed=[scene.shop.accept(ORDER, 1)]
        )
        await attempts.mark_failed(
            scene.purchasing.database, scene.lease, tried, failure="no", charged=None, refunded=None
        )
        second = await scene.intend(nonce=2)
        if listed:
            await attempts.attach_job(scene.purchasing.database, scene.lease, second, listed=listed)
        scene.shop.manners = replace(scene.shop.manners, lists=False)
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.vendor), error)
        assert await scene.states() == [AttemptState.FAILED, AttemptState.ORPHANED]
        assert len(scene.shop.jobs) == 1

    play(act)


@pytest.mark.parametrize("may_retry", [False, True])
def test_only_a_final_failure_ends_the_buying(play: Callable[..., None], may_retry: bool) -> None:
    """What may go better next time is bought once more; what was refused for good is not."""

    async def act(scene: Scene) -> None:
        intent = await scene.intend(nonce=1)
        job_id = scene.shop.accept(ORDER, 1)
        failure = ProviderJobFailed(provider=scene.shop.name, detail="no", may_retry=may_retry)
        scene.shop.jobs[job_id] = replace(scene.shop.jobs[job_id], failure=failure)
        await attempts.attach_job(scene.purchasing.database, scene.lease, intent, listed=[job_id])
        buying = buy(scene.purchasing, scene.lease, WANTED, scene.vendor)
        await scene.passed_s(buying, None if may_retry else ProviderJobFailed)
        assert await scene.states() == [AttemptState.FAILED, AttemptState.READY][: 1 + may_retry]

    play(act)


@pytest.mark.parametrize(
    ("error", "state", "wait_s"),
    [
        (LIMITED, AttemptState.REJECTED, TIMINGS.window_s),
        (
            ProviderRateLimited(provider="narration", detail="too many", retry_after_s=7.0),
            AttemptState.REJECTED,
            7,
        ),
        (BUSY, AttemptState.REJECTED, TIMINGS.retry_delay_s),
        (AWAY, AttemptState.UNSENT, TIMINGS.retry_delay_s),
    ],
    ids=["limited", "limited for 7 s", "busy", "away"],
)
def test_a_refused_post_is_sent_again_when_it_may_be(
    play: Callable[..., None], error: ProviderError, state: AttemptState, wait_s: float
) -> None:
    """Nothing was created: the try is closed in the vendor's words, and the next one waits as long as it must."""

    async def act(scene: Scene) -> None:
        began_s = scene.world.clock.now()
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.refusing(error)))
        assert await scene.states() == [state, AttemptState.READY]
        refused = (await attempts.list_attempts(scene.purchasing.database, scene.lease.film_id))[0]
        assert refused.failure == str(error)
        assert wait_s <= scene.shop.sends_s[0] - began_s < wait_s + 1.5

    play(act)


def test_a_refusal_for_good_is_told(play: Callable[..., None]) -> None:
    """Content that a vendor doesn't take is not sent again."""

    async def act(scene: Scene) -> None:
        vendor = scene.refusing(ProviderContentRefused(provider="narration", detail="no"))
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, vendor), ProviderContentRefused)
        assert await scene.states() == [AttemptState.REJECTED]

    play(act)


def test_a_vendor_may_be_away_for_an_outage(play: Callable[..., None]) -> None:
    """Longer than that and the film gives up; nothing was sent."""

    async def act(scene: Scene) -> None:
        buying = buy(scene.purchasing, scene.lease, WANTED, scene.refusing(*[AWAY] * 100))
        passed_s = await scene.passed_s(buying, ProviderUnavailable)
        assert TIMINGS.vendor_outage_max_s < passed_s < TIMINGS.vendor_outage_max_s + 2 * TIMINGS.retry_delay_s
        assert set(await scene.states()) == {AttemptState.UNSENT}

    play(act)


@pytest.mark.parametrize("answer", [BUSY, LIMITED], ids=["busy", "limited"])
def test_an_outage_ends_with_any_answer(play: Callable[..., None], answer: ProviderError) -> None:
    """A vendor that refuses is there again: two short outages don't make a long one."""

    async def act(scene: Scene) -> None:
        short = [AWAY] * 20
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.refusing(*short, answer, *short)))
        assert (await scene.states())[-1] is AttemptState.READY

    play(act)


def test_a_reply_is_the_jobs_only_proof_where_there_is_no_list(play: Callable[..., None]) -> None:
    """At a vendor without a list the id in the reply is what is followed: one POST, ready."""

    async def act(scene: Scene) -> None:
        scene.shop.manners = replace(scene.shop.manners, lists=False)
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.vendor))
        assert await scene.states() == [AttemptState.READY]
        assert len(scene.shop.sends_s) == 1

    play(act)


@pytest.mark.parametrize(("cap", "sent"), [(PRICE, True), (PRICE / 2, False)], ids=["enough", "too little"])
def test_a_days_cap_holds_before_the_post(play: Callable[..., None], cap: Decimal, *, sent: bool) -> None:
    """What the vendor expects to charge is compared with the operator's cap; beyond it nothing is sent or written."""

    async def act(scene: Scene) -> None:
        vendor = replace(scene.vendor, daily_cap=cap, cap_setting="A_CAP")
        buying = buy(scene.purchasing, scene.lease, WANTED, vendor)
        await scene.passed_s(buying, None if sent else DailyCapReached, says=None if sent else "raise A_CAP")
        assert await scene.states() == [AttemptState.READY] * sent
        assert len(scene.shop.sends_s) == sent

    play(act)


def test_a_late_slot_is_given_back(play: Callable[..., None]) -> None:
    """A process that stood still between its intent and the POST doesn't send: the vendor's window has moved on."""

    async def act(scene: Scene) -> None:
        reached: list[str] = []

        def stall(point: str) -> None:
            reached.append(point)
            if len(reached) == 1:
                scene.world.clock._loop._jumping.now_s += 1

        scene.purchasing = replace(scene.purchasing, failpoint=stall)
        await scene.passed_s(buy(scene.purchasing, scene.lease, WANTED, scene.vendor))
        assert reached[:3] == ["intent_committed", "intent_committed", "reply_received"]
        assert await scene.states() == [AttemptState.UNSENT, AttemptState.READY]
        late = (await attempts.list_attempts(scene.purchasing.database, scene.lease.film_id))[0]
        assert late.failure == "its slot was 1.0 s old"
        assert len(scene.shop.sends_s) == 1

    play(act)


@pytest.mark.parametrize("has_callbacks", [False, True])
def test_a_callback_is_followed_by_a_look_at_once(play: Callable[..., None], has_callbacks: bool) -> None:
    """A job that ends right after a look is seen within a second of the vendor's call, else at the next look."""

    async def act(scene: Scene) -> None:
        intent = await scene.intend(nonce=1)
        job_id = scene.shop.accept(ORDER, 1)
        await attempts.attach_job(scene.purchasing.database, scene.lease, intent, listed=[job_id])
        ends_s = scene.world.clock.now() + 0.5
        scene.shop.jobs[job_id] = replace(scene.shop.jobs[job_id], ends_s=ends_s, failure=None)

        async def call() -> None:
            await scene.world.clock.sleep(0.6)
            assert await record_callback(scene.purchasing.database, scene.shop.name, 1)

        async with asyncio.TaskGroup() as group:
            group.create_task(call())
            scene.purchasing = replace(scene.purchasing, timings=replace(TIMINGS, poll_db_s=1))
            vendor = replace(scene.vendor, has_callbacks=has_callbacks)
            await buy(scene.purchasing, scene.lease, WANTED, vendor)
        seen_s = scene.world.clock.now() - ends_s
        assert (seen_s < 2) is has_callbacks

    play(act)
