"""Names of things, as types of their own: a film's id can't be passed where an attempt's belongs."""

import secrets
from typing import NewType

FilmId = NewType("FilmId", str)
AttemptId = NewType("AttemptId", str)
AccountId = NewType("AccountId", str)

#: The account of everything that is made on this machine without an API key.
LOCAL_ACCOUNT = AccountId("local")


def new_film_id() -> FilmId:
    """Return a fresh film id, `vid_` and 24 hex digits."""
    return FilmId(f"vid_{secrets.token_hex(12)}")


def new_attempt_id() -> AttemptId:
    """Return a fresh attempt id, `att_` and 24 hex digits."""
    return AttemptId(f"att_{secrets.token_hex(12)}")
