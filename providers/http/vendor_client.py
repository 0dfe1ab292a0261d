"""One vendor's HTTP client: reads, and paid POSTs that are sent exactly once; and what a missing or odd answer means.

Before the connection stands, nothing was sent. After it, nobody knows: a lost answer, a reset, a server fault or an
answer that can't be read leave a paid POST ambiguous, and a read merely undone.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import httpx
from pydantic import ValidationError

from film.clock import elapsed_s
from film.errors import (
    ProviderBusy,
    ProviderError,
    ProviderJobUnknown,
    ProviderRateLimited,
    ProviderUnavailable,
    SendAmbiguous,
)
from film.text import one_line
from providers.http.clients import Connection, Timeouts, vendor_http_client
from providers.http.egress import Egress
from providers.http.messages import Reply, ReplyT, WireRequest, whole_reply, wire_json

#: What is kept of a vendor's own sentence in an error.
_DETAIL_CHARACTERS_MAX: Final = 300
#: A request that failed like this never left the machine. What fails after the connection stands may have arrived.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(kw_only=True, eq=False)
class RetryLater(ProviderUnavailable):
    """A read that the vendor put off; `retry_after_s` is its word, None if it said nothing."""

    retryable: ClassVar[bool] = True
    retry_after_s: float | None = None


class VendorClient:
    """One vendor's HTTP client. Close it, or use it as an async context manager."""

    def __init__(
        self, connection: Connection, *, vendor: str, timeouts: Timeouts | None = None, egress: Egress | None = None
    ) -> None:
        """Open the door.

        Args:
            connection: Where the vendor is, and the key.
            vendor: Its name, for the errors.
            timeouts: How long each step may take.
            egress: The way to its files; public addresses only, if not given.
        """
        self.vendor = vendor
        self.timeouts = timeouts or Timeouts()
        self.egress = egress or Egress(timeouts=self.timeouts)
        self._key = connection.key
        # The vendor's time less ours that only grows: a clock of ours that is set right meanwhile is seen at once.
        self._vendor_s: float | None = None
        self._reads = vendor_http_client(connection, timeouts=self.timeouts)
        self._sends = vendor_http_client(connection, timeouts=self.timeouts, keep_alive=False)

    @property
    def clock_ahead_s(self) -> float:
        """How far the vendor's clock, by its last answer, is ahead of this machine's, in seconds."""
        return 0.0 if self._vendor_s is None else self._vendor_s + elapsed_s() - time.time()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reads.aclose()
        await self._sends.aclose()

    async def get(self, path: str, *, params: Mapping[str, str | int] | None = None) -> Reply:
        """GET `path` (relative to the base URL) once.

        Raises:
            ProviderUnavailable: No whole answer came.
        """
        return await self._ask(self._reads.build_request("GET", path.lstrip("/"), params=params))

    async def get_list(self, path: str, *, params: Mapping[str, str | int] | None = None) -> Reply:
        """GET a page of a list of jobs by which it will be told what was created when.

        Raises:
            ProviderUnavailable: No whole answer came, or our clocks differ too much to tell anything by it.
        """
        reply = await self.get(path, params=params)
        self._check_clock()
        return reply

    async def post_free(self, path: str, body: WireRequest) -> Reply:
        """POST a question that costs nothing (an estimate, an upload address), once.

        Raises:
            ProviderUnavailable: No whole answer came.
        """
        return await self._ask(self._reads.build_request("POST", path.lstrip("/"), json=wire_json(body)))

    async def post_paid(self, path: str, body: WireRequest) -> Reply:
        """Send one paid POST, never twice.

        Raises:
            ProviderUnavailable: It never left this machine.
            SendAmbiguous: It may have arrived, and no whole answer came.
        """
        self._check_clock()
        request = self._sends.build_request("POST", path.lstrip("/"), json=wire_json(body))
        try:
            async with asyncio.timeout(self.timeouts.post_s):
                return await whole_reply(self._sends, request, paid=True)
        except _NEVER_SENT as error:
            raise ProviderUnavailable(provider=self.vendor, detail=f"never sent: {type(error).__name__}") from error
        except (httpx.HTTPError, OSError) as error:
            raise SendAmbiguous(provider=self.vendor, detail=f"sent, no answer: {type(error).__name__}") from error

    def _check_clock(self) -> None:
        """Refuse what depends on the time while this machine's differs from the vendor's, by its last answer."""
        ahead_s = self.clock_ahead_s
        if abs(ahead_s) > self.timeouts.clock_off_s:
            detail = f"its clock is {ahead_s:+.0f} s from this machine's: set this machine's clock"
            raise ProviderUnavailable(provider=self.vendor, detail=detail)

    async def _ask(self, request: httpx.Request) -> Reply:
        try:
            async with asyncio.timeout(self.timeouts.get_s):
                reply = await whole_reply(self._reads, request, paid=False)
                self._vendor_s = None if reply.dated_s is None else reply.dated_s - elapsed_s()
                return reply
        except (httpx.HTTPError, OSError) as error:
            raise ProviderUnavailable(provider=self.vendor, detail=f"no answer: {type(error).__name__}") from error

    def parse(self, model: type[ReplyT], value: Any, reply: Reply) -> ReplyT:
        """Return `value` read as `model`.

        Raises:
            SendAmbiguous: It isn't one, and answers a paid POST.
            ProviderUnavailable: It isn't one, and answers a read.
        """
        try:
            return model.model_validate(value)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, fault["loc"])) or "all of it" for fault in error.errors()[:3])
            raise self.error_for(SendAmbiguous, reply, detail=f"the answer can't be read: {fields}") from error

    def error_for(
        self, kind: type[ProviderError], reply: Reply, *, detail: str, wire_code: str | int = ""
    ) -> ProviderError:
        """Return the error a refusal of class `kind` means for this reply.

        For a paid POST, what doesn't prove that nothing was created is ambiguous. For a read, what may pass is a kind
        of ProviderUnavailable.
        """
        if reply.paid and kind in {ProviderUnavailable, ProviderJobUnknown}:
            kind = SendAmbiguous
        if not reply.paid and kind is SendAmbiguous:
            kind = ProviderUnavailable
        if not reply.paid and kind in {ProviderRateLimited, ProviderBusy}:
            kind = RetryLater
        error = kind(
            provider=self.vendor,
            detail=self.redact(detail),
            http_status=reply.http_status,
            wire_code=self.redact(str(wire_code)),
        )
        if isinstance(error, ProviderRateLimited | RetryLater):
            error.retry_after_s = reply.retry_after_s
        return error

    def redact(self, text: str) -> str:
        """Return a vendor's sentence fit for an error: without our key should it quote it, and shortened."""
        return one_line(text.replace(self._key, "***") if self._key else text)[:_DETAIL_CHARACTERS_MAX]
