"""One paid try at a clip, an image, a narration or music, as its row holds it."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import RowMapping

from film.ids import AttemptId, FilmId
from film.job_specs import Purpose


class AttemptState(StrEnum):
    """How far one paid try came."""

    INTENT = "intent"  # committed, perhaps sent
    SUBMITTED = "submitted"  # the vendor named a job
    READY = "ready"  # its file is stored and passed the rate limit
    FAILED = "failed"  # the vendor's job ended without a usable file
    UNSENT = "unsent"  # it never left this machine; its slot is free again
    REJECTED = "rejected"  # cleanly refused, nothing created
    ABSENT = "absent"  # proven never to have been created
    ORPHANED = "orphaned"  # can't be known; booked as a loss
    DRAINING = "draining"  # its film ended first; followed for the operator's records only
    DRAINED = "drained"


#: Attempts of which nothing was created, so that nothing was paid.
UNPAID = frozenset({AttemptState.UNSENT, AttemptState.REJECTED, AttemptState.ABSENT})
LIVE_ATTEMPTS = frozenset({AttemptState.INTENT, AttemptState.SUBMITTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One paid try at a clip, an image, a narration or music."""

    id: AttemptId
    film: FilmId
    purpose: Purpose
    slot: int
    vendor: str
    model: str
    key_print: str
    nonce: int
    fingerprint: str
    epoch: int
    state: AttemptState
    provider_job_id: str | None
    t_intent_ms: int
    ended_at_ms: int | None
    object_key: str | None
    sha256: str | None
    size_bytes: int | None
    #: What it was expected to cost, in millionths of the vendor's credits; None = nobody could say.
    estimated_micro: int | None
    failure: str | None
    #: Whether its failure ends all trying: a new attempt would meet the same.
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in the store: its key, hash and size."""

    object_key: str
    sha256: str
    size_bytes: int


def attempt_from(row: RowMapping) -> Attempt:
    """Return the attempt a row holds."""
    return Attempt(
        id=AttemptId(row["id"]),
        film=FilmId(row["film"]),
        purpose=Purpose(row["purpose"]),
        slot=row["slot"],
        vendor=row["vendor"],
        model=row["model"],
        key_print=row["key_print"],
        nonce=row["nonce"],
        fingerprint=row["fingerprint"],
        epoch=row["epoch"],
        state=AttemptState(row["state"]),
        provider_job_id=row["provider_job_id"],
        t_intent_ms=row["t_intent_ms"],
        ended_at_ms=row["ended_at_ms"],
        object_key=row["object_key"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        estimated_micro=row["estimated_micro"],
        failure=None if row["failure"] is None else str(row["failure"]["message"]),
        final=row["failure"] is not None and bool(row["failure"].get("final")),
    )
