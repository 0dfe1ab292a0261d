"""Files and calls to foreign addresses: downloads, presigned uploads, webhooks. Nothing here reaches a private host.

A vendor's result URL is as foreign as a customer's: both may lead anywhere, directly, by redirect or by their DNS.
"""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import httpx
from ssrfguard import SSRFGuardError

from film.errors import ClipRejected, ProviderRejected, ProviderUnavailable
from providers.http.clients import Timeouts, guarded_http_client

#: Redirects a download may take; each hop is checked like the first address.
_REDIRECTS_MAX: Final = 3
_CHUNK_BYTES: Final = 2**18
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: What a foreign server, or the way to it, may do; a fault of the local disk is none of these.
_UNREACHED: Final = (httpx.HTTPError, TimeoutError, ssl.SSLError)
#: What is no address of the public internet, whoever wrote it.
_NO_ADDRESS: Final = (SSRFGuardError, httpx.InvalidURL, httpx.UnsupportedProtocol)
#: What is read of a webhook's answer: nothing of it matters but the status line.
_ANSWER_BYTES_MAX: Final = 2**16


class Egress:
    """The way to foreign addresses: only to public ones, and to the one origin that was allowed when it was made."""

    def __init__(self, *, allowed_origin: str | None = None, timeouts: Timeouts | None = None) -> None:
        """Make the way.

        Args:
            allowed_origin: The one origin (`scheme://host:port`) reached without the guard: the simulators'.
            timeouts: Of which `download_s` bounds a whole file, `post_s` a webhook.
        """
        self.allowed_origin = allowed_origin
        self._timeouts = timeouts or Timeouts()

    async def download(self, url: str, into: Path, *, size_bytes_max: int, vendor: str = "download") -> int:
        """Download a file whole: to a temporary name first, then renamed, so that `into` never holds half a file.

        Args:
            url: Where it lies; up to three redirects are followed, each checked.
            into: Its final path; the folder exists.
            size_bytes_max: The most it may have.
            vendor: Whose file it is, for the errors.

        Returns:
            Its size in bytes.

        Raises:
            ProviderUnavailable: It could not be read now (also: it broke off, or its URL has expired).
            ClipRejected: It is too large, packed, or lies where no public file can lie.
        """
        part = into.with_name(f".{into.name}.{secrets.token_hex(4)}.part")
        try:
            async with asyncio.timeout(self._timeouts.download_s), self._opened(url) as response:
                size_bytes = await _written(response, part, size_bytes_max, vendor)
            part.replace(into)
        except _NO_ADDRESS as error:
            raise ClipRejected(
                check="address", expected="a public http or https URL", found=type(error).__name__
            ) from error
        except _UNREACHED as error:
            raise ProviderUnavailable(provider=vendor, detail=f"file not read: {type(error).__name__}") from error
        finally:
            part.unlink(missing_ok=True)
        return size_bytes

    async def put_file(self, url: str, file: Path, *, content_type: str, vendor: str = "upload") -> None:
        """Upload a file to a presigned URL.

        Raises:
            ProviderUnavailable: It could not be uploaded now.
            ProviderRejected: The store won't take it, or lies at no public address.
        """
        headers = {"Content-Type": content_type, "Content-Length": str((await anyio.Path(file).stat()).st_size)}
        try:
            async with asyncio.timeout(self._timeouts.download_s), self._client(url) as client:
                response = await client.put(url, content=_pieces(file), headers=headers)
        except _NO_ADDRESS as error:
            raise ProviderRejected(provider=vendor, detail="the upload address is not public") from error
        except _UNREACHED as error:
            raise ProviderUnavailable(provider=vendor, detail=f"file not uploaded: {type(error).__name__}") from error
        if response.is_success:
            return
        passing = response.status_code in {408, 429} or response.is_server_error
        kind = ProviderUnavailable if passing else ProviderRejected
        raise kind(provider=vendor, detail="the store refused the upload", http_status=response.status_code)

    async def post_webhook(self, url: str, content: bytes, headers: Mapping[str, str]) -> int:
        """Post a webhook's bytes as they are; no redirect is followed.

        Returns:
            The status line's code.

        Raises:
            ProviderUnavailable: Nobody answered in time.
            ProviderRejected: The address is not public.
        """
        try:
            async with (
                asyncio.timeout(self._timeouts.post_s),
                self._client(url) as client,
                client.stream("POST", url, content=content, headers=dict(headers)) as response,
            ):
                read_bytes = 0
                async for chunk in response.aiter_raw():
                    read_bytes += len(chunk)
                    if read_bytes > _ANSWER_BYTES_MAX:
                        break
                return response.status_code
        except _NO_ADDRESS as error:
            raise ProviderRejected(provider="webhook", detail="its address is not public") from error
        except _UNREACHED as error:
            raise ProviderUnavailable(provider="webhook", detail=f"no answer: {type(error).__name__}") from error

    @asynccontextmanager
    async def _opened(self, url: str) -> AsyncIterator[httpx.Response]:
        """Open `url`, following redirects by hand: each hop chooses its guard and is checked anew."""
        for _ in range(_REDIRECTS_MAX + 1):
            async with self._client(url) as client, client.stream("GET", url) as response:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                url = str(response.url.join(response.headers.get("Location", "")))
        raise httpx.TooManyRedirects("too many redirects")

    def _client(self, url: str) -> httpx.AsyncClient:
        return guarded_http_client(url, allowed_origin=self.allowed_origin, timeouts=self._timeouts)


async def _written(response: httpx.Response, part: Path, size_bytes_max: int, vendor: str) -> int:
    if not response.is_success:
        raise ProviderUnavailable(provider=vendor, detail="file not read", http_status=response.status_code)
    packed = response.headers.get("Content-Encoding", "identity")
    if packed != "identity":
        raise ClipRejected(check="encoding", expected="identity", found=packed)
    announced = int(response.headers["Content-Length"]) if "Content-Length" in response.headers else None
    if announced is not None and announced > size_bytes_max:
        raise ClipRejected(check="size", expected=f"at most {size_bytes_max} bytes", found=str(announced))
    size_bytes = 0
    async with await anyio.open_file(part, "wb") as file:
        async for chunk in response.aiter_raw(_CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > size_bytes_max:
                raise ClipRejected(check="size", expected=f"at most {size_bytes_max} bytes", found="more")
            await file.write(chunk)
    if announced is not None and size_bytes != announced:
        raise ProviderUnavailable(provider=vendor, detail=f"{size_bytes} of {announced} bytes came")
    return size_bytes


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(file, "rb") as opened:
        while piece := await opened.read(_CHUNK_BYTES):
            yield piece
