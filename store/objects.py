"""Put-if-absent and read by key, over file://, s3://, gs:// and az:// (obstore)."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store, from_url
from obstore.store import ObjectStore as Backend

from film.errors import StoreUnavailable
from store.local import put_new, put_over

_READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What was stored: its hash and size."""

    sha256: str
    size_bytes: int


class Objects:
    """The store. Keys are relative paths; an object is never changed once it is there."""

    def __init__(self, url: str, options: Mapping[str, str] | None = None) -> None:
        """Open the store at `url`; `options` (endpoint, keys, ...) come before the environment's.

        Raises:
            StoreUnavailable: The URL names no store this program knows.
        """
        self._url = url
        try:
            self._backend: Backend = _open_store(url, options or {})
        except (BaseError, ValueError) as error:
            raise StoreUnavailable(where=url, reason=_reason_of(error)) from error

    async def put(self, key: str, file: Path) -> ObjectFacts:
        """Store a file under `key` unless an object is there already, and return what the store then holds there.

        A run that died after storing and before recording left an object; it stays, whatever the vendor sent later.
        On a disk it has reached the disk when this returns.

        Raises:
            StoreUnavailable: It can't be written.
        """
        try:
            is_new = await self._put_new(key, file)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(where=f"{self._url}/{key}", reason=_reason_of(error)) from error
        return await asyncio.to_thread(file_facts, file) if is_new else await self._facts_of(key)

    async def replace(self, key: str, file: Path) -> None:
        """Write a file over what lies under `key`: it is what was recorded, and what lies there isn't any more.

        Raises:
            StoreUnavailable: It can't be written.
        """
        try:
            root = self._root()
            if root is not None:
                await asyncio.to_thread(put_over, root, key, file)
            else:
                await obstore.put_async(self._backend, key, file)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(where=f"{self._url}/{key}", reason=_reason_of(error)) from error

    async def _put_new(self, key: str, file: Path) -> bool:
        root = self._root()
        if root is not None:
            return await asyncio.to_thread(put_new, root, key, file)
        try:
            await obstore.put_async(self._backend, key, file, mode="create")
        except AlreadyExistsError:
            return False
        return True

    async def _facts_of(self, key: str) -> ObjectFacts:
        with tempfile.TemporaryDirectory(prefix=".facts-") as folder:
            copy = Path(folder) / "object"
            await self.read(key, copy)
            return await asyncio.to_thread(file_facts, copy)

    async def read(self, key: str, into: Path) -> None:
        """Copy an object to the file `into`, whole or not at all.

        Raises:
            StoreUnavailable: It isn't there or can't be read.
        """
        try:
            found = await obstore.get_async(self._backend, key)
            with tempfile.NamedTemporaryFile(dir=into.parent, delete=False) as draft:
                async for chunk in found.stream(min_chunk_size=_READ_BYTES):
                    draft.write(chunk)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(where=f"{self._url}/{key}", reason=_reason_of(error)) from error
        Path(draft.name).replace(into)

    async def size_of(self, key: str) -> int | None:
        """Return an object's size in bytes, None if it isn't there.

        Raises:
            StoreUnavailable: The store can't be asked.
        """
        try:
            return int((await obstore.head_async(self._backend, key))["size"])
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise StoreUnavailable(where=f"{self._url}/{key}", reason=_reason_of(error)) from error

    async def delete(self, key: str) -> None:
        """Remove an object; one that isn't there is fine.

        Raises:
            StoreUnavailable: The store can't be reached.
        """
        try:
            await obstore.delete_async(self._backend, key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise StoreUnavailable(where=f"{self._url}/{key}", reason=_reason_of(error)) from error

    async def presigned(self, key: str, *, life_s: int) -> str | None:
        """Return an address under which a cloud store hands an object to anybody for `life_s` seconds, None on a disk.

        Raises:
            StoreUnavailable: The store can't sign with the credentials it has.
        """
        if not isinstance(self._backend, S3Store | GCSStore | AzureStore):
            return None
        try:
            return str(await obstore.sign_async(self._backend, "GET", key, timedelta(seconds=life_s)))
        except (BaseError, ValueError) as error:
            raise StoreUnavailable(where=f"{self._url}/{key}", reason=_reason_of(error)) from error

    def url_of(self, key: str) -> str:
        """Return an object's address in the store itself, for whoever may read the store."""
        return f"{self._url.rstrip('/')}/{key}"

    def local_path(self, key: str) -> Path | None:
        """Return where an object lies on this machine's disk; None in a cloud store, and of a key that leads out."""
        root = self._root()
        if root is None:
            return None
        path = os.path.normpath(os.path.join(root, key))  # noqa: PTH118 - no look at the disk
        return Path(path) if path.startswith(f"{os.path.normpath(root)}{os.sep}") else None

    def _root(self) -> Path | None:
        """Return a local store's folder, as the store itself reads the URL; None of a cloud store."""
        return self._backend.prefix if isinstance(self._backend, LocalStore) else None


def _open_store(url: str, options: Mapping[str, str]) -> Backend:
    if url.startswith("file:"):
        return from_url(url, mkdir=True)
    plain = options.get("endpoint", "").startswith("http://")
    # The options' names depend on the kind of store; the kind is the URL's.
    return from_url(url, config=dict(options), client_options={"allow_http": True} if plain else None)  # type: ignore[call-overload, no-any-return]


def file_facts(file: Path) -> ObjectFacts:
    """Return a local file's hash and size."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256")
    return ObjectFacts(sha256=digest.hexdigest(), size_bytes=file.stat().st_size)


def _reason_of(error: Exception) -> str:
    """Return what an error of the store's library tells people: not the dump that follows."""
    return str(error).partition("\n")[0].partition("Debug source:")[0].strip() or type(error).__name__
