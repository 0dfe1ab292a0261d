"""Seven ways to get it wrong. Each bends the protocol at one place, and histories must find each out."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import update

from film.clock import Clock
from film.errors import SendAmbiguous
from film.ids import AccountId, FilmId
from film.job_specs import JobSpec
from film.status import Status
from ledger.database import schema
from ledger.database.engine import Database
from ledger.database.records import FilmError
from ledger.films import settlement
from ledger.leases import Lease, lock_film, lock_with_lease
from providers.ports import JobStatus, JobVendor, ListedJob
from purchasing.timings import Timings
from store.objects import ObjectFacts, Objects
from tests.simulation.histories import Verdict
from tests.simulation.memory_store import MemoryObjects, facts_of
from tests.simulation.process import Process
from tests.simulation.variants import TIMINGS, Variant
from tests.simulation.vendor import Door
from tests.simulation.virtual_loop import VirtualClock


@dataclass(frozen=True, kw_only=True)
class _Doorman:
    """A door that passes everything on; controls change one thing of it."""

    door: Door

    @property
    def vendor(self) -> str:
        return self.door.vendor

    @property
    def model(self) -> str:
        return self.door.model

    @property
    def can_list(self) -> bool:
        return self.door.can_list

    async def estimate(self, spec: JobSpec) -> Decimal:
        return await self.door.estimate(spec)

    async def submit(self, spec: JobSpec, *, nonce: int) -> str:
        return await self.door.submit(spec, nonce=nonce)

    async def get_job(self, job_id: str) -> JobStatus:
        return await self.door.get_job(job_id)

    async def find_candidates(self, spec: JobSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        return await self.door.find_candidates(spec, nonce=nonce, since_s=since_s)

    async def fetch(self, job: JobStatus, into: Path) -> None:
        await self.door.fetch(job, into)


class _Blind(_Doorman):
    """Sends an order again when its reply is lost."""

    async def submit(self, spec: JobSpec, *, nonce: int) -> str:
        try:
            return await self.door.submit(spec, nonce=nonce)
        except SendAmbiguous:
            return await self.door.submit(spec, nonce=nonce)


@dataclass(frozen=True, kw_only=True)
class _Stale(_Doorman):
    """Judges by the first list it read, however long ago that was."""

    read: dict[int, Sequence[ListedJob]] = field(default_factory=dict)

    async def find_candidates(self, spec: JobSpec, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        if nonce not in self.read:
            self.read[nonce] = await self.door.find_candidates(spec, nonce=nonce, since_s=since_s)
        return self.read[nonce]


class _Hasty(Timings):
    """Takes an absence for proven as soon as nothing more is sent (W < D + list lag)."""

    @property
    def absence_proof_s(self) -> float:
        """W without the time that a job may stay unlisted."""
        return self.send_deadline_s


class _StoppedClock:
    """A clock that stands still while its process is paused: the send deadline measured on it never passes."""

    def __init__(self, clock: VirtualClock, process: Process) -> None:
        self._clock = clock
        self._process = process

    def now(self) -> float:
        """Return unix seconds, less the pauses."""
        return self._clock.now() - self._process.slept_s

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await self._clock.sleep(seconds)


class _AnyEpoch(int):
    """An epoch that is never stale: it equals every other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int)

    def __ne__(self, other: object) -> bool:
        return not isinstance(other, int)

    def __hash__(self) -> int:
        return 0


class _HollowObjects(MemoryObjects):
    """Says a file is stored, and stores it a little later."""

    async def put(self, key: str, file: Path) -> ObjectFacts:
        """Return the file's facts at once."""
        facts = facts_of(file)
        asyncio.get_running_loop().call_later(1, self._objects.setdefault, key, facts)
        return facts


async def _fail_in_two(database: Database, lease: Lease, error: FilmError) -> None:
    async with database.transaction() as rows:
        row = await lock_with_lease(rows, lease)
        values = {"status": Status.FAILED, "epoch": row["epoch"] + 1, "error": error.as_json(), "cost_actual_mc": 0}
        await rows.execute(update(schema.film).where(schema.film.c.id == lease.film_id).values(**values))
    async with database.transaction() as conn:
        row = await lock_film(conn, lease.film_id)
        await settlement._void_open_holds(conn, lease.film_id, AccountId(row["account"]), now_ms=database.now_ms())


async def _cancel_in_two(database: Database, film_id: FilmId) -> bool:
    async with database.transaction() as rows:
        row = await lock_film(rows, film_id)
        values = {"status": Status.CANCELED, "epoch": row["epoch"] + 1, "cost_actual_mc": 0}
        await rows.execute(update(schema.film).where(schema.film.c.id == film_id).values(**values))
    async with database.transaction() as conn:
        await settlement._void_open_holds(conn, film_id, AccountId(row["account"]), now_ms=database.now_ms())
    return True


def _blind(door: Door) -> JobVendor[Any]:
    return _Blind(door=door)


def _stale(door: Door) -> JobVendor[Any]:
    return _Stale(door=door)


def _stopped(clock: VirtualClock, process: Process) -> Clock:
    return _StoppedClock(clock, process)


def _hollow(objects: dict[str, ObjectFacts], process: Process) -> Objects:
    return _HollowObjects(objects, process)


def _unfenced(lease: Lease) -> Lease:
    return Lease(film_id=lease.film_id, epoch=_AnyEpoch(lease.epoch), owner=lease.owner)


#: Timings is frozen and slotted: the hasty one is made from the same values.
_HASTY: Final = _Hasty(**{name: getattr(TIMINGS, name) for name in Timings.__dataclass_fields__})

CONTROLS: Final[Mapping[str, Variant]] = {
    "blind retry": Variant(door=_blind),
    "W < D + lag": Variant(timings=_HASTY),
    "no send deadline": Variant(clock=_stopped),
    "stale list verdict": Variant(door=_stale),
    "no epoch check": Variant(lease=_unfenced),
    "post before store": Variant(objects=_hollow),
    "void outside the terminal transaction": Variant(fail=_fail_in_two, cancel=_cancel_in_two),
}

#: How each gives itself away: a fault of another kind would be another bug's.
_SIGNS: Final[Mapping[str, Sequence[str]]] = {
    "blind retry": ("paid once",),
    "W < D + lag": ("paid once",),
    "no send deadline": ("paid once",),
    "stale list verdict": ("paid once",),
    "no epoch check": ("paid once", "I6", "I7", "I8", "I11", "I16", "IntegrityError", "IllegalTransition"),
    "post before store": ("I16",),
    "void outside the terminal transaction": ("I6",),
}


def exposed(control: str, verdict: Verdict) -> bool:
    """Return whether a history played under a control found its very mistake."""
    return any(sign in fault for fault in verdict.faults for sign in _SIGNS[control])
