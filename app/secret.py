"""This program's own secret: it signs links and callbacks and peppers the hashes of keys."""

import os
import secrets
from typing import Final

from app.settings import Settings

_BYTES: Final = 32


def load_secret(settings: Settings) -> bytes:
    """Return the secret of the settings, else the one kept in the home; it is made there at the first call.

    Machines that share a database need one secret: set LONGVIDEO_SECRET on each.
    """
    given = settings.secret.get_secret_value()
    if given:
        return given.encode()
    file = settings.home / "secret"
    settings.home.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".secret-{secrets.token_hex(4)}")
    if not file.exists():
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_hex(_BYTES).encode())
        try:
            os.link(draft, file)  # whoever is first decides, and nobody reads half a secret
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_bytes()
