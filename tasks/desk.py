"""What buying needs, as ports: the books, the clock, the store, the waits and, for proofs, the crash points."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from film.clock import Clock
from ledger.attempts import Purchase
from ledger.database import Books
from ledger.gate import GateRule
from providers.ports import JobVendor
from store.objects import Objects
from tasks.timings import Timings

#: Called with the name of the point that was reached; production does nothing there.
Fault = Callable[[str], None]


def no_fault(point: str) -> None:
    """Do nothing: production's crash points."""
    del point


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where things are bought."""

    books: Books
    clock: Clock
    objects: Objects
    timings: Timings
    #: Attempts that may be paid for per place of a film.
    attempts_max: int
    #: Folder for downloads.
    work: Path
    fault: Fault = no_fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One vendor's model, with the gate in front of it and the operator's cap on its vendor's day."""

    vendor: JobVendor[Any]  # clips, images and voices alike
    rule: GateRule
    cap: Decimal | None = None
    #: The setting that holds the cap.
    cap_setting: str = ""
    #: Whether the vendor tells us when a job may have ended.
    called_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is bought: the order's place and content, where its file goes, and what the file must pass."""

    purchase: Purchase
    #: Store key without its content hash: `clips/<fingerprint>`.
    folder: str
    suffix: str
    #: Raises ClipRejected for a file that may not be used; runs in a thread.
    gate: Callable[[Path], object]
    #: Held while a place in the vendor's queue is asked for: of a film's many orders, one asks at a time.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
