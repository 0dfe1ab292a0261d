"""Where servers of ours listen, and whether they can."""

import asyncio
import socket
import time
from typing import Final

from film.errors import AddressUnavailable

HOST: Final = "127.0.0.1"
_BACKLOG: Final = 2048
_PATIENCE_S: Final = 10.0
_LOOK_S: Final = 0.1


def listening(host: str, port: int, *, setting: str = "--port") -> socket.socket:
    """Return a socket that listens.

    Args:
        host: The address.
        port: Its port.
        setting: Where another port is named.

    Raises:
        AddressUnavailable: It can't be listened to.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AddressUnavailable(host=host, port=port, reason=reason, setting=setting) from error


async def require_free(port: int, *, setting: str) -> None:
    """Return once nobody listens at a port of this machine, which a child is to be given; 0 is any free one.

    The children of a killed process let go of their ports within seconds.

    Raises:
        AddressUnavailable: Somebody keeps it.
    """
    ends_s = time.monotonic() + _PATIENCE_S
    while port:
        try:
            listening(HOST, port, setting=setting).close()
        except AddressUnavailable:
            if time.monotonic() > ends_s:
                raise
        else:
            return
        await asyncio.sleep(_LOOK_S)
