"""The simulators as their clients see them, over real HTTP on loopback."""

import asyncio
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import pytest

from simulators.__main__ import read_arguments, settings_of
from simulators.server import serve

ROOT = Path(__file__).resolve().parents[3]
KEYS = {
    "/listenhub": ("lh_sk_sim_alpha", "lh_sk_sim_beta"),
    "/senseaudio": ("sk-sense-sim-alpha", "sk-sense-sim-beta"),
    "/vibegen": ("sk-video-sim-alpha", "sk-video-sim-beta"),
    "/anthropic": ("sk-ant-sim-alpha", "sk-ant-sim-beta"),
}


class Client:
    """What a test asks of running simulators, however they run."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=60)

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
        """Let `after_s` vendor seconds pass and the file be made; return the task without its envelope."""
        self.advance(after_s)
        self.get(path)
        self.quiet()
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


def arguments(home: Path, extra: tuple[str, ...]) -> list[str]:
    """Return a command line for simulators that live in `home`, as slow as real vendors."""
    return ["--database", str(home / "world.db"), "--assets", str(home / "assets"), "--time-scale", "1", *extra]


class Embedded(Client):
    """Simulators served by a thread of this process: quick to start. Files are made when they are asked for."""

    def __init__(self, home: Path, *extra: str) -> None:
        started: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(arguments(home, ("--on-demand", *extra)), started.put),)
        )
        self._thread.start()
        super().__init__(home, started.get(timeout=90))

    async def _serve(self, command: list[str], started: Callable[[str], None]) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        options = read_arguments(command)
        await serve(settings_of(options), stop=self._end, started=started, script=options.faults)

    def stop(self) -> None:
        """End serving; may be called again."""
        self.client.close()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()


class Spawned(Client):
    """Simulators as a process, started from the command line."""

    def __init__(self, home: Path, *extra: str) -> None:
        command = [sys.executable, "-m", "simulators", *arguments(home, extra)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        super().__init__(home, str(json.loads(self.process.stdout.readline())["url"]))

    def stop(self, *, kill: bool = False) -> int:
        """End the process, gently or not; returns its exit code. May be called again."""
        self.client.close()
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=60)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One world for all tests that leave no trace but jobs; its clock stands still until a test moves it."""
    running = Embedded(tmp_path_factory.mktemp("world"))
    running.stop_clock()
    yield running
    running.stop()


@pytest.fixture
def scripted(world: Embedded) -> Iterator[Embedded]:
    """The same world, for tests with fault rules or modes: they are taken back at the end."""
    yield world
    world.client.delete("/_control/faults")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Embedded]]:
    """Open worlds of one's own with options of the command line."""
    started: list[Embedded] = []

    def begin(*extra: str) -> Embedded:
        started.append(Embedded(tmp_path, *extra))
        started[-1].stop_clock()
        return started[-1]

    yield begin
    for running in started:
        running.stop()


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., Spawned]]:
    """Start processes, one after the other in the same home; what still runs at the end is killed."""
    started: list[Spawned] = []

    def begin(*extra: str) -> Spawned:
        started.append(Spawned(tmp_path, *extra))
        started[-1].stop_clock()
        return started[-1]

    yield begin
    for running in started:
        running.stop(kill=True)


@pytest.fixture
def claude(world):
    """Return the SDK, pointed at the simulated Claude."""
    with anthropic.Anthropic(
        base_url=f"{world.url}/anthropic", auth_token="sk-ant-sim-alpha", api_key=None, max_retries=0
    ) as client:
        yield client
