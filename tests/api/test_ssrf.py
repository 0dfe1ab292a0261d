"""No address of ours can be reached through a customer's URL: 75 ways to write one, at each entry point.

The canary listens on loopback; plain httpx, as the control, hits it. All traffic stays on this machine.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from ssrfguard import SSRFGuardError

from film.errors import ClipRejected, ProviderError
from providers.http.clients import Timeouts, guarded_http_client
from providers.http.egress import Egress
from tests.api.service_context import ORDER, ServiceUnderTest

TIMEOUTS = Timeouts(connect_s=0.5, get_s=0.5, post_s=1, download_s=1)
#: Ports that the guard lets through: a canary anywhere else would prove nothing.
_PORTS = (8080, 8443)

#: What plain httpx connects to the canary with.
REACHING = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LocalHost:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://127.1:{port}/",
    "http://017700000001:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://user:pw@127.0.0.1:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
]
#: What must not be asked either, though it doesn't lead to the canary here.
REFUSED = [
    "http://0177.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/",
    "data:text/plain,hi",
    "dict://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "http:127.0.0.1:{port}",
    "http:///127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1.:{port}/",
    "http://localhost.:{port}/",
    "http://a.localhost:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127.0.0.1%00.example.com:{port}/",
    "http://127.0.0.1%2f@example.com/",
    "http://127.0.0.1%09:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fc00::1]:{port}/",
    "http://[fd12:3456::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://127.0.0.2:{port}/",
    "http://127.255.255.254:{port}/",
    "http://10.0.0.1:{port}/",
    "http://172.16.0.1:{port}/",
    "http://172.31.255.255:{port}/",
    "http://192.168.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://100.64.0.1:{port}/",
    "http://192.0.0.192:{port}/",
    "http://198.18.0.1:{port}/",
    "http://192.0.2.1:{port}/",
    "http://198.51.100.1:{port}/",
    "http://203.0.113.1:{port}/",
    "http://224.0.0.1:{port}/",
    "http://240.0.0.1:{port}/",
    "http://255.255.255.255:{port}/",
    "http://printer.local:{port}/",
    "http://intranet:{port}/",
    "http://vm:{port}/",
    "http://router.lan/",
    "http://x.home.arpa/",
    "http://example.com:22/",
    "http://example.com:6379/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://exa mple.com/",
    "http://",
    "",
]
VECTORS = [*REACHING, *REFUSED]


@dataclass(slots=True, kw_only=True)
class Canary:
    """A listener that nobody may reach."""

    port: int
    hits: int = 0


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    """Listen on loopback, at a port the guard would let through."""
    seen = Canary(port=0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.hits += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    for port in _PORTS:
        try:
            server = await asyncio.start_server(answer, "127.0.0.1", port)
        except OSError:
            continue
        seen.port = port
        async with server:
            yield seen
        return
    pytest.skip(f"somebody listens on {_PORTS}")


async def test_plain_httpx_is_caught(canary: Canary) -> None:
    """The control: each of these does reach the canary when nobody guards."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for vector in REACHING:
            before = canary.hits
            assert (await client.get(vector.format(port=canary.port))).text == "hi", vector
            assert canary.hits == before + 1, vector


@pytest.mark.parametrize("field", ["webhook_url", "reference_images", "music"])
async def test_an_order_with_such_a_url_is_refused(lite: ServiceUnderTest, canary: Canary, field: str) -> None:
    """400 that names the field, nothing written, nobody asked."""
    client = lite.client((await lite.key()).secret)
    for vector in VECTORS:
        url = vector.format(port=canary.port)
        wish: Any = {"webhook_url": url, "reference_images": [url], "music": {"url": url}}[field]
        answer = await client.post("/v1/videos", json={**ORDER, field: wish})
        assert answer.status_code == 400, vector
        assert answer.json()["error"]["message"].startswith(f"{field}: "), vector
    assert canary.hits == 0
    assert (await client.get("/v1/videos")).json()["data"] == []


@pytest.mark.parametrize("allowed_origin", [None, "http://127.0.0.1:1"])
async def test_nothing_is_sent_to_such_a_url(canary: Canary, tmp_path: Path, allowed_origin: str | None) -> None:
    """A webhook, a customer's file, a vendor's result: refused though a row may hold it; simulators change nothing."""
    for vector in VECTORS:
        url = vector.format(port=canary.port)
        with pytest.raises(ProviderError):
            await Egress(allowed_origin=allowed_origin, timeouts=TIMEOUTS).post_webhook(url, b"{}", {})
        with pytest.raises((ClipRejected, ProviderError)):
            await Egress(allowed_origin=allowed_origin, timeouts=TIMEOUTS).download(
                url, tmp_path / "x", size_bytes_max=9
            )
    assert canary.hits == 0
    assert list(tmp_path.iterdir()) == []


_PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    "answers",
    [
        [["127.0.0.1"]],
        [["10.0.0.7"]],
        [["169.254.169.254"]],
        [["::1"]],
        [["::ffff:127.0.0.1"]],
        [["64:ff9b::7f00:1"]],
        [["100.64.0.1"]],
        [[_PUBLIC, "127.0.0.1"]],  # mixed
        [["127.0.0.1", _PUBLIC]],
    ],
)
async def test_a_public_name_with_a_private_answer_is_refused(canary: Canary, answers: list[list[str]]) -> None:
    """The address that is connected to is the one that was judged; a mixed answer is refused whole."""

    def resolve(_host: str, port: int, *_: object, **__: object) -> list[Any]:
        found = answers[0] if len(answers) == 1 else answers.pop(0)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in found
        ]

    url = f"http://films.example.com:{canary.port}/"
    async with guarded_http_client(url, allowed_origin=None, timeouts=TIMEOUTS, resolver=resolve) as client:
        with pytest.raises(SSRFGuardError):
            await client.get(url)
    assert canary.hits == 0


async def test_the_simulators_origin_is_allowed_exactly(lite: ServiceUnderTest, canary: Canary) -> None:
    """In simulated mode that one origin passes; the same host elsewhere, or as a prefix of another, does not."""
    origin = f"http://127.0.0.1:{canary.port}"
    client = lite.with_deps(allowed_origin=origin).client((await lite.key()).secret)
    told = [
        (f"{origin}/hook", 202),
        (origin, 400),
        (f"http://127.0.0.1:{canary.port + 1}/hook", 400),
        (f"http://127.0.0.1:{canary.port}0/hook", 400),
        (f"{origin}@example.com:22/", 400),
        (f"https://127.0.0.1:{canary.port}/hook", 400),
    ]
    for url, status in told:
        answer = await client.post("/v1/videos", json={**ORDER, "webhook_url": url})
        assert answer.status_code == status, url
    assert await Egress(allowed_origin=origin, timeouts=TIMEOUTS).post_webhook(f"{origin}/hook", b"{}", {}) == 200
    assert canary.hits == 1
