"""What a vendor said or did."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from film.errors.root import LongVideoError


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


@dataclass(kw_only=True, eq=False)
class DailyCapReached(ProviderOutOfCredits):
    """The operator's own cap for a vendor's day would be passed; nothing was sent."""

    detail: str = ""
    setting: str
    cap: Decimal
    spent: Decimal
    wanted: Decimal

    def __str__(self) -> str:
        return (
            f"{self.provider}: today's cap of {self.cap} of its credits would be passed ({self.spent} spent, "
            f"{self.wanted} wanted); raise {self.setting}, or wait for the next day (UTC)"
        )


class SendAmbiguous(ProviderError):
    """A paid POST was sent and its outcome is unknown: reconcile by the vendor's list, never resend."""


@dataclass(kw_only=True, eq=False)
class ProviderJobFailed(ProviderError):
    """A job that was created ended without a result; `may_retry` says whether one new attempt is worth it."""

    may_retry: bool = True


class ProviderJobUnknown(ProviderError):
    """The vendor doesn't know the job id (right after create this may pass)."""

    retryable: ClassVar[bool] = True
