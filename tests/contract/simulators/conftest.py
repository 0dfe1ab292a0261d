"""The simulators as their clients see them: a process on loopback, started from the command line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]
KEYS = {
    "/listenhub": ("lh_sk_sim_alpha", "lh_sk_sim_beta"),
    "/senseaudio": ("sk-sense-sim-alpha", "sk-sense-sim-beta"),
    "/vibegen": ("sk-video-sim-alpha", "sk-video-sim-beta"),
    "/anthropic": ("sk-ant-sim-alpha", "sk-ant-sim-beta"),
}


class Simulators:
    """A running process and a client of it."""

    def __init__(self, home: Path, *, time_scale: float, extra: tuple[str, ...] = ()) -> None:
        self.home = home
        command = [sys.executable, "-m", "simulators", "--database", str(home / "world.db")]
        command += ["--assets", str(home / "assets"), "--time-scale", str(time_scale), *extra]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.url = str(json.loads(line)["url"])
        self.client = httpx.Client(base_url=self.url, trust_env=False, timeout=60)

    def stop(self, *, kill: bool = False) -> int:
        """End the process, gently or not; returns its exit code."""
        self.client.close()
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=10)

    def send(
        self, method: str, path: str, body: Any = None, *, user: int = 0, key: str | None = None
    ) -> httpx.Response:
        """Send a request with the key of the vendor's first (0) or second (1) user, or with another key."""
        secret = (
            key if key is not None else next(keys[user] for prefix, keys in KEYS.items() if path.startswith(prefix))
        )
        headers = {"authorization": f"Bearer {secret}"}
        return self.client.request(method, path, json=body, headers=headers)

    def get(self, path: str, *, user: int = 0) -> httpx.Response:
        """Send a GET as one of the vendor's users."""
        return self.send("GET", path, user=user)

    def post(self, path: str, body: Any, *, user: int = 0) -> httpx.Response:
        """Send a POST as one of the vendor's users."""
        return self.send("POST", path, body, user=user)

    def create(self, path: str, body: Any, *, user: int = 0) -> httpx.Response:
        """Send a create in a fresh rate window."""
        self.advance(61)
        return self.post(path, body, user=user)

    def end(self, path: str, *, after_s: float = 200.0) -> dict[str, Any]:
        """Let `after_s` vendor seconds pass and all files be made; return the task without its envelope."""
        self.quiet()
        self.advance(after_s)
        body = self.get(path).json()
        task: dict[str, Any] = body.get("data", body)
        return task

    def quiet(self) -> None:
        """Wait until nothing is being rendered."""
        assert self.client.get("/_control/quiet").status_code == 200

    def script(self, *rules: dict[str, Any], **modes: Any) -> None:
        """Put fault rules and modes in force."""
        reply = self.client.put("/_control/faults", json={"rules": list(rules), "modes": modes})
        assert reply.status_code == 200, reply.text

    def stop_clock(self) -> None:
        """Let the world's clock stand still: from here on only `advance` moves it."""
        assert self.client.put("/_control/clock", json={"running": False}).status_code == 200

    def advance(self, vendor_s: float) -> None:
        """Move the world's clock."""
        assert self.client.put("/_control/clock", json={"advance_vendor_s": vendor_s}).status_code == 200

    def book(self, vendor: str, user: str = "alpha") -> dict[str, Any]:
        """Return a user's books."""
        books = self.client.get("/_control/books").json()["books"]
        return next(page for page in books if (page["vendor"], page["key_id"]) == (vendor, user))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    """One process for all tests that leave no trace but jobs; its clock stands still until a test moves it."""
    running = Simulators(tmp_path_factory.mktemp("world"), time_scale=1.0)
    running.stop_clock()
    yield running
    running.stop()


@pytest.fixture
def scripted(world: Simulators) -> Iterator[Simulators]:
    """The same process, for tests with fault rules or modes: they are taken back at the end."""
    yield world
    world.client.delete("/_control/faults")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Simulators]]:
    """Start processes of one's own, one after the other in the same home; what still runs is ended."""
    started: list[Simulators] = []

    def begin(*extra: str, time_scale: float = 1.0) -> Simulators:
        started.append(Simulators(tmp_path, time_scale=time_scale, extra=extra))
        started[-1].stop_clock()
        return started[-1]

    yield begin
    for running in started:
        running.stop(kill=True)
