"""The server itself, over sockets: it bounds what it reads, doesn't wait for the slow, and stops in order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from api import middleware
from film.errors import AddressUnavailable
from service.http import header_timeout
from service.http import server as api_server
from service.http.addresses import HOST, listening
from service.http.server import serving_api
from tests.api.service_context import ORDER, ServiceUnderTest
from tests.api.serving import free_port, served


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server and a key for it."""

    port: int
    key: str
    serving: "asyncio.Task[None]"

    async def raw(self, sent: bytes) -> bytes:
        """Send bytes and return all that comes back until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        await writer.drain()
        async with asyncio.timeout(120):
            answer = await reader.read()
        writer.close()
        return answer

    def client(self) -> httpx.AsyncClient:
        """Return a client with the key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, trust_env=False)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the deadlines of a request's head and body, and of an idle connection, be short: they are waited for."""
    monkeypatch.setattr(api_server, "_IDLE_S", 1)
    monkeypatch.setattr(header_timeout, "HEAD_S_MAX", 2.0)
    monkeypatch.setattr(middleware, "BODY_S_MAX", 3.0)


@pytest.fixture
async def server(lite: ServiceUnderTest) -> AsyncIterator[Server]:
    """Return a running server."""
    port, key = free_port(), (await lite.key()).secret
    async with served(lite.deps, port) as serving:
        yield Server(port=port, key=key, serving=serving)


@pytest.mark.parametrize("size_bytes", [16_000, 17_000, 20_000])
@pytest.mark.parametrize("where", ["header", "many headers", "path", "query"])
async def test_a_head_has_at_most_16_kib(server: Server, where: str, size_bytes: int) -> None:
    """Also one that comes whole, in one piece, to a route that would answer."""
    long = b"x" * (size_bytes - 80)
    sent = {
        "header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " + long + b"\r\n\r\n",
        "many headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + b"".join(b"X-%05d: %b\r\n" % (at, long[at : at + 88]) for at in range(0, len(long), 99))
        + b"\r\n",
        "path": b"GET /%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % long,
        "query": b"GET /healthz?%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % long,
    }[where]
    answer = await server.raw(sent)
    fits = b"HTTP/1.1 404 " if where == "path" else b"HTTP/1.1 200 "
    assert answer.startswith(fits if size_bytes < 16 * 1024 else b"HTTP/1.1 400 "), answer[:200]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(4_000)) + b"\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"GET / HTTP/1.1\r\n\r\n",  # no host
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
)
@pytest.mark.usefixtures("soon")
async def test_what_is_no_request_is_refused_and_closed(server: Server, sent: bytes) -> None:
    """Heads over 16 KiB, other protocols, two lengths: an envelope where there is an answer, and the end."""
    answer = await server.raw(sent)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert answer.partition(b"\r\n\r\n")[2].startswith(b'{"error"')


@pytest.mark.usefixtures("soon")
async def test_the_slow_are_not_waited_for(server: Server) -> None:
    """Who says nothing, or stops in the middle of its head or body, is dropped at the deadline; others go on."""
    began = asyncio.get_running_loop().time()
    head = b"POST /v1/videos HTTP/1.1\r\nHost: x\r\n"
    silent, half_a_head, half_a_body, done = await asyncio.gather(
        server.raw(b""),
        server.raw(head + b"X-Slow: "),
        server.raw(head + b'Content-Length: 100\r\n\r\n{"prompt": '),
        server.client().get("/healthz"),
    )
    assert (silent, half_a_head, done.status_code) == (b"", b"", 200)
    assert half_a_body.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in half_a_body
    assert asyncio.get_running_loop().time() - began >= middleware.BODY_S_MAX - 0.1


async def test_stopping_ends_streams_and_refuses_newcomers(server: Server) -> None:
    """A stop lets a live stream end cleanly, finishes answers and then listens no more."""
    async with server.client() as client:
        film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
        async with client.stream("GET", f"/v1/videos/{film_id}/events") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "retry: 2000"
            server.serving.cancel()
            async with asyncio.timeout(60):
                rest = [line async for line in lines]
        assert any(line.startswith("data: ") for line in rest)
        async with asyncio.timeout(60):
            with pytest.raises(asyncio.CancelledError):
                await server.serving
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")


async def test_a_taken_port_is_named(server: Server) -> None:
    """The error says where and what to do."""
    with pytest.raises(AddressUnavailable, match=f"127.0.0.1:{server.port}.*--port"):
        listening(HOST, server.port)


async def test_a_strangers_server_is_not_taken_for_ours(lite: ServiceUnderTest, server: Server) -> None:
    """An API that already answers at the port isn't what `up` was asked to serve."""
    with pytest.raises(AddressUnavailable, match="LONGVIDEO_API_PORT"):
        async with serving_api(lite.deps, port=server.port):
            pass
