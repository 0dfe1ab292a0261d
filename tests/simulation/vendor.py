"""A vendor with its own records: what it accepted is paid, whoever knows of it. And a process's way to ask it.

A vendor's state lives outside all processes: killing one loses its replies, never the vendor's jobs.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from film.errors import (
    ProviderBusy,
    ProviderContentRefused,
    ProviderJobFailed,
    ProviderJobUnknown,
    ProviderRateLimited,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.job_specs import JobSpec
from providers.ports import JobState, JobStatus, ListedJob
from purchasing.timings import Timings
from tests.simulation.process import Process
from tests.simulation.virtual_loop import VirtualClock

DAMAGED: Final = b"half a file"
PRICE: Final = Decimal("12.5")
#: How long a vendor can't be read, in seconds; the longest is longer than any film waits.
_OUTAGES_S: Final = (*[0.5] * 8, *[5] * 8, *[15] * 4, *[30] * 2, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a vendor behaves: odds are one in so many, 0 is never."""

    lists: bool = True
    #: Whether its list tells whose a job is (a seed we choose), or only what was ordered.
    by_nonce: bool = True
    submits: int = 3
    lost: int = 8
    refused: int = 12
    definite: int = 150
    failing: int = 12
    endless: int = 100
    unreadable: int = 15
    lying: int = 6
    damaged: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job the vendor accepted and was paid for."""

    job_id: str
    nonce: int
    order: JobSpec
    accepted_s: float
    #: When lists begin to show it.
    listed_s: float
    #: When it ends, None for never.
    ends_s: float | None
    failure: ProviderJobFailed | None


@dataclass(kw_only=True)
class FakeVendor:
    """The vendor itself."""

    name: str
    manners: Manners
    timings: Timings
    clock: VirtualClock
    rng: random.Random
    jobs: dict[str, Job] = field(default_factory=dict)
    #: When each POST was written to a socket, refused or not.
    sends_s: list[float] = field(default_factory=list)
    _arrivals_s: list[float] = field(default_factory=list)
    _dark_until_s: float = 0.0

    def odds(self, one_in: int) -> bool:
        """Return whether something that happens once in so many times happens now."""
        return bool(one_in) and self.rng.randrange(one_in) == 0

    def accept(self, spec: JobSpec, nonce: int) -> str:
        """Take an order: from now on it is paid."""
        now_s, rng = self.clock.now(), self.rng
        length_s = rng.uniform(1, 15)
        failing = self.odds(self.manners.failing)
        job = Job(
            job_id=f"{self.name}-{len(self.jobs)}",
            nonce=nonce,
            order=spec,
            accepted_s=now_s,
            listed_s=now_s + rng.choice([0, rng.uniform(0, 1), 1]) * self.timings.list_lag_s,
            ends_s=None if self.odds(self.manners.endless) else now_s + length_s,
            failure=ProviderJobFailed(provider=self.name, detail="failed", may_retry=bool(rng.randrange(8)))
            if failing
            else None,
        )
        self.jobs[job.job_id] = job
        return job.job_id

    def over_limit(self) -> bool:
        """Count an arrival, and return whether the vendor's own window was full."""
        now_s = self.clock.now()
        self._arrivals_s = [at_s for at_s in self._arrivals_s if at_s > now_s - self.timings.window_s]
        if len(self._arrivals_s) >= self.manners.submits:
            return True
        self._arrivals_s.append(now_s)
        return False

    def dark(self) -> bool:
        """Return whether reads fail now; an outage lasts a while, now and then for very long."""
        now_s = self.clock.now()
        if now_s >= self._dark_until_s and self.odds(self.manners.unreadable):
            self._dark_until_s = now_s + self.rng.choice(_OUTAGES_S)
        return now_s < self._dark_until_s

    def listed(self, spec: JobSpec, nonce: int, since_s: float) -> list[ListedJob]:
        """Return what the list shows of an order now; it may lie."""
        now_s = self.clock.now()
        found = [
            ListedJob(job_id=job.job_id, created_at_s=job.accepted_s + self.rng.uniform(-1, 1))
            for job in self.jobs.values()
            if job.listed_s <= now_s
            and job.accepted_s >= since_s
            and (job.nonce == nonce if self.manners.by_nonce else job.order == spec)
        ]
        if found and self.odds(self.manners.lying):
            found.append(found[0])
        if not self.manners.by_nonce and self.odds(10 * self.manners.lying):
            found.append(ListedJob(job_id=f"foreign-{len(self.sends_s)}", created_at_s=now_s))
        return sorted(found, key=lambda job: job.created_at_s)


@dataclass(frozen=True, kw_only=True)
class Door:
    """One process's adapter to a vendor: the port JobVendor."""

    shop: FakeVendor
    process: Process

    @property
    def vendor(self) -> str:
        """Who is paid."""
        return self.shop.name

    @property
    def model(self) -> str:
        """Its only model."""
        return "only"

    @property
    def can_list(self) -> bool:
        """Whether a lost job can be looked for."""
        return self.shop.manners.lists

    async def estimate(self, spec: JobSpec) -> Decimal:
        """Say what a job costs."""
        del spec
        return PRICE

    async def submit(self, spec: JobSpec, *, nonce: int) -> str:
        """Send one paid POST; how it ends is the seed's business."""
        shop, rng = self.shop, self.shop.rng
        await self.process.point("send", pausing=False)
        if shop.odds(shop.manners.refused):
            raise ProviderUnavailable(provider=shop.name, detail="no connection")
        shop.sends_s.append(shop.clock.now())
        timeout_s = shop.timings.post_timeout_s
        travel_s = rng.choice([0.02, 0.1, 1.5, timeout_s]) * rng.random()
        reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # The order travels on by itself: it arrives whether or not its sender lives.
        asyncio.get_running_loop().call_later(travel_s, self._arrive, spec, nonce, reply)
        if shop.odds(shop.manners.lost):
            await asyncio.sleep(rng.random() * timeout_s)
            await self.process.point("reply lost")
            raise SendAmbiguous(provider=shop.name, detail="reset")
        await asyncio.wait({reply}, timeout=timeout_s)
        await self.process.point("reply")
        if not reply.done():
            raise SendAmbiguous(provider=shop.name, detail="timeout")
        return reply.result()

    def _arrive(self, spec: JobSpec, nonce: int, reply: "asyncio.Future[str]") -> None:
        shop, name = self.shop, self.shop.name
        if shop.odds(2 * shop.manners.lost):  # lost on its way: nothing was created, nobody will ever say so
            return
        if shop.over_limit() or shop.odds(2 * shop.manners.refused):
            after_s = shop.rng.choice([None, 0.5, shop.timings.window_s])
            reply.set_exception(ProviderRateLimited(provider=name, detail="too many", retry_after_s=after_s))
        elif shop.odds(2 * shop.manners.refused):
            reply.set_exception(ProviderBusy(provider=name, detail="too much at once"))
        elif shop.odds(shop.manners.definite):
            reply.set_exception(ProviderContentRefused(provider=name, detail="no"))
        else:
            reply.set_result(shop.accept(spec, nonce))
        reply.exception()  # noted here, for a dead sender never asks

    async def get_job(self, job_id: str) -> JobStatus:
        """Look at a job once."""
        await self.process.point("ask for a report")
        if self.shop.dark():
            raise ProviderUnavailable(provider=self.shop.name, detail="no reports now")
        job = self.shop.jobs.get(job_id)
        if job is None:
            raise ProviderJobUnknown(provider=self.shop.name, detail=job_id)
        state = JobState.RUNNING
        if job.ends_s is not None and self.shop.clock.now() >= job.ends_s:
            state = JobState.SUCCEEDED if job.failure is None else JobState.FAILED
        job_status = JobStatus(job_id=job_id, state=state)
        await self.process.point("read the report")
        if state is JobState.SUCCEEDED:
            return replace(job_status, file_url=f"/{job_id}", charged=PRICE)
        return replace(job_status, failure=job.failure) if state is JobState.FAILED else job_status

    async def find_candidates(self, spec: JobSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        """Read the list as it is now; the answer may take long to arrive."""
        await self.process.point("ask for the list")
        if self.shop.dark():
            raise ProviderUnavailable(provider=self.shop.name, detail="no list now")
        found = self.shop.listed(spec, nonce, since_s)
        await asyncio.sleep(self.shop.rng.choice([0.01, 0.1, 4]))
        await self.process.point("read the list")
        return found

    async def fetch(self, job: JobStatus, into: Path) -> None:
        """Download a job's file."""
        await self.process.point("fetch")
        if self.shop.odds(self.shop.manners.damaged):
            raise ProviderUnavailable(provider=self.shop.name, detail="no file now")
        damaged = self.shop.odds(self.shop.manners.damaged)
        into.write_bytes(DAMAGED if damaged else job.job_id.encode())
