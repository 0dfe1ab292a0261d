"""What buying needs, as ports: the ledger, the clock, the store, the waits and, for proofs, the failpoints."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from film.clock import Clock
from ledger.database.engine import Database
from ledger.purchases.attempts import Purchase
from ledger.purchases.rate_limit import RateLimit
from providers.ports import JobVendor
from purchasing.timings import Timings
from store.objects import Objects

#: Called with the name of the point that was reached; production does nothing there.
Failpoint = Callable[[str], None]


def no_failpoint(point: str) -> None:
    """Do nothing: production's failpoints."""
    del point


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseContext:
    """Where things are bought."""

    database: Database
    clock: Clock
    objects: Objects
    timings: Timings
    #: Attempts that may be paid for per place of a film.
    attempts_max: int
    #: Folder for downloads.
    work_dir: Path
    failpoint: Failpoint = no_failpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredVendor:
    """One vendor's model, with the rate limit in front of it and the operator's cap on its vendor's day."""

    adapter: JobVendor[Any]  # clips, images and voices alike
    rate_limit: RateLimit
    daily_cap: Decimal | None = None
    #: The setting that holds the cap.
    cap_setting: str = ""
    #: Whether the vendor tells us when a job may have ended.
    has_callbacks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseSpec:
    """What is bought: the order's place and content, where its file goes, and what the file must pass."""

    purchase: Purchase
    #: Store key without its content hash: `clips/<fingerprint>`.
    key_prefix: str
    suffix: str
    #: Raises ClipRejected for a file that may not be used; runs in a thread.
    validate: Callable[[Path], object]
    #: Held while a place in the vendor's queue is asked for: of a film's many orders, one asks at a time.
    queue_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
