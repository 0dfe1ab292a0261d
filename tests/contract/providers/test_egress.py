"""A file arrives whole or not at all, and nothing but a public address is ever asked for it."""

from pathlib import Path

import pytest

from film.errors import ClipRejected, ProviderError, ProviderRejected, ProviderUnavailable
from providers.http.egress import Egress

from .conftest import IMPATIENT, TIMEOUTS
from .stub import Answer, Fault, Seen, Stub, html

FILE = bytes(range(256)) * 40


async def fetch(url: str, into: Path, stub: Stub | None, *, size_bytes_max: int = 10**6) -> int:
    origin = stub.url if stub is not None else None
    return await Egress(allowed_origin=origin, timeouts=TIMEOUTS).download(url, into, size_bytes_max=size_bytes_max)


async def test_a_file_is_written_whole_and_asked_for_unpacked(stub: Stub, tmp_path: Path) -> None:
    stub.answers = [Answer(body=FILE)]
    assert await fetch(f"{stub.url}/a.mp4", tmp_path / "a.mp4", stub) == len(FILE)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.mp4", FILE)]
    assert stub.seen[0].headers["accept-encoding"] == "identity"
    assert "authorization" not in stub.seen[0].headers


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(body=FILE, fault=Fault.TORN), ProviderUnavailable),
        (Answer(body=FILE, fault=Fault.RESET), ProviderUnavailable),
        (Answer(body=FILE, fault=Fault.CLOSED), ProviderUnavailable),
        (Answer(status=403, body=b"<Error>expired</Error>"), ProviderUnavailable),  # ask for a fresh URL
        (html(404), ProviderUnavailable),
        (html(500), ProviderUnavailable),
        (Answer(body=b"x", headers={"Content-Length": "1000001"}), ClipRejected),  # announced too large
        (
            Answer(body=b"f4241\r\n" + b"x" * 1_000_001 + b"\r\n0\r\n\r\n", headers={"Transfer-Encoding": "chunked"}),
            ClipRejected,  # unannounced too large
        ),
        (Answer(body=FILE, headers={"Content-Encoding": "gzip"}), ClipRejected),
        (Answer(status=302, headers={"Location": "/again"}), ProviderUnavailable),  # round and round
        (Answer(status=302), ProviderUnavailable),
        (Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}), ClipRejected),  # out of the allowed origin
        (Answer(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}), ClipRejected),
        (Answer(status=302, headers={"Location": "file:///etc/passwd"}), ClipRejected),
        (Answer(status=302, headers={"Location": "http://[::ffff:127.0.0.1]/"}), ClipRejected),
    ],
)
async def test_half_a_file_never_stands_under_its_name(
    stub: Stub, tmp_path: Path, answer: Answer, kind: type[ProviderError | ClipRejected]
) -> None:
    stub.answers = [answer]
    with pytest.raises(kind):
        await fetch(f"{stub.url}/a.mp4", tmp_path / "a.mp4", stub)
    assert list(tmp_path.iterdir()) == []


async def test_three_redirects_are_followed(stub: Stub, tmp_path: Path) -> None:
    def respond(process: Seen) -> Answer:
        hop = int(process.path[1:])
        return Answer(body=FILE) if hop == 3 else Answer(status=302, headers={"Location": f"/{hop + 1}"})

    stub.respond = respond
    assert await fetch(f"{stub.url}/0", tmp_path / "a.mp4", stub) == len(FILE)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:80/",
        "http://localhost/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0/",
        "http://①②⑦.0.0.1/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://198.18.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://224.0.0.1/",
        "http://240.0.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fc00::1]/",
        "http://[fe80::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://user:pass@example.com/",
        "http://example.com:22/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/a",
        "data:text/plain,hi",
    ],
)
async def test_no_private_or_odd_address_is_ever_asked(tmp_path: Path, url: str) -> None:
    file = tmp_path / "a.bin"
    with pytest.raises(ClipRejected):
        await fetch(url, file, None)
    file.write_bytes(b"x")
    with pytest.raises(ProviderRejected):
        await Egress(timeouts=TIMEOUTS).put_file(url, file, content_type="image/png")
    with pytest.raises(ProviderRejected):
        await Egress(timeouts=TIMEOUTS).post_webhook(url, b"{}", {})


async def test_the_allowed_origin_is_a_whole_origin(stub: Stub, tmp_path: Path) -> None:
    port = int(stub.url.rpartition(":")[2])
    for url in (f"http://127.0.0.1:{port}0/a", f"http://127.0.0.1:{port}@127.0.0.1:{port}/a", "http://127.0.0.1/a"):
        with pytest.raises(ClipRejected):
            await fetch(url, tmp_path / "a", stub)
    assert stub.seen == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, ProviderRejected), (413, ProviderRejected), (503, ProviderUnavailable), (429, ProviderUnavailable)],
)
async def test_a_refused_upload_is_told_apart(
    stub: Stub, tmp_path: Path, status: int, kind: type[ProviderError]
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(FILE)
    stub.answers = [Answer(), html(status)]
    target = f"{stub.url}/put?signature=1"
    await Egress(allowed_origin=stub.url, timeouts=TIMEOUTS).put_file(target, file, content_type="image/png")
    assert (stub.seen[0].method, stub.seen[0].body, stub.seen[0].headers["content-type"]) == ("PUT", FILE, "image/png")
    with pytest.raises(kind):
        await Egress(allowed_origin=stub.url, timeouts=TIMEOUTS).put_file(target, file, content_type="image/png")


async def test_a_webhook_gets_its_bytes_and_a_redirect_is_only_a_status(stub: Stub) -> None:
    stub.answers = [Answer(status=302, headers={"Location": "/elsewhere"})]
    headers = {"webhook-id": "1", "Content-Type": "application/json"}
    status = await Egress(allowed_origin=stub.url, timeouts=TIMEOUTS).post_webhook(
        f"{stub.url}/hook", b'{"a": 1}', headers
    )
    assert status == 302
    assert [(process.target, process.body, process.headers["webhook-id"]) for process in stub.seen] == [
        ("/hook", b'{"a": 1}', "1")
    ]


async def test_silence_ends_in_unavailable(stub: Stub, tmp_path: Path) -> None:
    stub.answers = [Answer(fault=Fault.SILENT)]
    with pytest.raises(ProviderUnavailable):
        await Egress(allowed_origin=stub.url, timeouts=IMPATIENT).post_webhook(f"{stub.url}/hook", b"{}", {})
    with pytest.raises(ProviderUnavailable):
        await Egress(allowed_origin=stub.url, timeouts=IMPATIENT).download(
            f"{stub.url}/a", tmp_path / "a", size_bytes_max=9
        )
