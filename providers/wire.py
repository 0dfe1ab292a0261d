"""One vendor's door: reads, and paid POSTs that are sent exactly once; and what a missing or odd answer means.

Before the connection stands, nothing was sent. After it, nobody knows: a lost answer, a reset, a server fault or an
answer that can't be read leave a paid POST ambiguous, and a read merely undone.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, ClassVar, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from film.clock import elapsed_s
from film.errors import (
    ProviderBusy,
    ProviderError,
    ProviderJobUnknown,
    ProviderRateLimited,
    ProviderUnavailable,
    SendAmbiguous,
)
from providers.transport import Connection, Timeouts, vendor_client

#: No documented reply is larger than a list page; anything beyond is not a reply.
REPLY_BYTES_MAX: Final = 8 * 2**20
#: What is kept of a vendor's own sentence in an error.
_DETAIL_CHARACTERS_MAX: Final = 300
#: A request that failed like this never left the machine. What fails after the connection stands may have arrived.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class WireRequest(BaseModel):
    """A body we send: only documented fields, spelled as on the wire by their aliases; None means left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class WireReply(BaseModel):
    """A body we read: the fields we use, spelled as on the wire by their aliases; unknown ones are ignored."""

    # What was read never shows in an error's text: a vendor may quote a key.
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True)


ReplyT = TypeVar("ReplyT", bound=WireReply)


@dataclass(kw_only=True, eq=False)
class AskLater(ProviderUnavailable):
    """A read that the vendor put off; `retry_after_s` is its word, None if it said nothing."""

    retryable: ClassVar[bool] = True
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A vendor's answer as it came. `body` is its JSON value, None where it is no JSON (an HTML page, nothing).

    `paid` says whether it answers a paid POST: then what can't be understood is ambiguous.
    """

    http_status: int
    body: Any
    retry_after_s: float | None
    paid: bool
    #: The vendor's own time of the answer, in unix seconds; None if it bore no date.
    dated_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the status line says success."""
        return 200 <= self.http_status < 300


class Wire:
    """One vendor's door. Close it, or use it as an async context manager."""

    def __init__(self, connection: Connection, *, vendor: str, timeouts: Timeouts | None = None) -> None:
        self.vendor = vendor
        self.timeouts = timeouts or Timeouts()
        self._key = connection.key
        # The vendor's time less ours that only grows: a clock of ours that is set right meanwhile is seen at once.
        self._vendor_s: float | None = None
        self._reads = vendor_client(connection, timeouts=self.timeouts)
        self._sends = vendor_client(connection, timeouts=self.timeouts, keep_alive=False)

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

    async def read(self, path: str, *, params: Mapping[str, str | int] | None = None) -> Reply:
        """GET `path` (relative to the base URL) once.

        Raises:
            ProviderUnavailable: No whole answer came.
        """
        return await self._ask(self._reads.build_request("GET", path.lstrip("/"), params=params))

    async def read_list(self, path: str, *, params: Mapping[str, str | int] | None = None) -> Reply:
        """GET a page of a list of jobs by which it will be told what was created when.

        Raises:
            ProviderUnavailable: No whole answer came, or our clocks differ too much to tell anything by it.
        """
        reply = await self.read(path, params=params)
        self._check_clock()
        return reply

    async def ask(self, path: str, body: WireRequest) -> Reply:
        """POST a question that costs nothing (an estimate, an upload address), once.

        Raises:
            ProviderUnavailable: No whole answer came.
        """
        return await self._ask(self._reads.build_request("POST", path.lstrip("/"), json=wire_json(body)))

    async def send(self, path: str, body: WireRequest) -> Reply:
        """Send one paid POST, never twice.

        Raises:
            ProviderUnavailable: It never left this machine.
            SendAmbiguous: It may have arrived, and no whole answer came.
        """
        self._check_clock()
        request = self._sends.build_request("POST", path.lstrip("/"), json=wire_json(body))
        try:
            async with asyncio.timeout(self.timeouts.post_s):
                return await _whole_reply(self._sends, request, paid=True)
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
                reply = await _whole_reply(self._reads, request, paid=False)
                self._vendor_s = None if reply.dated_s is None else reply.dated_s - elapsed_s()
                return reply
        except (httpx.HTTPError, OSError) as error:
            raise ProviderUnavailable(provider=self.vendor, detail=f"no answer: {type(error).__name__}") from error

    def decoded(self, model: type[ReplyT], value: Any, reply: Reply) -> ReplyT:
        """Return `value` read as `model`.

        Raises:
            SendAmbiguous: It isn't one, and answers a paid POST.
            ProviderUnavailable: It isn't one, and answers a read.
        """
        try:
            return model.model_validate(value)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, fault["loc"])) or "all of it" for fault in error.errors()[:3])
            raise self.refusal(SendAmbiguous, reply, detail=f"the answer can't be read: {fields}") from error

    def refusal(
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
            kind = AskLater
        error = kind(
            provider=self.vendor,
            detail=self.said(detail),
            http_status=reply.http_status,
            wire_code=self.said(str(wire_code)),
        )
        if isinstance(error, ProviderRateLimited | AskLater):
            error.retry_after_s = reply.retry_after_s
        return error

    def said(self, text: str) -> str:
        """Return a vendor's sentence fit for an error: without our key should it quote it, and shortened."""
        return (text.replace(self._key, "***") if self._key else text)[:_DETAIL_CHARACTERS_MAX]


def wire_json(body: WireRequest) -> Any:
    """Return a request as the JSON value that is sent; fields that are None are left out."""
    return body.model_dump(mode="json", by_alias=True, exclude_none=True)


async def _whole_reply(client: httpx.AsyncClient, request: httpx.Request, *, paid: bool) -> Reply:
    response = await client.send(request, stream=True)
    try:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > REPLY_BYTES_MAX:
                raise httpx.DecodingError("the answer is larger than any reply", request=request)
    finally:
        await response.aclose()
    return Reply(
        http_status=response.status_code,
        body=_json_or_none(bytes(content)),
        retry_after_s=_seconds(response.headers.get("Retry-After")),
        paid=paid,
        dated_s=_dated_s(response.headers.get("Date")),
    )


def _json_or_none(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _seconds(header: str | None) -> float | None:
    """Read Retry-After's seconds form; its date form would trust a foreign clock, so it counts as unsaid."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else None


def _dated_s(header: str | None) -> float | None:
    """Return a Date header's unix seconds, None if it can't be read."""
    try:
        return None if header is None else parsedate_to_datetime(header).timestamp()
    except ValueError:
        return None
