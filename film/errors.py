"""Every error of the house, one tree. Facts go in, the class writes the sentence, `retryable` is a class attribute.

LongVideoError
├── RequestError            wrong or impossible wishes; nothing was written, nothing spent
│   ├── InvalidRequest, InsufficientCredits, MissingKey
│   └── FilmNotFound, NotComposable, NoSegments, SegmentsNotReady, NotRetryable, NotAwaitingApproval, NotTerminal
├── ScriptError             ScriptRefused, ScriptInvalid
├── ModerationError         ModerationRejected, ModerationUnavailable
├── ProviderError           what a vendor said or did
│   ├── ProviderRateLimited, ProviderBusy, ProviderUnavailable                        (retryable)
│   ├── ProviderRejected, ProviderContentRefused, ProviderKeyRefused, ProviderOutOfCredits
│   ├── SendAmbiguous       a paid POST whose reply is unknown: reconcile, never resend
│   └── ProviderJobFailed, ProviderJobUnknown
├── MediaError              ClipRejected, DeliverableRejected, NarrationTooLong, CommandFailed, CommandTimedOut,
│                           GlyphMissing, DiskFull
├── LedgerError             StaleEpoch, IllegalTransition, InvariantBroken, LeaseTaken, DatabaseUnusable
├── StoreUnusable, PrefectUnavailable, DeadlineExceeded
└── FilmEnded               what a caller gets when a film ended otherwise than completed: FilmFailed, FilmCanceled
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar


class LongVideoError(Exception):
    """The root: anything this project raises on purpose."""

    retryable: ClassVar[bool] = False

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """Keyword-only facts survive pickling (Exception's own way rebuilds from positional arguments)."""
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(kind: type[LongVideoError], facts: dict[str, object]) -> LongVideoError:
    error = kind.__new__(kind)
    error.__dict__.update(facts)
    return error


# --- requests -----------------------------------------------------------------------------------------------------


class RequestError(LongVideoError):
    """A wish that can't be met as it stands; `code` and `http_status` are the wire's words for it."""

    code: ClassVar[str] = "invalid_request"
    http_status: ClassVar[int] = 400


@dataclass(kw_only=True, eq=False)
class InvalidRequest(RequestError):
    """A field breaks its rule."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass(kw_only=True, eq=False)
class InsufficientCredits(RequestError):
    """The account can't hold what the film would cost (credits as exact decimal text)."""

    code: ClassVar[str] = "insufficient_credits"
    http_status: ClassVar[int] = 402
    needed: str
    available: str

    def __str__(self) -> str:
        return f"The film needs {self.needed} credits and the account has {self.available}: add credits or order less."


@dataclass(kw_only=True, eq=False)
class MissingKey(RequestError):
    """Live mode was asked for without a vendor's key."""

    code: ClassVar[str] = "missing_key"
    variable: str
    needed_for: str

    def __str__(self) -> str:
        return f"{self.needed_for} needs {self.variable}: set it, or run with LONGVIDEO_MODE=simulated."


@dataclass(kw_only=True, eq=False)
class FilmError(RequestError):
    """A wish about one film that its present state doesn't allow."""

    sentence: ClassVar[str] = ""
    http_status: ClassVar[int] = 409
    film_id: str

    def __str__(self) -> str:
        return f"{self.film_id}: {self.sentence}"


class FilmNotFound(FilmError):
    """No such film, or another key's."""

    code: ClassVar[str] = "task_not_found"
    http_status: ClassVar[int] = 404
    sentence: ClassVar[str] = "there is no such film; `longvideo list` shows yours."


class NotComposable(FilmError):
    """Compose was asked of a film that is still being made."""

    code: ClassVar[str] = "not_composable"
    sentence: ClassVar[str] = "it is still being made; compose again once it has ended."


class NoSegments(FilmError):
    """Compose was asked of a film without one ready segment."""

    code: ClassVar[str] = "no_segments"
    sentence: ClassVar[str] = "no segment of it is ready; `longvideo retry` makes them."


@dataclass(kw_only=True, eq=False)
class SegmentsNotReady(FilmError):
    """Compose was asked of a film of which segments are missing."""

    code: ClassVar[str] = "segments_not_ready"
    missing: Sequence[int]

    def __str__(self) -> str:
        return f"{self.film_id}: segments {list(self.missing)} are missing; `longvideo retry` makes just those."


class NotRetryable(FilmError):
    """Retry was asked of a film that can't be salvaged."""

    code: ClassVar[str] = "not_retryable"
    sentence: ClassVar[str] = "it is unfinished, was refused, or is complete and no `--redo` names a shot."


class NotAwaitingApproval(FilmError):
    """An approval was answered that nobody waits for."""

    code: ClassVar[str] = "not_awaiting_approval"
    sentence: ClassVar[str] = "it does not wait for an approval."


class NotTerminal(FilmError):
    """Delete was asked of a film that is still being made."""

    code: ClassVar[str] = "not_terminal"
    sentence: ClassVar[str] = "it is still being made; cancel it first."


# --- script and moderation ----------------------------------------------------------------------------------------


class ScriptError(LongVideoError):
    """The script could not be had."""


@dataclass(kw_only=True, eq=False)
class ScriptRefused(ScriptError):
    """The writer declined the prompt."""

    explanation: str

    def __str__(self) -> str:
        return f"The writer declined this prompt: {self.explanation}"


@dataclass(kw_only=True, eq=False)
class ScriptInvalid(ScriptError):
    """The writer's answer still broke the plan after its repair turns."""

    problems: Sequence[str]

    def __str__(self) -> str:
        return f"The script doesn't fit the plan after its repairs: {'; '.join(self.problems)}"


class ModerationError(LongVideoError):
    """The film may not be made."""


@dataclass(kw_only=True, eq=False)
class ModerationRejected(ModerationError):
    """Prompt or storyboard breaks the content rules."""

    reason: str
    categories: Sequence[str] = ()

    def __str__(self) -> str:
        named = f" ({', '.join(self.categories)})" if self.categories else ""
        return f"Moderation rejected the film{named}: {self.reason}"


@dataclass(kw_only=True, eq=False)
class ModerationUnavailable(ModerationError):
    """Nobody could judge the film, so it isn't made (fail closed)."""

    detail: str

    def __str__(self) -> str:
        return f"Moderation could not be reached, so the film was stopped: {self.detail}"


# --- providers ----------------------------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class ProviderError(LongVideoError):
    """What a vendor said or did. `wire_code` is the vendor's own code, `http_status` its status line (0 = none)."""

    provider: str
    detail: str
    http_status: int = 0
    wire_code: str = ""

    def __str__(self) -> str:
        said = " ".join(
            part for part in (f"HTTP {self.http_status}" if self.http_status else "", self.wire_code) if part
        )
        return f"{self.provider}: {self.detail}" + (f" [{said}]" if said else "")


@dataclass(kw_only=True, eq=False)
class ProviderRateLimited(ProviderError):
    """Too many requests; nothing was created. `retry_after_s` is the vendor's word, None if it said nothing."""

    retryable: ClassVar[bool] = True
    retry_after_s: float | None = None


class ProviderBusy(ProviderError):
    """The vendor's limit of jobs at once is reached; nothing was created."""

    retryable: ClassVar[bool] = True


class ProviderUnavailable(ProviderError):
    """The vendor can't be asked just now (reads only: a paid POST in this state is SendAmbiguous)."""

    retryable: ClassVar[bool] = True


class ProviderRejected(ProviderError):
    """The vendor refused the order as it stands; nothing was created."""


class ProviderContentRefused(ProviderError):
    """The vendor's own content rules refused the order or its result."""


class ProviderKeyRefused(ProviderError):
    """The vendor doesn't know the key."""


class ProviderOutOfCredits(ProviderError):
    """The operator's credits at the vendor don't cover the order."""


class SendAmbiguous(ProviderError):
    """A paid POST was sent and its outcome is unknown: reconcile by the vendor's list, never resend."""


@dataclass(kw_only=True, eq=False)
class ProviderJobFailed(ProviderError):
    """A job that was created ended without a result; `may_retry` says whether one new attempt is worth it."""

    may_retry: bool = True


class ProviderJobUnknown(ProviderError):
    """The vendor doesn't know the job id (right after create this may pass)."""

    retryable: ClassVar[bool] = True


# --- media --------------------------------------------------------------------------------------------------------


class MediaError(LongVideoError):
    """A file could not be made or may not be used."""


@dataclass(kw_only=True, eq=False)
class ClipRejected(MediaError):
    """A vendor's file failed the gate: the check, what it expected and what it found."""

    check: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"The clip fails {self.check}: expected {self.expected}, found {self.found}"


class DeliverableRejected(ClipRejected):
    """The finished film failed its verification."""

    def __str__(self) -> str:
        return f"The film fails {self.check}: expected {self.expected}, found {self.found}"


@dataclass(kw_only=True, eq=False)
class NarrationTooLong(MediaError):
    """A voice doesn't fit its room even at the fastest tempo; `factor` is the tempo it would need."""

    factor: float
    limit: float
    length_s: float
    room_s: float

    def __str__(self) -> str:
        return (
            f"The narration lasts {self.length_s:.2f} s and has {self.room_s:.2f} s: "
            f"it would have to be {self.factor:.2f} times as fast, {self.limit} is the limit"
        )


@dataclass(kw_only=True, eq=False)
class CommandFailed(MediaError):
    """An ffmpeg run ended with an error."""

    command: str
    code: int
    stderr_tail: str

    def __str__(self) -> str:
        return f"ffmpeg ended with code {self.code}: {self.stderr_tail.strip()[-400:]}"


@dataclass(kw_only=True, eq=False)
class CommandTimedOut(MediaError):
    """An ffmpeg run was still going at its deadline and was killed."""

    command: str
    deadline_s: float

    def __str__(self) -> str:
        return f"ffmpeg was stopped after {self.deadline_s:g} s"


@dataclass(kw_only=True, eq=False)
class GlyphMissing(MediaError):
    """The font can't draw a text that should be burned in or put on a card."""

    characters: str

    def __str__(self) -> str:
        return f"The font has no glyph for {self.characters!r}; use other words there, or soft subtitles"


@dataclass(kw_only=True, eq=False)
class DiskFull(MediaError):
    """There isn't room for the film; checked before anything is spent."""

    path: str
    needed_bytes: int
    free_bytes: int

    def __str__(self) -> str:
        free, needed = self.free_bytes / 2**20, self.needed_bytes / 2**20
        return (
            f"{self.path} has {free:.0f} MiB free and the film needs {needed:.0f}: "
            "make room, or set LONGVIDEO_HOME to another disk"
        )


# --- ledger -------------------------------------------------------------------------------------------------------


class LedgerError(LongVideoError):
    """The rows refuse a write."""


@dataclass(kw_only=True, eq=False)
class StaleEpoch(LedgerError):
    """A run that no longer owns its film tried to write; it must stop and change nothing."""

    film_id: str
    epoch: int

    def __str__(self) -> str:
        return f"{self.film_id}: run {self.epoch} no longer owns the film; a newer run, or its end, has taken over"


@dataclass(kw_only=True, eq=False)
class LeaseTaken(LedgerError):
    """The film has a living holder."""

    film_id: str
    holder: str

    def __str__(self) -> str:
        return f"{self.film_id} is being made by {self.holder}; watch it with `longvideo watch {self.film_id}`"


@dataclass(kw_only=True, eq=False)
class IllegalTransition(LedgerError):
    """A status may not follow another."""

    film_id: str
    current: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.film_id}: {self.wanted} may not follow {self.current}"


@dataclass(kw_only=True, eq=False)
class InvariantBroken(LedgerError):
    """The books don't balance; nothing further is written."""

    invariant: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant} is broken: {self.detail}; run `longvideo audit`"


@dataclass(kw_only=True, eq=False)
class DatabaseUnusable(LedgerError):
    """The database can't be used as it stands."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"The database {self.where} can't be used: {self.reason}"


@dataclass(kw_only=True, eq=False)
class StoreUnusable(LongVideoError):
    """The object store can't be used, or lacks an object it should have."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"The store can't be used at {self.where}: {self.reason}"


@dataclass(kw_only=True, eq=False)
class PrefectUnavailable(LongVideoError):
    """Prefect's server could not be started."""

    url: str
    reason: str
    log: str

    def __str__(self) -> str:
        return f"Prefect's server at {self.url} can't be used: {self.reason}; see {self.log}"


@dataclass(kw_only=True, eq=False)
class DeadlineExceeded(LongVideoError):
    """Something took longer than it may; `what` names it."""

    what: str
    deadline_s: float

    def __str__(self) -> str:
        return f"{self.what} took longer than {self.deadline_s:.0f} s"


# --- the end of a film --------------------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class FilmEnded(LongVideoError):
    """A film ended otherwise than completed; its credits are settled."""

    film_id: str


@dataclass(kw_only=True, eq=False)
class FilmFailed(FilmEnded):
    """A film failed: `code` is one of the documented error codes, `stage` a status, `segment` an index or None."""

    code: str
    message: str
    stage: str
    segment: int | None = None

    def __str__(self) -> str:
        where = self.stage if self.segment is None else f"{self.stage}, segment {self.segment}"
        return f"{self.film_id} failed in {where} ({self.code}): {self.message}"


class FilmCanceled(FilmEnded):
    """A film was canceled."""

    def __str__(self) -> str:
        return f"{self.film_id} was canceled"
