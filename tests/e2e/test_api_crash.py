"""A service killed between its commit and its answer: the client asks again and finds its film."""

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from ledger.database.engine import sqlite_url
from tests.api.serving import free_port
from tests.databases import administer, apart
from tests.e2e.conftest import Command

ORDER = {"prompt": "A calm morning by the sea", "duration": 17, "language": "en"}


def _serve(command: Command, port: int, **environment: str) -> "subprocess.Popen[str]":
    process = command.start("api", "--port", str(port), **environment)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("The API is at")
    return process


def _order(port: int, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
    transport = httpx.HTTPTransport(retries=20)  # connects only: the server says where it is just before it listens
    with httpx.Client(transport=transport, trust_env=False, timeout=90) as client:
        return client.post(f"http://127.0.0.1:{port}/v1/videos", json=ORDER, headers=headers)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database, for processes."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "books.db")
    server: str = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("postgres_template")
    apart(lambda: asyncio.run(administer(server, f"CREATE DATABASE crash TEMPLATE {template}")))
    return server.format(database="crash")


def test_a_kill_between_commit_and_reply_replays(tmp_path: Path, database: str) -> None:
    """SIGKILL after the order is committed: the same key answers 202 with that film, held once; the audit is clean."""
    command = Command(tmp_path, LONGVIDEO_SIMULATORS_URL="http://127.0.0.1:9", LONGVIDEO_DATABASE_URL=database)
    for words in (("account", "create", "acme"), ("account", "grant", "acme", "1000")):
        assert command.run(*words)[0] == 0
    key = command.json("key", "create", "acme")["secret"]
    port = free_port()
    with _serve(command, port, LONGVIDEO_CRASH_AT="order_committed") as killed:
        with pytest.raises(httpx.RemoteProtocolError):
            _order(port, key)
        assert killed.wait(30) == -signal.SIGKILL
    with _serve(command, port, LONGVIDEO_LOG_FORMAT="json") as serving:
        again = _order(port, key)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
        headers = {"Authorization": f"Bearer {key}"}
        credits_ = httpx.get(f"http://127.0.0.1:{port}/v1/credits", headers=headers, trust_env=False).json()
        assert credits_ == {"balance": 1000, "reserved": 467.5, "available": 532.5}
        serving.send_signal(signal.SIGTERM)
        _, said = serving.communicate(timeout=90)
        assert serving.returncode == 0
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {"ordered", "answered"} <= {line["action"] for line in lines}
    assert key not in said
    code, told, _ = command.run("audit")
    assert (code, told.splitlines()[-1]) == (0, "films 1, transfers 4: 0 faults")


def test_keys_and_accounts_are_told_once(tmp_path: Path) -> None:
    """A secret is shown by create and rotate and by nothing else; a grant with a reason is given once."""
    command = Command(tmp_path)
    assert command.run("key", "create", "nobody")[0] == 2
    command.run("account", "create", "acme")
    assert command.run("account", "create", "Ac me")[0] == 2
    assert command.json("account", "grant", "acme", "27.5", "--reason", "r1")["available"] == 27.5
    assert command.json("account", "grant", "acme", "27.5", "--reason", "r1")["available"] == 27.5
    assert command.run("account", "grant", "acme", "-1")[0] == 2
    assert command.json("account", "show", "acme") == {"account": "acme", "reserved": 0, "available": 27.5}
    assert command.run("account", "show", "acme")[1] == "acme has 27.5 credits available, 0 held for films.\n"
    code, _, told = command.run("account", "show", "nobody")
    assert (code, told) == (2, "There is no account 'nobody'; `longvideo account create nobody` opens it.\n")
    key = command.json("key", "create", "acme")
    rotated = command.json("key", "rotate", key["key"])
    assert rotated["key"] == key["key"]
    assert rotated["secret"] != key["secret"]
    listed = command.run("key", "list", "--json")[1]
    assert key["key"] in listed
    assert not [secret for secret in (key["secret"], rotated["secret"], rotated["webhook_secret"]) if secret in listed]
    database = b"".join(path.read_bytes() for path in (tmp_path / "home").glob("longvideo.db*"))
    assert not [secret for secret in (rotated["secret"], rotated["webhook_secret"]) if secret.encode() in database]
    assert command.json("key", "revoke", key["key"])["disabled"] is True
    assert command.json("key", "list", "--account", "acme")[0]["disabled"] is True
