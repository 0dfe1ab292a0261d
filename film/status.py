"""The state machine: what a film's status may be and what may follow it. One literal table; the ledger enforces it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """A film's status, the wire's words (seed: task state machine)."""

    QUEUED = "queued"
    SCRIPTING = "scripting"
    MODERATION = "moderation"
    ANCHORING = "anchoring"
    GENERATING = "generating"
    AUDIO = "audio"
    COMPOSING = "composing"
    DELIVERING = "delivering"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        """Whether the film has ended."""
        return self in TERMINAL


TERMINAL: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELED})

_ENDS: Final = frozenset({Status.FAILED, Status.CANCELED})

#: What may follow what. Compose leads back from the three ends; its failure restores the status it came from.
TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.QUEUED: _ENDS | {Status.SCRIPTING},
    Status.SCRIPTING: _ENDS | {Status.MODERATION},
    Status.MODERATION: _ENDS | {Status.ANCHORING},
    Status.ANCHORING: _ENDS | {Status.GENERATING},
    Status.GENERATING: _ENDS | {Status.AUDIO},
    Status.AUDIO: _ENDS | {Status.COMPOSING},
    Status.COMPOSING: _ENDS | {Status.DELIVERING},
    Status.DELIVERING: _ENDS | {Status.COMPLETED},
    Status.COMPLETED: frozenset({Status.COMPOSING}),
    Status.FAILED: frozenset({Status.COMPOSING}),
    Status.CANCELED: frozenset({Status.COMPOSING}),
}


class SegmentState(StrEnum):
    """A segment's state, the wire's words."""

    PENDING = "pending"
    GENERATING = "generating"
    READY = "ready"
    FAILED = "failed"
    CANCELED = "canceled"


class ErrorCode(StrEnum):
    """Why a film failed: `error.code` of a failed film."""

    SCRIPT_INVALID = "script_invalid"
    SCRIPT_REFUSED = "script_refused"
    MODERATION_REJECTED = "moderation_rejected"
    MODERATION_UNAVAILABLE = "moderation_unavailable"
    ANCHOR_FAILED = "anchor_failed"
    SEGMENT_FAILED = "segment_failed"
    SEGMENT_TIMEOUT = "segment_timeout"
    PROVIDER_OUT_OF_CREDITS = "provider_out_of_credits"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    NARRATION_FAILED = "narration_failed"
    MUSIC_FAILED = "music_failed"
    COMPOSE_FAILED = "compose_failed"
    SEGMENTS_NOT_READY = "segments_not_ready"
    DELIVERABLE_REJECTED = "deliverable_rejected"
    DELIVERY_FAILED = "delivery_failed"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    INTERNAL_ERROR = "internal_error"


_PROGRESS_BEFORE_SHOTS: Final = {
    Status.QUEUED: 0,
    Status.SCRIPTING: 1,
    Status.MODERATION: 3,
    Status.ANCHORING: 4,
    Status.GENERATING: 5,
}
_PROGRESS_AFTER_SHOTS: Final = {
    Status.AUDIO: 90,
    Status.COMPOSING: 95,
    Status.DELIVERING: 98,
    Status.COMPLETED: 100,
}


def progress_of(status: Status, *, shots_done: int, shots_total: int) -> int:
    """Return 0..100: 5 when anchored, 5..80 by finished shots, 90 audio, 95 composing, 100 completed.

    For failed and canceled films this says how far the shots came; the ledger keeps the highest value ever shown.
    """
    if status in _PROGRESS_AFTER_SHOTS:
        return _PROGRESS_AFTER_SHOTS[status]
    by_shots = 75 * shots_done // max(shots_total, 1)
    if status in TERMINAL:
        return 5 + by_shots if shots_done else 0
    return _PROGRESS_BEFORE_SHOTS[status] + (by_shots if status is Status.GENERATING else 0)
