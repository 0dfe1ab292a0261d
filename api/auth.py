"""Who calls: every `/v1` route takes a bearer key, and a film id of that key's own."""

import hashlib
import re
from typing import Annotated, Final

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.deps import Deps
from film.errors import ApiKeyRefused, InvalidRequest
from film.ids import FilmId, film_id_of
from ledger.operations.api_keys import Caller, authenticate

FILM_ID: Final = r"^vid_[0-9a-f]{24}$"
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
#: For how long a key that was looked up is believed, and how many are remembered.
_CACHED_MS: Final = 1000
_CACHED_MAX: Final = 10_000
_bearer = HTTPBearer(auto_error=False, description="An API key: `sk-` and 43 characters.", bearerFormat="sk-...")


class KeyCache:
    """Keys seen within the last second, so that a client that asks often is looked up once a second.

    A key that is revoked or rotated is therefore refused a second later at the latest.
    """

    def __init__(self, deps: Deps) -> None:
        self._parts = deps
        self._known: dict[bytes, tuple[Caller, int]] = {}

    async def authenticate(self, secret: str) -> Caller:
        """Return who a bearer key belongs to.

        Raises:
            ApiKeyRefused: It is malformed, unknown or disabled.
        """
        print_, now_ms = hashlib.sha256(secret.encode()).digest(), self._parts.database.now_ms()
        known = self._known.get(print_)
        if known is not None and now_ms < known[1]:
            return known[0]
        caller = await authenticate(self._parts.database, secret, pepper=self._parts.pepper)
        if len(self._known) >= _CACHED_MAX:
            self._known.clear()
        self._known[print_] = (caller, now_ms + _CACHED_MS)
        return caller


async def _caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
    if given is None:
        raise ApiKeyRefused
    callers: KeyCache = request.app.state.key_cache
    return await callers.authenticate(given.credentials)


async def _film_id(
    film_id: Annotated[
        str, Path(description="The film's `task_id`.", json_schema_extra={"pattern": FILM_ID}, alias="id")
    ],
) -> FilmId:
    return film_id_of(film_id)


HasCaller = Annotated[Caller, Depends(_caller)]
HasFilmId = Annotated[FilmId, Depends(_film_id)]


def idempotency_key(header: str | None) -> str | None:
    """Return the key of an `Idempotency-Key` header, quoted or bare; None if there is no header.

    Raises:
        InvalidRequest: It is empty, too long, or holds other than visible ASCII.
    """
    if header is None:
        return None
    quoted = len(header) >= 2 and header[0] == header[-1] == '"'
    key = header[1:-1] if quoted else header
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidRequest(field="Idempotency-Key", reason="must have 1 to 255 visible ASCII characters")
    return key
