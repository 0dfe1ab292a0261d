"""Jobs: what a user ordered, what it cost, and where its clock says it is. No timer runs; every state is computed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import aiosqlite

from simulators.world.settings import Service


class Stage(StrEnum):
    """Where a job is; each vendor has words of its own for it."""

    QUEUED = "queued"
    WORKING = "working"
    STORING = "storing"
    SUCCESS = "success"
    FAILED = "failed"


#: The share of the generation time after which the result is being stored.
STORING_FROM = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What scripted faults have decided for a job: nothing, by default.

    `fails_at` is the share of the generation time at which it fails; `waits_s` vendor seconds are spent queued first.
    """

    fails_at: float | None = None
    failure: str = ""
    refunds: bool = True
    waits_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job about to be created. `params` is what the vendor echoes, `facts` what only the simulator needs.

    Times are vendor seconds; after `timeout_s` the vendor gives up.
    """

    id: str
    service: Service
    user: str
    model: str
    text: str
    params: Mapping[str, Any]
    price: int
    generation_s: float
    timeout_s: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A created job as its row holds it. Times are milliseconds since the epoch."""

    ordinal: int
    id: str
    service: Service
    user: str
    model: str
    text: str
    params: dict[str, Any]
    facts: dict[str, Any]
    created_ms: int
    generation_s: float
    fate: Fate
    charged: int
    refunded: int
    state: Stage
    ended_ms: int | None
    result: dict[str, Any]

    @classmethod
    def of_row(cls, row: aiosqlite.Row) -> Self:
        """Read a row of the table `job`."""
        return cls(
            ordinal=row["ordinal"],
            id=row["id"],
            service=Service(row["service"]),
            user=row["user"],
            model=row["model"],
            text=row["text"],
            params=json.loads(row["params"]),
            facts=json.loads(row["facts"]),
            created_ms=row["created_ms"],
            generation_s=row["generation_s"],
            fate=Fate(
                fails_at=row["fails_at"],
                failure=row["failure"],
                refunds=bool(row["refunds"]),
                waits_s=row["waits_s"],
            ),
            charged=row["charged"],
            refunded=row["refunded"],
            state=Stage(row["state"]),
            ended_ms=row["ended_ms"],
            result=json.loads(row["result"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A job's stage at one moment and the share of its generation time that has passed, 0..1."""

    stage: Stage
    share: float


def progress_of(job: Job, *, now_ms: int, time_scale: float, stored: bool) -> Progress:
    """Return where `job` is at `now_ms`; it is successful only when its time has come and its file is `stored`."""
    if job.state is Stage.FAILED:
        return Progress(stage=Stage.FAILED, share=job.fate.fails_at or 0.0)
    passed_s = (now_ms - job.created_ms) / 1000 * time_scale - job.fate.waits_s
    if passed_s < 0:
        return Progress(stage=Stage.QUEUED, share=0.0)
    share = min(1.0, passed_s / job.generation_s) if job.generation_s > 0 else 1.0
    if job.fate.fails_at is not None and share >= job.fate.fails_at:
        return Progress(stage=Stage.FAILED, share=job.fate.fails_at)
    if share >= 1.0 and stored:
        return Progress(stage=Stage.SUCCESS, share=1.0)
    return Progress(stage=Stage.STORING if share >= STORING_FROM else Stage.WORKING, share=share)


def due_ms(job: Job, *, time_scale: float) -> int:
    """Return when the job's clock ends: its failure, or the whole generation time."""
    lasts_s = job.fate.waits_s + job.generation_s * (1.0 if job.fate.fails_at is None else job.fate.fails_at)
    return job.created_ms + int(lasts_s * 1000 / time_scale)
