"""The ledger against a model of it: whatever is tried in whatever order, balances and fences are as the model says."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from film.credits import MilliCredits
from film.errors import IllegalTransition, InsufficientCredits, InvariantBroken, LeaseTaken, StaleEpoch
from film.ids import AccountId, FilmId
from film.job_specs import Purpose, SoundSpec
from film.request import parse_request
from film.status import ErrorCode, Status
from ledger.audit.run import check_books, check_film
from ledger.credits.transfers import balance_of, grant
from ledger.database.records import Deliverables, FilmError
from ledger.films import settlement, stages
from ledger.films.orders import Payer, open_film
from ledger.leases import Lease, release_lease, renew_leases, take_lease
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt, AttemptState, StoredFile
from ledger.purchases.attempts import Purchase
from ledger.purchases.rate_limit import RateLimit
from tests.databases import HandClock
from tests.simulation.inline_sqlite import InlineDatabase

T = TypeVar("T")

ACME = AccountId("acme")
CUSTOMER = Payer(account=ACME, api_key="key")
LEASE_S = 60
RULE = RateLimit(vendor="v", model="m", key_print="k", submits=10**6, window_ms=1, guard_ms=0, retry_delay_ms=1)
FILE = StoredFile(object_key="clips/x", sha256="0" * 64, size_bytes=9)
FAULT = FilmError(code=ErrorCode.SEGMENT_FAILED, message="no", stage=Status.GENERATING)
RESULT = Deliverables(
    film="f", poster="p", sheet="s", storyboard="b", srt=None, vtt=None, size_bytes=1, sha256="0" * 64
)
WALK = list(Status)[: list(Status).index(Status.DELIVERING) + 1]


def done(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits: the inline database doesn't."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("the books waited for something")


@dataclass(kw_only=True)
class ModelFilm:
    """What a film should be."""

    id: FilmId
    prices: list[int]
    epoch: int = 0
    leased_until_s: float = 0
    holder: str | None = None
    stage: int = 0
    ended: bool = False
    ready: set[int] = field(default_factory=set)
    live: set[int] = field(default_factory=set)

    @property
    def open_mc(self) -> int:
        """What is held for it."""
        return 0 if self.ended else sum(price for slot, price in enumerate(self.prices) if slot not in self.ready)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A lease handed out once, perhaps stale by now."""

    film: ModelFilm
    lease: Lease

    @property
    def valid(self) -> bool:
        """Whether its writes count."""
        return not self.film.ended and self.film.epoch == self.lease.epoch


@dataclass(frozen=True, kw_only=True)
class Bought:
    """An attempt under the lease it was made with."""

    tried: Tried
    attempt: Attempt


class LedgerMachine(RuleBasedStateMachine):
    """Orders, leases, purchases and ends in any order."""

    films = Bundle("films")
    leases = Bundle("leases")
    intents = Bundle("intents")
    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.database = InlineDatabase(self.clock)
        self.numbers = count(1)
        self.available_mc = 0
        self.known: list[ModelFilm] = []

    @rule(amount_mc=st.integers(1, 500_000))
    def give(self, amount_mc: int) -> None:
        """Grant credits."""
        done(grant(self.database, ACME, MilliCredits(amount_mc), idem_key=f"{next(self.numbers)}"))
        self.available_mc += amount_mc

    @rule(target=films, duration=st.sampled_from([3, 5, 12, 17]))
    def order(self, duration: int) -> ModelFilm:
        """Open a film, or be refused for want of credits; then a cheaper grant is in order."""
        request = parse_request({"prompt": "x", "duration": duration, "language": "en"})
        needed_mc = sum(request.prices())
        if self.available_mc < needed_mc:
            with pytest.raises(InsufficientCredits):
                done(open_film(self.database, request, CUSTOMER, idem_key=None, simulated=True))
            self.give(needed_mc - self.available_mc)
        opened = done(open_film(self.database, request, CUSTOMER, idem_key=None, simulated=True))
        self.available_mc -= needed_mc
        self.known.append(ModelFilm(id=opened.film_id, prices=[int(price) for price in request.prices()]))
        return self.known[-1]

    @rule(seconds=st.sampled_from([1, 59, 61]))
    def wait(self, seconds: int) -> None:
        """Let leases lapse."""
        self.clock.time += seconds

    @rule(target=leases, film=films, owner=st.sampled_from(["a", "b"]))
    def lease(self, film: ModelFilm, owner: str) -> Tried:
        """Take a film; a refused try hands out a lease that never was valid."""
        taken = film.leased_until_s > self.clock.time and film.holder != owner
        if film.ended or taken:
            with pytest.raises(StaleEpoch if film.ended else LeaseTaken):
                done(take_lease(self.database, film.id, owner=owner, lease_s=LEASE_S))
            return Tried(film=film, lease=Lease(film_id=film.id, epoch=-1, owner=owner))
        lease = done(take_lease(self.database, film.id, owner=owner, lease_s=LEASE_S))
        film.epoch, film.holder, film.leased_until_s = film.epoch + 1, owner, self.clock.time + LEASE_S
        assert lease.epoch == film.epoch
        return Tried(film=film, lease=lease)

    @rule(tried=leases)
    def renew(self, tried: Tried) -> None:
        """Renew a lease: only the current one can be."""
        held = tried.valid and tried.film.holder is not None
        assert done(renew_leases(self.database, [tried.lease], lease_s=LEASE_S)) == ({tried.lease} if held else set())
        if held:
            tried.film.leased_until_s = self.clock.time + LEASE_S

    @rule(tried=leases)
    def release(self, tried: Tried) -> None:
        """Give a film back; a stale lease gives nothing back."""
        done(release_lease(self.database, tried.lease))
        if tried.valid:
            tried.film.leased_until_s, tried.film.holder = 0, None

    @rule(tried=leases)
    def walk_on(self, tried: Tried) -> None:
        """Enter the next stage."""
        stage = min(tried.film.stage + 1, len(WALK) - 1)
        if not self._refused(tried, stages.enter_stage(self.database, tried.lease, WALK[stage])):
            tried.film.stage = stage

    @rule(target=intents, tried=leases, slot=st.integers(0, 2))
    def intend(self, tried: Tried, slot: int) -> Bought | None:
        """Intend to buy a segment: never one that is being bought or ready (I11)."""
        slot %= len(tried.film.prices)
        purchase = Purchase(purpose=Purpose.SEGMENT, slot=slot, job_spec=SoundSpec(text="x"), fingerprint="x")
        intend = attempts.create_intent(self.database, tried.lease, purchase, RULE, nonce=next(self.numbers))
        if tried.valid and slot in tried.film.live | tried.film.ready:
            with pytest.raises(InvariantBroken, match="I11"):
                done(intend)
            return None
        if self._refused(tried, intend):
            return None
        tried.film.live.add(slot)
        found = [row for row in done(attempts.list_attempts(self.database, tried.film.id)) if row.slot == slot]
        return Bought(tried=tried, attempt=next(row for row in found if row.state is AttemptState.INTENT))

    @rule(target=jobs, bought=consumes(intents))
    def submitted(self, bought: Bought | None) -> Bought | None:
        """Keep a job's id."""
        if bought is None:
            return None
        job_id = f"job-{next(self.numbers)}"
        keep = attempts.attach_job(self.database, bought.tried.lease, bought.attempt, listed=[job_id])
        return None if self._refused(bought.tried, keep) else bought

    @rule(bought=consumes(jobs), end=st.sampled_from(["ready", "failed", "orphaned"]))
    def end_job(self, bought: Bought | None, end: str) -> None:
        """End a job: only a ready one posts its hold."""
        if bought is None:
            return
        paid: dict[str, Decimal | None] = {"charged": Decimal(1), "refunded": None}
        lease, attempt, film = bought.tried.lease, bought.attempt, bought.tried.film
        work: dict[str, Coroutine[Any, Any, Any]] = {
            "ready": attempts.mark_ready(self.database, lease, attempt, FILE, **paid),
            "failed": attempts.mark_failed(self.database, lease, attempt, failure="no", **paid),
            "orphaned": attempts.mark_orphaned(self.database, lease, attempt, failure="no"),
        }
        for name, unwanted in work.items():
            if name != end:
                unwanted.close()
        if not self._refused(bought.tried, work[end]):
            film.live.discard(attempt.slot)
            if end == "ready":
                film.ready.add(attempt.slot)

    @precondition(lambda self: self.known)
    @rule(film=films)
    def cancel(self, film: ModelFilm) -> None:
        """Cancel: the first time it ends the film, again it changes nothing."""
        assert done(settlement.cancel_film(self.database, film.id)) is not film.ended
        self._ended(film)

    @rule(tried=leases)
    def fail(self, tried: Tried) -> None:
        """Fail the film."""
        if not self._refused(tried, settlement.fail_film(self.database, tried.lease, FAULT)):
            self._ended(tried.film)

    @rule(tried=leases)
    def complete(self, tried: Tried) -> None:
        """Complete the film: from the end of its walk, with every segment ready, or not at all."""
        film = tried.film
        complete = settlement.complete_film(self.database, tried.lease, RESULT)
        if tried.valid and WALK[film.stage] is not Status.DELIVERING:
            with pytest.raises(IllegalTransition):
                done(complete)
        elif tried.valid and len(film.ready) < len(film.prices):
            with pytest.raises(InvariantBroken, match="I8"):
                done(complete)
        elif not self._refused(tried, complete):
            self._ended(film)

    @invariant()
    def balances_are_the_models(self) -> None:
        """What is available and held is what the model says; every check of the audit holds."""
        balance = done(balance_of(self.database, ACME))
        held_mc = sum(film.open_mc for film in self.known)
        assert (balance.available_mc, balance.reserved_mc) == (self.available_mc, held_mc)
        done(check_books(self.database))
        done(self._check_films())

    async def _check_films(self) -> None:
        async with self.database.snapshot() as conn:
            for film in self.known:
                await check_film(conn, film.id)

    def _refused(self, tried: Tried, work: Coroutine[Any, Any, Any]) -> bool:
        """Run a fenced write; return whether it was refused, which is what must happen to a stale lease."""
        if tried.valid:
            done(work)
            return False
        with pytest.raises(StaleEpoch):
            done(work)
        return True

    def _ended(self, film: ModelFilm) -> None:
        if not film.ended:
            self.available_mc += film.open_mc
            film.ended, film.epoch = True, film.epoch + 1


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
