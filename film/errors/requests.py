"""Wrong or impossible requests; nothing was written, nothing spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from film.errors.root import LongVideoError


class RequestError(LongVideoError):
    """A request that can't be met as it stands; `code` and `http_status` are the wire's words for it."""

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
class SpendNotConfirmed(RequestError):
    """Live vendors would have been paid, and nobody said yes."""

    remedy: str

    def __str__(self) -> str:
        return f"Nothing was ordered and nothing spent: {self.remedy}."


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
        return (
            f"{self.variable} is not set, without which there is no {self.needed_for}: "
            "set it, or run with LONGVIDEO_MODE=simulated."
        )


@dataclass(kw_only=True, eq=False)
class ApiKeyRefused(RequestError):
    """A bearer key is missing, malformed, unknown or disabled; the answer never says which."""

    code: ClassVar[str] = "invalid_api_key"
    http_status: ClassVar[int] = 401

    def __str__(self) -> str:
        return "The API key is missing, malformed, unknown or disabled: send Authorization: Bearer sk-..."


@dataclass(kw_only=True, eq=False)
class IdempotencyKeyReused(RequestError):
    """A key came again with another body, and this program is set to be strict about it."""

    code: ClassVar[str] = "idempotency_key_reused"
    http_status: ClassVar[int] = 422
    film_id: str

    def __str__(self) -> str:
        return f"This Idempotency-Key ordered {self.film_id} with another body: use a new key for a new order."


@dataclass(kw_only=True, eq=False)
class LimitReached(RequestError):
    """A limit of this program is reached; the same request may pass in `retry_after_s` seconds."""

    code: ClassVar[str] = "rate_limited"
    http_status: ClassVar[int] = 429
    limit: int
    retry_after_s: int


class TooManyOrders(LimitReached):
    """A key ordered as many films within a minute as it may."""

    def __str__(self) -> str:
        return f"This key may order {self.limit} films a minute: order again in {self.retry_after_s} s."


class TooManyStreams(LimitReached):
    """A key follows as many films at once as it may."""

    def __str__(self) -> str:
        return f"This key may follow {self.limit} films at once: close a stream, or poll with GET."


class TooManyFilms(LimitReached):
    """An account has as many unfinished films as it may."""

    code: ClassVar[str] = "too_many_films"

    def __str__(self) -> str:
        return f"The account may have {self.limit} unfinished films at once: order again when one has ended."


@dataclass(kw_only=True, eq=False)
class AccountUnknown(RequestError):
    """There is no account of that name."""

    account: str

    def __str__(self) -> str:
        return f"There is no account {self.account!r}; `longvideo account create {self.account}` opens it."


@dataclass(kw_only=True, eq=False)
class ApiKeyUnknown(RequestError):
    """There is no API key of that id."""

    key_id: str

    def __str__(self) -> str:
        return f"There is no key {self.key_id!r}; `longvideo key list` shows those there are."


@dataclass(kw_only=True, eq=False)
class FilmRequestError(RequestError):
    """A request about one film that its present state doesn't allow."""

    sentence: ClassVar[str] = ""
    #: What a person at the terminal can do; an HTTP client is told the sentence alone.
    remedy: ClassVar[str] = ""
    http_status: ClassVar[int] = 409
    film_id: str

    def __str__(self) -> str:
        return f"{self.fact()}; {self.remedy}." if self.remedy else f"{self.fact()}."

    def fact(self) -> str:
        """Return what is the matter, without a remedy."""
        return f"{self.film_id}: {self.sentence}"


class FilmNotFound(FilmRequestError):
    """No such film, or another key's."""

    code: ClassVar[str] = "task_not_found"
    http_status: ClassVar[int] = 404
    sentence: ClassVar[str] = "there is no such film, or it was deleted"
    remedy: ClassVar[str] = "`longvideo list` shows yours"


class NotComposable(FilmRequestError):
    """Compose was asked of a film that is still being made."""

    code: ClassVar[str] = "not_composable"
    sentence: ClassVar[str] = "it is still being made; compose again once it has ended"


class NoSegments(FilmRequestError):
    """Compose was asked of a film without one ready segment."""

    code: ClassVar[str] = "no_segments"
    sentence: ClassVar[str] = "no segment of it is ready"
    remedy: ClassVar[str] = "`longvideo retry` makes them"


@dataclass(kw_only=True, eq=False)
class SegmentsNotReady(FilmRequestError):
    """Compose was asked of a film of which segments are missing: `missing` has their indexes."""

    code: ClassVar[str] = "segments_not_ready"
    remedy: ClassVar[str] = "`longvideo show` tells which, `longvideo retry` makes just those"
    missing: Sequence[int]

    def fact(self) -> str:
        """Return how many are missing."""
        return f"{self.film_id}: segments are missing, {len(self.missing)} in all"


@dataclass(kw_only=True, eq=False)
class NotRetryable(FilmRequestError):
    """Retry was asked of a film that can't be retried; `reason` says why not."""

    code: ClassVar[str] = "not_retryable"
    reason: str

    def fact(self) -> str:
        """Return why it can't be retried."""
        return f"{self.film_id}: {self.reason}"


class NotAwaitingApproval(FilmRequestError):
    """An approval was answered that nobody waits for."""

    code: ClassVar[str] = "not_awaiting_approval"
    sentence: ClassVar[str] = "it does not wait for an approval"


class NotTerminal(FilmRequestError):
    """Delete was asked of a film that is still being made."""

    code: ClassVar[str] = "not_terminal"
    sentence: ClassVar[str] = "it is still being made; cancel it first"
