"""ListenHub, the operator's account: uploads, speakers, credits left (vendor's SDK; general pages)."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import anyio
from pydantic import Field

from film.errors import ProviderRejected
from providers.http.messages import WireReply, WireRequest
from providers.http.vendor_client import VendorClient
from providers.listenhub.envelope import VENDOR, read_data
from providers.ports import Speaker

#: Content type's first word -> (upload category, most bytes): what the vendor's own command line keeps to.
_KINDS: Final = {
    "image": ("banana", 10 * 2**20),
    "audio": ("episode", 20 * 2**20),
    "video": ("episode", 50 * 2**20),
}
_PUBLISHED: Final = 3


class FileRequest(WireRequest):
    """`POST /v1/files`."""

    file_key: str = Field(alias="fileKey")
    content_type: str = Field(alias="contentType")
    category: str | None = None


class FileAddress(WireReply):
    """Where to put a file, and where the vendor reads it."""

    presigned_url: str = Field(alias="presignedUrl", min_length=1)
    file_url: str = Field(alias="fileUrl", min_length=1)


class SpeakerItem(WireReply):
    """A speaker. Knowingly not read: demoAudioUrl, profile."""

    voice_id: str = Field(alias="speakerId", min_length=1)
    name: str
    language: str = ""
    gender: str = ""


class SpeakerList(WireReply):
    """`GET /v1/speakers/list`."""

    items: list[SpeakerItem]


class Subscription(WireReply):
    """`GET /v1/user/subscription`; of its many balances the sum is what can be spent."""

    credits_available: Decimal = Field(alias="totalAvailableCredits")


class ListenHubStorage:
    """Uploads to where ListenHub reads; a `Storage`.

    Args:
        wire: ListenHub's client.
        readable_origin: The origin the vendor wants to find in a file's URL instead of the told one, so that it can
            sign it anew (`https://storage.googleapis.com`; the vendor's command line does so); None keeps the told one.
    """

    def __init__(self, client: VendorClient, *, readable_origin: str | None = None) -> None:
        self._client = client
        self._readable_origin = readable_origin

    async def upload(self, file: Path, *, content_type: str) -> str:
        """Upload a file and return the URL ListenHub reads it at; see `providers.ports` for what it raises."""
        kind = _KINDS.get(content_type.partition("/")[0])
        if kind is None:
            raise ProviderRejected(provider=VENDOR, detail=f"not sent: no uploads of {content_type}")
        category, size_bytes_max = kind
        size_bytes = (await anyio.Path(file).stat()).st_size
        if size_bytes > size_bytes_max:
            detail = f"not sent: {file.name} has {size_bytes} bytes, at most {size_bytes_max}"
            raise ProviderRejected(provider=VENDOR, detail=detail)
        wanted = FileRequest(file_key=file.name, content_type=content_type, category=category)
        address = read_data(self._client, await self._client.post_free("v1/files", wanted), FileAddress)
        await self._client.egress.put_file(address.presigned_url, file, content_type=content_type, vendor=VENDOR)
        if self._readable_origin is None:
            return address.file_url
        return f"{self._readable_origin}{urlsplit(address.file_url).path}"


class ListenHubVoices:
    """ListenHub's speakers; a `Voices`."""

    def __init__(self, client: VendorClient) -> None:
        self._client = client

    async def speakers(self, language: str | None = None) -> Sequence[Speaker]:
        """Return the published speakers, of one language if named; see `providers.ports` for what it raises."""
        params: dict[str, str | int] = {"status": _PUBLISHED}
        if language is not None:
            params["language"] = language.partition("-")[0].lower()
        listed = read_data(self._client, await self._client.get("v1/speakers/list", params=params), SpeakerList)
        return [
            Speaker(voice_id=item.voice_id, name=item.name, language=item.language, gender=item.gender)
            for item in listed.items
        ]


class ListenHubAccount:
    """The operator's credits at ListenHub; an `Account`."""

    def __init__(self, client: VendorClient) -> None:
        self._client = client

    async def credits_available(self) -> Decimal:
        """Return what is left, in ListenHub's credits; see `providers.ports` for what it raises."""
        reply = await self._client.get("v1/user/subscription")
        return read_data(self._client, reply, Subscription).credits_available
