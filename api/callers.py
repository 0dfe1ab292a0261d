"""Who calls: every `/v1` route takes a bearer key, and a film id of that key's own."""

import re
from typing import Annotated, Final

from fastapi import Depends, Path
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.parts import HasParts
from film.errors import ApiKeyRefused, FilmNotFound, InvalidRequest
from film.ids import FilmId
from ledger.keys import Caller, caller_of

FILM_ID: Final = r"^vid_[0-9a-f]{24}$"
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_bearer = HTTPBearer(auto_error=False, description="An API key: `sk-` and 43 characters.", bearerFormat="sk-...")


async def _caller(parts: HasParts, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
    if given is None:
        raise ApiKeyRefused
    return await caller_of(parts.books, given.credentials, pepper=parts.pepper)


def _film_id(
    film_id: Annotated[
        str, Path(description="The film's `task_id`.", json_schema_extra={"pattern": FILM_ID}, alias="id")
    ],
) -> FilmId:
    # What can't be an id is nobody's film; it never reaches the database.
    if not re.fullmatch(FILM_ID[1:-1], film_id):
        raise FilmNotFound(film_id=film_id[:64])
    return FilmId(film_id)


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
