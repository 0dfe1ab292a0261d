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
from film.orders import Order
from film.status import Status
from ledger import ending, schema
from ledger.database import Books
from ledger.leases import Lease, fenced, locked_film
from ledger.rows import Fault
from providers.ports import JobReport, JobVendor, ListedJob
from store.objects import ObjectFacts, Objects
from tasks.timings import Timings
from tests.simulation.histories import Verdict
from tests.simulation.process import Process
from tests.simulation.shelf import Shelf, facts_of
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
    def lists(self) -> bool:
        return self.door.lists

    async def estimate(self, order: Order) -> Decimal:
        return await self.door.estimate(order)

    async def submit(self, order: Order, *, nonce: int) -> str:
        return await self.door.submit(order, nonce=nonce)

    async def report(self, job_id: str) -> JobReport:
        return await self.door.report(job_id)

    async def candidates(self, order: Order, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        return await self.door.candidates(order, nonce=nonce, since_s=since_s)

    async def fetch(self, report: JobReport, into: Path) -> None:
        await self.door.fetch(report, into)


class _Blind(_Doorman):
    """Sends an order again when its reply is lost."""

    async def submit(self, order: Order, *, nonce: int) -> str:
        try:
            return await self.door.submit(order, nonce=nonce)
        except SendAmbiguous:
            return await self.door.submit(order, nonce=nonce)


@dataclass(frozen=True, kw_only=True)
class _Stale(_Doorman):
    """Judges by the first list it read, however long ago that was."""

    read: dict[int, Sequence[ListedJob]] = field(default_factory=dict)

    async def candidates(self, order: Order, *, nonce: int, since_s: float) -> Sequence[ListedJob]:
        if nonce not in self.read:
            self.read[nonce] = await self.door.candidates(order, nonce=nonce, since_s=since_s)
        return self.read[nonce]


class _Hasty(Timings):
    """Takes an absence for proven as soon as nothing more is sent (W < D + list lag)."""

    @property
    def absence_s(self) -> float:
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


class _HollowShelf(Shelf):
    """Says a file is stored, and stores it a little later."""

    async def put(self, key: str, file: Path) -> ObjectFacts:
        """Return the file's facts at once."""
        facts = facts_of(file)
        asyncio.get_running_loop().call_later(1, self._objects.setdefault, key, facts)
        return facts


async def _fail_in_two(books: Books, lease: Lease, fault: Fault) -> None:
    async with books.writing() as rows:
        row = await fenced(rows, lease)
        values = {"status": Status.FAILED, "epoch": row["epoch"] + 1, "error": fault.as_json(), "cost_actual_mc": 0}
        await rows.execute(update(schema.film).where(schema.film.c.id == lease.film_id).values(**values))
    async with books.writing() as rows:
        row = await locked_film(rows, lease.film_id)
        await ending._void_open_holds(rows, lease.film_id, AccountId(row["account"]), now_ms=books.now_ms())


async def _cancel_in_two(books: Books, film_id: FilmId) -> bool:
    async with books.writing() as rows:
        row = await locked_film(rows, film_id)
        values = {"status": Status.CANCELED, "epoch": row["epoch"] + 1, "cost_actual_mc": 0}
        await rows.execute(update(schema.film).where(schema.film.c.id == film_id).values(**values))
    async with books.writing() as rows:
        await ending._void_open_holds(rows, film_id, AccountId(row["account"]), now_ms=books.now_ms())
    return True


def _blind(door: Door) -> JobVendor[Any]:
    return _Blind(door=door)


def _stale(door: Door) -> JobVendor[Any]:
    return _Stale(door=door)


def _stopped(clock: VirtualClock, process: Process) -> Clock:
    return _StoppedClock(clock, process)


def _hollow(objects: dict[str, ObjectFacts], process: Process) -> Objects:
    return _HollowShelf(objects, process)


def _unfenced(lease: Lease) -> Lease:
    return Lease(film_id=lease.film_id, epoch=_AnyEpoch(lease.epoch), holder=lease.holder)


#: Timings is frozen and slotted: the hasty one is made from the same values.
_HASTY: Final = _Hasty(**{name: getattr(TIMINGS, name) for name in Timings.__dataclass_fields__})

CONTROLS: Final[Mapping[str, Variant]] = {
    "blind retry": Variant(door=_blind),
    "W < D + lag": Variant(timings=_HASTY),
    "no send deadline": Variant(clock=_stopped),
    "stale list verdict": Variant(door=_stale),
    "no epoch check": Variant(lease=_unfenced),
    "post before store": Variant(shelf=_hollow),
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
