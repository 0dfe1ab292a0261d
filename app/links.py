"""Links to stored files for customers, wherever they are told: by the API, a webhook, or Prefect's UI."""

from typing import Final

from app.secret import load_secret
from app.settings import Settings
from film.clock import Clock
from store.links import Links
from store.objects import Objects

_LOOPBACK: Final = "127.0.0.1"


def file_links(
    settings: Settings, objects: Objects, clock: Clock, *, host: str = _LOOPBACK, port: int | None = None
) -> Links:
    """Return what mints the links; without a public URL they lead to this machine's own API.

    Args:
        settings: The environment: the public URL, the secret, the API's port.
        objects: The store.
        clock: The time, which ends a link.
        host: Where the API listens.
        port: The API's port, if it isn't that of the settings.
    """
    public_url = settings.public_url or f"http://{host}:{port or settings.api_port}"
    return Links(objects=objects, public_url=public_url, secret=load_secret(settings), clock=clock)
