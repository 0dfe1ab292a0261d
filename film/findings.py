"""Findings: what a delivered film isn't quite like, told instead of failing it."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What was found."""

    #: A clip ended early: its last picture is held for `amount` frames.
    FRAMES_HELD = "frames_held"
    #: The film is fainter than it should be by `amount` LU: its true peaks forbid more.
    LOUDNESS_SHORT = "loudness_short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know of a film that counts all the same."""

    kind: FindingKind
    #: The segment's index, or None for the whole film.
    segment: int | None
    amount: float
    unit: str
