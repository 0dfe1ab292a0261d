"""Every error of this program, one tree. Facts go in, the class writes the sentence, `retryable` is a class attribute.

LongVideoError
├── RequestError            wrong or impossible requests; nothing was written, nothing spent
│   ├── InvalidRequest, InsufficientCredits, MissingKey, SpendNotConfirmed, ApiKeyRefused, IdempotencyKeyReused
│   ├── LimitReached        TooManyOrders, TooManyStreams, TooManyFilms
│   ├── AccountUnknown, ApiKeyUnknown
│   └── FilmNotFound, NotComposable, NoSegments, SegmentsNotReady, NotRetryable, NotAwaitingApproval, NotTerminal
├── ScriptError             ScriptRefused, ScriptInvalid
├── ModerationError         ModerationRejected, ModerationUnavailable
├── ProviderError           what a vendor said or did
│   ├── ProviderRateLimited, ProviderBusy, ProviderUnavailable                        (retryable)
│   ├── ProviderRejected, ProviderContentRefused, ProviderKeyRefused, ProviderOutOfCredits,
│   │     DailyCapReached
│   ├── SendAmbiguous       a paid POST whose reply is unknown: reconcile, never resend
│   └── ProviderJobFailed, ProviderJobUnknown
├── MediaError              ClipRejected, DeliverableRejected, NarrationTooLong, CommandFailed, CommandTimedOut,
│                           GlyphMissing, DiskFull, BroughtUnusable
├── LedgerError             StaleEpoch, IllegalTransition, InvariantBroken, LeaseTaken, DatabaseUnavailable
├── StoreUnavailable, PrefectUnavailable, DeadlineExceeded, AddressUnavailable, OutputNotWritable
└── FilmEnded               what a caller gets when a film ended otherwise than completed: FilmFailed, FilmCanceled
"""

from film.errors.ledger import (
    DatabaseUnavailable,
    IllegalTransition,
    InvariantBroken,
    LeaseTaken,
    LedgerError,
    StaleEpoch,
)
from film.errors.lifecycle import FilmCanceled, FilmEnded, FilmFailed
from film.errors.media import (
    BroughtUnusable,
    ClipRejected,
    CommandFailed,
    CommandTimedOut,
    DeliverableRejected,
    DiskFull,
    GlyphMissing,
    MediaError,
    NarrationTooLong,
)
from film.errors.providers import (
    DailyCapReached,
    ProviderBusy,
    ProviderContentRefused,
    ProviderError,
    ProviderJobFailed,
    ProviderJobUnknown,
    ProviderKeyRefused,
    ProviderOutOfCredits,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.errors.requests import (
    AccountUnknown,
    ApiKeyRefused,
    ApiKeyUnknown,
    FilmNotFound,
    FilmRequestError,
    IdempotencyKeyReused,
    InsufficientCredits,
    InvalidRequest,
    LimitReached,
    MissingKey,
    NoSegments,
    NotAwaitingApproval,
    NotComposable,
    NotRetryable,
    NotTerminal,
    RequestError,
    SegmentsNotReady,
    SpendNotConfirmed,
    TooManyFilms,
    TooManyOrders,
    TooManyStreams,
)
from film.errors.root import LongVideoError
from film.errors.script import (
    ModerationError,
    ModerationRejected,
    ModerationUnavailable,
    ScriptError,
    ScriptInvalid,
    ScriptRefused,
)
from film.errors.service import (
    AddressUnavailable,
    DeadlineExceeded,
    OutputNotWritable,
    PrefectUnavailable,
    StoreUnavailable,
)

__all__ = [
    "AccountUnknown",
    "AddressUnavailable",
    "ApiKeyRefused",
    "ApiKeyUnknown",
    "BroughtUnusable",
    "ClipRejected",
    "CommandFailed",
    "CommandTimedOut",
    "DailyCapReached",
    "DatabaseUnavailable",
    "DeadlineExceeded",
    "DeliverableRejected",
    "DiskFull",
    "FilmCanceled",
    "FilmEnded",
    "FilmFailed",
    "FilmNotFound",
    "FilmRequestError",
    "GlyphMissing",
    "IdempotencyKeyReused",
    "IllegalTransition",
    "InsufficientCredits",
    "InvalidRequest",
    "InvariantBroken",
    "LeaseTaken",
    "LedgerError",
    "LimitReached",
    "LongVideoError",
    "MediaError",
    "MissingKey",
    "ModerationError",
    "ModerationRejected",
    "ModerationUnavailable",
    "NarrationTooLong",
    "NoSegments",
    "NotAwaitingApproval",
    "NotComposable",
    "NotRetryable",
    "NotTerminal",
    "OutputNotWritable",
    "PrefectUnavailable",
    "ProviderBusy",
    "ProviderContentRefused",
    "ProviderError",
    "ProviderJobFailed",
    "ProviderJobUnknown",
    "ProviderKeyRefused",
    "ProviderOutOfCredits",
    "ProviderRateLimited",
    "ProviderRejected",
    "ProviderUnavailable",
    "RequestError",
    "ScriptError",
    "ScriptInvalid",
    "ScriptRefused",
    "SegmentsNotReady",
    "SendAmbiguous",
    "SpendNotConfirmed",
    "StaleEpoch",
    "StoreUnavailable",
    "TooManyFilms",
    "TooManyOrders",
    "TooManyStreams",
]
