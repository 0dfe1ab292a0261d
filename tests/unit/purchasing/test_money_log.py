"""What the paid POST leaves in the log: one line a transition, in order, and nothing that is a secret."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from film.errors import ProviderBusy, ProviderContentRefused, ProviderJobFailed, ProviderUnavailable, SendAmbiguous
from film.job_specs import JobSpec, Purpose
from ledger.films.settlement import cancel_film
from purchasing.buy import buy
from tests.simulation.test_doubts import LIMITED, ORDER, POLITE, WANTED, Scene, play
from tests.simulation.vendor import Door

__all__ = ["play"]  # the fixture

BOUGHT = ["submit_sending", "submit_accepted", "job_ready"]


@dataclass(frozen=True, kw_only=True)
class Losing(Door):
    """A vendor whose first reply is lost; `creates` says whether it made the job."""

    creates: bool
    lost: list[int]

    async def submit(self, spec: JobSpec, *, nonce: int) -> str:
        """Lose the reply, once."""
        if self.lost:
            return await super().submit(spec, nonce=nonce)
        self.lost.append(nonce)
        if self.creates:
            self.shop.accept(spec, nonce)
        raise SendAmbiguous(provider="narration", detail="no reply")


@pytest.fixture
def actions(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[str]]:
    """Return what gives the actions of a logger's lines, in order."""
    caplog.set_level(logging.INFO, logger="longvideo")
    return lambda name: [record.action for record in caplog.records if record.name == name]  # type: ignore[attr-defined]


def test_each_refusal_is_a_line_of_its_own(play: Callable[..., None], actions: Callable[[str], list[str]]) -> None:
    """A 429, a full house and an absent vendor, then the purchase: the customer's price isn't touched by any."""

    async def act(scene: Scene) -> None:
        busy = ProviderBusy(provider="narration", detail="too much at once")
        away = ProviderUnavailable(provider="narration", detail="no connection")
        await buy(scene.purchasing, scene.lease, WANTED, scene.refusing(LIMITED, busy, away))

    play(act)
    assert actions("longvideo.money") == [
        "submit_sending",
        "submit_rate_limited",
        "submit_sending",
        "submit_busy",
        "submit_sending",
        "submit_unsent",
        *BOUGHT,
    ]


@pytest.mark.parametrize(
    ("creates", "lists", "told"),
    [
        (True, True, ["job_adopted", "job_ready"]),
        (False, True, ["job_absent", *BOUGHT]),
        (True, False, ["job_orphaned", *BOUGHT]),
    ],
    ids=["adopted", "absent", "orphaned"],
)
def test_a_lost_reply_is_followed_to_its_end(
    play: Callable[..., None],
    actions: Callable[[str], list[str]],
    *,
    creates: bool,
    lists: bool,
    told: list[str],
) -> None:
    """The doubt is a line, and what settled it is one: found, proven absent, or given up and bought anew."""

    async def act(scene: Scene) -> None:
        scene.shop.manners = replace(scene.shop.manners, lists=lists)
        door = Losing(shop=scene.shop, process=scene.world.process(), creates=creates, lost=[])
        await buy(scene.purchasing, scene.lease, WANTED, replace(scene.vendor, adapter=door))

    play(act)
    assert actions("longvideo.money") == ["submit_sending", "submit_ambiguous", *told]


def test_what_an_earlier_run_left_is_resumed(play: Callable[..., None], actions: Callable[[str], list[str]]) -> None:
    """An intent that a dead process left is told before it is settled."""

    async def act(scene: Scene) -> None:
        await scene.intend(nonce=1)
        await buy(scene.purchasing, scene.lease, WANTED, scene.vendor)

    play(act)
    assert actions("longvideo.money") == ["attempt_resumed", "job_absent", *BOUGHT]


@pytest.mark.parametrize("refused", [True, False], ids=["order", "job"])
def test_an_end_without_a_file_is_told(
    play: Callable[..., None], actions: Callable[[str], list[str]], *, refused: bool
) -> None:
    """A refusal for good, and a job that its vendor failed for good."""

    async def act(scene: Scene) -> None:
        failure = ProviderJobFailed(provider="narration", detail="no", may_retry=False)
        scene.shop.manners = replace(POLITE, by_nonce=False, failing=0)
        error = ProviderContentRefused(provider="narration", detail="no")
        vendor = scene.refusing(error) if refused else replace(scene.vendor, adapter=_failing(scene, failure))
        with pytest.raises(ProviderContentRefused if refused else ProviderJobFailed):
            await buy(scene.purchasing, scene.lease, WANTED, vendor)

    play(act)
    told = ["submit_rejected"] if refused else ["submit_accepted", "job_failed"]
    assert actions("longvideo.money") == ["submit_sending", *told]


def test_a_lines_facts(play: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    """Who, what, where and how long; neither what was ordered nor the nonce by which it is found."""
    caplog.set_level(logging.DEBUG, logger="longvideo")
    seen: list[Any] = []

    async def act(scene: Scene) -> None:
        segment = replace(WANTED, purchase=replace(WANTED.purchase, purpose=Purpose.SEGMENT, slot=0))
        shop = scene.world.vendors[Purpose.SEGMENT]
        shop.manners = POLITE
        vendor = scene.world.vendor_for(scene.world.process(), Purpose.SEGMENT)
        await buy(scene.purchasing, scene.lease, segment, vendor)
        seen.extend([scene.lease.film_id, next(iter(shop.jobs.values()))])
        await cancel_film(scene.purchasing.database, scene.lease.film_id)

    play(act)
    film_id, job = seen
    records: list[Any] = [record for record in caplog.records if record.name == "longvideo.money"]
    assert [record.action for record in records] == [*BOUGHT, "hold_posted", "film_settled"]
    assert {record.film_id for record in records} == {film_id}
    assert {record.segment for record in records[:-1]} == {1}
    accepted, ready, posted, settled = records[1:]
    assert (accepted.vendor, accepted.job, accepted.latency_ms >= 0) == ("segment", job.job_id, True)
    assert ready.latency_ms >= accepted.latency_ms
    assert (settled.outcome, settled.credits) == ("canceled", posted.credits)
    assert ORDER.text not in caplog.text
    assert str(job.nonce) not in {word.partition("=")[2] for word in caplog.text.split()}
    taken: list[Any] = [record for record in caplog.records if record.name == "longvideo.films"]
    assert [(record.action, record.holder) for record in taken] == [("film_taken", "me")]


def _failing(scene: Scene, failure: ProviderJobFailed) -> Door:
    """Return a door whose jobs fail."""

    @dataclass(frozen=True, kw_only=True)
    class Failing(Door):
        async def submit(self, spec: JobSpec, *, nonce: int) -> str:
            job_id = await super().submit(spec, nonce=nonce)
            self.shop.jobs[job_id] = replace(self.shop.jobs[job_id], failure=failure)
            return job_id

    return Failing(shop=scene.shop, process=scene.world.process())
