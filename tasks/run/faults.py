"""From an error to the film's error: the documented code, the stage and segment to blame, a sentence."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from film.errors import (
    ClipRejected,
    CommandFailed,
    CommandTimedOut,
    DeadlineExceeded,
    DeliverableRejected,
    DiskFull,
    GlyphMissing,
    LedgerError,
    LongVideoError,
    ModerationRejected,
    ModerationUnavailable,
    ProviderError,
    ProviderKeyRefused,
    ProviderOutOfCredits,
    ProviderUnavailable,
    ScriptInvalid,
    ScriptRefused,
    SegmentsNotReady,
    StoreUnavailable,
)
from film.sentences import told_customer
from film.status import ErrorCode, Status
from film.text import clean_text
from ledger.database.records import FilmError
from runtime.logs import log_error


class RunStopped(LongVideoError):
    """The run must write nothing more: its film was canceled, failed elsewhere, or taken over."""


class RunInterrupted(LongVideoError):
    """What shows the run broke in the middle of a stage; the film is given back, and another run goes on with it."""


@dataclass(kw_only=True, eq=False)
class StageFailed(LongVideoError):
    """A definite fault of the film: strict failure, nothing is submitted any more and the rest is voided."""

    error: FilmError

    def __str__(self) -> str:
        return self.error.message


_LOG: Final = logging.getLogger("longvideo.run")

#: The first row whose class fits and that names the stage, or any stage (None), decides.
_CODES: Final[Sequence[tuple[type[LongVideoError], Status | None, ErrorCode]]] = (
    (ScriptRefused, None, ErrorCode.SCRIPT_REFUSED),
    (ScriptInvalid, None, ErrorCode.SCRIPT_INVALID),
    (ModerationRejected, None, ErrorCode.MODERATION_REJECTED),
    (ModerationUnavailable, None, ErrorCode.MODERATION_UNAVAILABLE),
    (ProviderOutOfCredits, None, ErrorCode.PROVIDER_OUT_OF_CREDITS),
    (ProviderUnavailable, None, ErrorCode.PROVIDER_UNAVAILABLE),
    (ProviderKeyRefused, None, ErrorCode.PROVIDER_UNAVAILABLE),
    (DeadlineExceeded, Status.GENERATING, ErrorCode.SEGMENT_TIMEOUT),
    (DeadlineExceeded, None, ErrorCode.DEADLINE_EXCEEDED),
    (SegmentsNotReady, None, ErrorCode.SEGMENTS_NOT_READY),
    (DeliverableRejected, None, ErrorCode.DELIVERABLE_REJECTED),
    (DiskFull, None, ErrorCode.COMPOSE_FAILED),
    (ProviderError, Status.ANCHORING, ErrorCode.ANCHOR_FAILED),
    (ClipRejected, Status.ANCHORING, ErrorCode.ANCHOR_FAILED),
    (ProviderError, Status.GENERATING, ErrorCode.SEGMENT_FAILED),
    (ClipRejected, Status.GENERATING, ErrorCode.SEGMENT_FAILED),
    (ProviderError, Status.AUDIO, ErrorCode.NARRATION_FAILED),
    (ClipRejected, Status.AUDIO, ErrorCode.NARRATION_FAILED),
    (CommandFailed, None, ErrorCode.COMPOSE_FAILED),
    (CommandTimedOut, None, ErrorCode.COMPOSE_FAILED),
    (ClipRejected, Status.COMPOSING, ErrorCode.COMPOSE_FAILED),
    (GlyphMissing, Status.SCRIPTING, ErrorCode.SCRIPT_INVALID),
    (GlyphMissing, None, ErrorCode.COMPOSE_FAILED),
    (StoreUnavailable, None, ErrorCode.DELIVERY_FAILED),
)


def film_error(
    error: Exception, stage: Status, *, segment: int | None = None, code: ErrorCode | None = None
) -> FilmError:
    """Return the film's error for an error: by the table, else `internal_error`."""
    found = code or next(
        (row_code for kind, row_stage, row_code in _CODES if isinstance(error, kind) and row_stage in {stage, None}),
        ErrorCode.INTERNAL_ERROR,
    )
    if not isinstance(error, LongVideoError):
        log_error(_LOG, "internal_error", error, stage=stage, segment=segment)
    return FilmError(code=found, message=clean_text(told_customer(error)), stage=stage, segment=segment)


@contextmanager
def as_stage_failure(stage: Status, *, segment: int | None = None, code: ErrorCode | None = None) -> Iterator[None]:
    """Turn whatever this program raises inside into a `StageFailed` of `stage`.

    The ledger's own refusals pass through, and so does a stop: a run that lost its film has no error to report. `code`
    overrules the table for orders that aren't the film's segments (music is no narration).
    """
    try:
        yield
    except (StageFailed, LedgerError, RunStopped, RunInterrupted):
        raise
    except (ProviderOutOfCredits, ProviderUnavailable, ProviderKeyRefused, SegmentsNotReady) as error:
        raise StageFailed(error=film_error(error, stage, segment=segment)) from error
    except LongVideoError as error:
        raise StageFailed(error=film_error(error, stage, segment=segment, code=code)) from error
