"""Names of things, as types of their own: a film's id can't be passed where an attempt's belongs."""

import re
import secrets
from typing import Final, NewType

from film.errors import FilmNotFound
from film.text import one_line

FilmId = NewType("FilmId", str)
AttemptId = NewType("AttemptId", str)
AccountId = NewType("AccountId", str)

#: The account of everything that is made on this machine without an API key.
LOCAL_ACCOUNT = AccountId("local")


_FILM_ID: Final = re.compile(r"vid_[0-9a-f]{24}")


def film_id_of(text: str) -> FilmId:
    """Return the film's id that somebody wrote.

    Raises:
        FilmNotFound: It can't be an id, so it is nobody's film; it never reaches the database.
    """
    if not _FILM_ID.fullmatch(text):
        raise FilmNotFound(film_id=one_line(text)[:64])
    return FilmId(text)


def new_film_id() -> FilmId:
    """Return a fresh film id, `vid_` and 24 hex digits."""
    return FilmId(f"vid_{secrets.token_hex(12)}")


def new_attempt_id() -> AttemptId:
    """Return a fresh attempt id, `att_` and 24 hex digits."""
    return AttemptId(f"att_{secrets.token_hex(12)}")
