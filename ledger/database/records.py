"""Rows as values: what the rest of this program sees of the tables. The only place that reads columns by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping

from film.credits import MilliCredits
from film.cues import Cue
from film.ids import AccountId, FilmId
from film.plan import Slot
from film.request import FilmRequest, load_request
from film.status import ErrorCode, SegmentState, Status
from film.storyboard import Storyboard
from film.text import clean_text, clean_tree


class Approval(StrEnum):
    """What a person said when the film asked before spending; the wire's `decision`."""

    APPROVED = "approve"
    REJECTED = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmError:
    """Why a film failed: the documented code, a sentence, the stage and, where one is to blame, the segment."""

    code: ErrorCode
    message: str
    stage: Status
    segment: int | None = None

    def __post_init__(self) -> None:
        """Refuse an error that tells nobody anything.

        Raises:
            ValueError: The message is empty.
        """
        if not self.message.strip():
            raise ValueError(f"an error without words: {self.code}")

    def as_json(self) -> dict[str, Any]:
        """Return the wire's `error` object."""
        fault: dict[str, Any] = {"code": self.code.value, "message": self.message, "stage": self.stage.value}
        return fault if self.segment is None else {**fault, "segment": self.segment}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverables:
    """The finished film's object keys; `subtitles` is the VTT, None where subtitles are off or burned only."""

    film: str
    poster: str
    sheet: str
    storyboard: str
    srt: str | None
    vtt: str | None
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One character's reference image as its vendor reads it."""

    character_id: str
    object_key: str
    url: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film's row."""

    id: FilmId
    account: AccountId
    api_key: str
    request: FilmRequest
    plan: tuple[Slot, ...]
    storyboard: Storyboard | None
    anchors: tuple[Anchor, ...] | None
    cues: tuple[Cue, ...] | None
    status: Status
    progress: int
    awaiting_approval: bool
    approval: Approval | None
    approval_asked_ms: int | None
    stage_times_ms: Mapping[str, int]
    cost_estimate_mc: MilliCredits
    cost_actual_mc: MilliCredits | None
    epoch: int
    lease_until_ms: int | None
    lease_owner: str | None
    #: Runs since its rows last moved.
    dispatch_n: int
    error: FilmError | None
    result: Deliverables | None
    compose_n: int
    retry_of: FilmId | None
    simulated: bool
    created_at_ms: int
    updated_at_ms: int
    completed_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment's row."""

    film: FilmId
    index: int
    kept_s: int
    rendered_s: int
    price_mc: MilliCredits
    hold: int | None
    state: SegmentState
    object_key: str | None
    sha256: str | None
    size_bytes: int | None
    #: The object of its cover, and how alike both sides of a chained cut before it are (1.0 = the same), once known.
    cover_key: str | None
    seam_similarity: float | None


def film_from(row: RowMapping) -> Film:
    """Return the film a row holds."""
    return Film(
        id=FilmId(row["id"]),
        account=AccountId(row["account"]),
        api_key=row["api_key"],
        request=load_request(row["request"]),
        plan=tuple(Slot(**slot) for slot in row["plan"]),
        storyboard=None if row["storyboard"] is None else Storyboard.model_validate(clean_tree(row["storyboard"])),
        anchors=None if row["anchors"] is None else tuple(Anchor(**anchor) for anchor in row["anchors"]),
        cues=None if row["sound"] is None else tuple(Cue(**cue) for cue in clean_tree(row["sound"])),
        status=Status(row["status"]),
        progress=row["progress"],
        awaiting_approval=row["awaiting_approval"],
        approval=None if row["approval"] is None else Approval(row["approval"]),
        approval_asked_ms=row["approval_asked_ms"],
        stage_times_ms=row["stage_times_ms"],
        cost_estimate_mc=MilliCredits(row["cost_estimate_mc"]),
        cost_actual_mc=None if row["cost_actual_mc"] is None else MilliCredits(row["cost_actual_mc"]),
        epoch=row["epoch"],
        lease_until_ms=row["lease_until_ms"],
        lease_owner=row["lease_holder"],
        dispatch_n=row["dispatch_n"],
        error=None if row["error"] is None else film_error_from(row["error"]),
        result=None if row["result"] is None else Deliverables(**row["result"]),
        compose_n=row["compose_n"],
        retry_of=None if row["retry_of"] is None else FilmId(row["retry_of"]),
        simulated=row["simulated"],
        created_at_ms=row["created_at_ms"],
        updated_at_ms=row["updated_at_ms"],
        completed_at_ms=row["completed_at_ms"],
    )


def film_error_from(error: Mapping[str, Any]) -> FilmError:
    """Return the error an `error` column holds."""
    return FilmError(
        code=ErrorCode(error["code"]),
        message=clean_text(error["message"]),
        stage=Status(error["stage"]),
        segment=error.get("segment"),
    )


def segment_from(row: RowMapping) -> Segment:
    """Return the segment a row holds."""
    return Segment(
        film=FilmId(row["film"]),
        state=SegmentState(row["state"]),
        **{name: row[name] for name in ("index", "kept_s", "rendered_s", "price_mc", "hold")},
        **{name: row[name] for name in ("object_key", "sha256", "size_bytes", "cover_key", "seam_similarity")},
    )
