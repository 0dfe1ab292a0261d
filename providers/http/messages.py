"""What goes over a vendor's wire: bodies we send, bodies we read, and an answer as it came."""

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict

from film.text import clean_tree

#: No documented reply is larger than a list page; anything beyond is not a reply.
REPLY_BYTES_MAX: Final = 8 * 2**20


class WireRequest(BaseModel):
    """A body we send: only documented fields, spelled as on the wire by their aliases; None means left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class WireReply(BaseModel):
    """A body we read: the fields we use, spelled as on the wire by their aliases; unknown ones are ignored."""

    # What was read never shows in an error's text: a vendor may quote a key.
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True)


ReplyT = TypeVar("ReplyT", bound=WireReply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A vendor's answer as it came. `body` is its JSON value, cleaned; None where it is none (HTML, nothing).

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


def wire_json(body: WireRequest) -> Any:
    """Return a request as the JSON value that is sent; fields that are None are left out."""
    return body.model_dump(mode="json", by_alias=True, exclude_none=True)


async def whole_reply(client: httpx.AsyncClient, request: httpx.Request, *, paid: bool) -> Reply:
    """Send a request once and return the answer as it came.

    Args:
        client: Sends it.
        request: What is sent.
        paid: Whether it is a paid POST.

    Raises:
        httpx.HTTPError, OSError: No whole answer came.
    """
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
        return clean_tree(json.loads(content))
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
