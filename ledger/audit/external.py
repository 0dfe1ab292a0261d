"""What the audit compares with the world outside the rows: stored files (I16) and the vendors' jobs (I17)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from film.ids import AttemptId
from film.status import SegmentState
from ledger.audit.purchases import SETTLED
from ledger.database import schema
from ledger.database.engine import Database
from ledger.purchases.attempt import AttemptState, StoredFile

_ENDED = (AttemptState.READY, AttemptState.FAILED, AttemptState.DRAINED)
_UNKNOWN = (AttemptState.INTENT, AttemptState.DRAINING, AttemptState.ORPHANED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """A file that must lie in the store, and the row that says so."""

    where: str
    file: StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtJob:
    """A vendor's job that has ended, and what our ledger say it cost, in millionths; None = nobody told."""

    attempt: AttemptId
    vendor: str
    model: str
    key_print: str
    job_id: str
    booked_micro: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownJobs:
    """What the rows know of one vendor's jobs."""

    #: Jobs of an attempt, or booked as a loss.
    accounted: frozenset[str]
    #: Intents (unix milliseconds) whose job, if there is one, nobody knows.
    unknown_intents_ms: Sequence[int]
    #: The first intent of all, unix milliseconds.
    began_ms: int


async def recorded_files(database: Database) -> list[RecordedFile]:
    """Return every file that a ready segment, a ready attempt or a result names, each once; deleted films have none."""
    film, segment, attempt = schema.film, schema.segment, schema.attempt
    standing = select(film.c.id).where(film.c.deleted_at_ms.is_(None))
    found: dict[StoredFile, str] = {}
    async with database.snapshot() as conn:
        for row in await conn.execute(
            select(segment).where(
                segment.c.state == SegmentState.READY, segment.c.object_key.is_not(None), segment.c.film.in_(standing)
            )
        ):
            _add(found, f"segment {row.index} of {row.film}", row.object_key, row.sha256, row.size_bytes)
        for row in await conn.execute(
            select(attempt).where(
                attempt.c.state == AttemptState.READY, attempt.c.object_key.is_not(None), attempt.c.film.in_(standing)
            )
        ):
            _add(found, f"attempt {row.id}", row.object_key, row.sha256, row.size_bytes)
        for film_id, result in await conn.execute(
            select(film.c.id, film.c.result).where(film.c.deleted_at_ms.is_(None))
        ):
            if result is not None:
                _add(found, f"film {film_id}", result["film"], result["sha256"], result["size_bytes"])
    return [RecordedFile(where=where, file=file) for file, where in found.items()]


def _add(found: dict[StoredFile, str], where: str, object_key: str, sha256: str, size_bytes: int) -> None:
    found.setdefault(StoredFile(object_key=object_key, sha256=sha256, size_bytes=size_bytes), where)


async def bought_jobs(database: Database) -> list[BoughtJob]:
    """Return every job that has ended, the oldest first."""
    attempt, spend = schema.attempt.c, schema.provider_entry.c
    booked = (
        select(spend.attempt, func.sum(spend.amount_micro).label("booked_micro"))
        .where(spend.kind.in_(SETTLED))
        .group_by(spend.attempt)
        .subquery()
    )
    query = (
        select(schema.attempt, booked.c.booked_micro)
        .outerjoin(booked, booked.c.attempt == attempt.id)
        .where(attempt.provider_job_id.is_not(None), attempt.state.in_(_ENDED))
        .order_by(attempt.t_intent_ms, attempt.id)
    )
    async with database.snapshot() as conn:
        return [
            BoughtJob(
                attempt=AttemptId(row.id),
                vendor=row.vendor,
                model=row.model,
                key_print=row.key_print,
                job_id=row.provider_job_id,
                booked_micro=None if row.booked_micro is None else int(row.booked_micro),
            )
            for row in await conn.execute(query)
        ]


async def known_jobs_of(database: Database, vendor: str) -> KnownJobs | None:
    """Return what the rows know of a vendor's jobs; None if nothing was ever ordered there."""
    attempt, spend = schema.attempt.c, schema.provider_entry.c
    async with database.snapshot() as conn:
        began_ms = await conn.scalar(select(func.min(attempt.t_intent_ms)).where(attempt.vendor == vendor))
        if began_ms is None:
            return None
        own = select(attempt.provider_job_id).where(attempt.vendor == vendor, attempt.provider_job_id.is_not(None))
        booked = select(spend.provider_job_id).where(spend.vendor == vendor, spend.provider_job_id.is_not(None))
        unknown = select(attempt.t_intent_ms).where(
            attempt.vendor == vendor, attempt.provider_job_id.is_(None), attempt.state.in_(_UNKNOWN)
        )
        return KnownJobs(
            accounted=frozenset((await conn.execute(own.union(booked))).scalars()),
            unknown_intents_ms=(await conn.execute(unknown)).scalars().all(),
            began_ms=began_ms,
        )
