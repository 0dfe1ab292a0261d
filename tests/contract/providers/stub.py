"""A vendor of a test's own: a real server on the loopback that answers from a script and remembers what it received."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


class Fault(Enum):
    """What may happen to a request after it was received whole."""

    RESET = auto()  # the connection is reset, no byte comes back
    CLOSED = auto()  # the connection is closed politely, no byte comes back
    TORN = auto()  # the answer breaks off in the middle of its body
    SILENT = auto()  # nothing, ever


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it was received."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.body)

    @property
    def path(self) -> str:
        """Its target without the query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


def reply(value: Any, status: int = 200, **headers: str) -> Answer:
    """Return a JSON answer; header names with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **named})


def html(status: int) -> Answer:
    """Return a gateway's page."""
    return Answer(
        status=status, body=b"<html><h1>gateway</h1></html>", headers={"Content-Type": "text/html; charset=utf-8"}
    )


Respond = Callable[[Seen], Answer]


class Stub:
    """The server: `answers` are given one after the other, the last one again and again; or `respond` decides."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: list[Answer] = []
        self.respond: Respond | None = None
        self.url = ""
        self._writers: set[asyncio.StreamWriter] = set()

    def _answer(self, process: Seen) -> Answer:
        if self.respond is not None:
            return self.respond(process)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        self._writers.add(writer)
        try:
            while (process := await _received(reader)) is not None:
                self.seen.append(process)
                if not await self._given(self._answer(process), writer):
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)

    async def _given(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        match answer.fault:
            case Fault.RESET:
                # Closing without lingering sends a reset instead of an end.
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
                return False
            case Fault.CLOSED:
                return False
            case Fault.SILENT:
                return True
        cut = len(answer.body) // 2 if answer.fault is Fault.TORN else len(answer.body)
        lines = [f"HTTP/1.1 {answer.status} Said"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers:
            lines.append(f"Content-Length: {len(answer.body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body[:cut])
        await writer.drain()
        return answer.fault is None

    async def close(self) -> None:
        """Close what is still open."""
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def served() -> AsyncIterator[Stub]:
    """Serve a stub for the length of the block."""
    stub = Stub()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stub
    finally:
        server.close()
        await stub.close()
        await server.wait_closed()


async def _received(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")[:-2]
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, target, _ = first.split(" ")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method=method, target=target, headers=headers, body=body)
