"""Every error of the house, one tree. Facts go in, the class writes the sentence, `retryable` is a class attribute.

LongVideoError
├── RequestError            wrong or impossible wishes; nothing was written, nothing spent
│   ├── InvalidRequest, InsufficientCredits, MissingKey, NotAgreed, ApiKeyRefused, IdempotencyKeyReused
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
│                           GlyphMissing, DiskFull
├── LedgerError             StaleEpoch, IllegalTransition, InvariantBroken, LeaseTaken, DatabaseUnusable
├── StoreUnusable, PrefectUnavailable, DeadlineExceeded, AddressUnusable, OutUnwritable
└── FilmEnded               what a caller gets when a film ended otherwise than completed: FilmFailed, FilmCanceled
"""

from film.errors.books import DatabaseUnusable, IllegalTransition, InvariantBroken, LeaseTaken, LedgerError, StaleEpoch
from film.errors.ends import FilmCanceled, FilmEnded, FilmFailed
from film.errors.media import (
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
    FilmError,
    FilmNotFound,
    IdempotencyKeyReused,
    InsufficientCredits,
    InvalidRequest,
    LimitReached,
    MissingKey,
    NoSegments,
    NotAgreed,
    NotAwaitingApproval,
    NotComposable,
    NotRetryable,
    NotTerminal,
    RequestError,
    SegmentsNotReady,
    TooManyFilms,
    TooManyOrders,
    TooManyStreams,
)
from film.errors.root import LongVideoError
from film.errors.service import AddressUnusable, DeadlineExceeded, OutUnwritable, PrefectUnavailable, StoreUnusable
from film.errors.writing import (
    ModerationError,
    ModerationRejected,
    ModerationUnavailable,
    ScriptError,
    ScriptInvalid,
    ScriptRefused,
)

__all__ = [
    "AccountUnknown",
    "AddressUnusable",
    "ApiKeyRefused",
    "ApiKeyUnknown",
    "ClipRejected",
    "CommandFailed",
    "CommandTimedOut",
    "DailyCapReached",
    "DatabaseUnusable",
    "DeadlineExceeded",
    "DeliverableRejected",
    "DiskFull",
    "FilmCanceled",
    "FilmEnded",
    "FilmError",
    "FilmFailed",
    "FilmNotFound",
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
    "NotAgreed",
    "NotAwaitingApproval",
    "NotComposable",
    "NotRetryable",
    "NotTerminal",
    "OutUnwritable",
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
    "StaleEpoch",
    "StoreUnusable",
    "TooManyFilms",
    "TooManyOrders",
    "TooManyStreams",
]
