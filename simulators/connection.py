"""The TCP side of a fault: a server protocol that lets a handler reset its own connection."""

import asyncio
import socket
import struct
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "simulators.transport"


class ResettableProtocol(H11Protocol):
    """Uvicorn's protocol with the connection's transport in the request's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport of this connection for its requests."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


def reset(request: Request) -> None:
    """Close the request's connection with a TCP reset: what was not yet sent is lost, the peer sees ECONNRESET."""
    transport: Any = request.scope["state"][_TRANSPORT]
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # Lingering zero seconds makes the kernel send RST in place of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
