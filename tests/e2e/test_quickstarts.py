"""The documented quickstarts run as written, base and key aside, until the film is there and plays."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import httpx
import pytest

from film.status import Status
from tests.api.serving import free_port
from tests.plain_machine import needs

ROOT = Path(__file__).parents[2]
#: The documents' two quickstarts, word for word but for the lines that set the base and the bash one's key.
QUICKSTARTS = Path(__file__).parent / "quickstarts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where the API is, and a key for it."""

    base: str
    key: str

    def get(self, path: str) -> httpx.Response:
        """Ask it."""
        return httpx.get(f"{self.base}{path}", headers={"Authorization": f"Bearer {self.key}"}, trust_env=False)


@pytest.fixture(scope="module")
def service(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run the service."""
    home = tmp_path_factory.mktemp("service")
    with (
        (home / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.service_process", str(free_port())],
            cwd=ROOT,
            env={**os.environ, **servers, "LONGVIDEO_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said, (home / "log").read_text("utf-8")
        yield Service(**json.loads(said))
        process.terminate()


@needs("bash", "curl", "jq", "timeout")
def test_the_bash_quickstart_prints_completed(service: Service, tmp_path: Path) -> None:
    """Five seconds between two looks, as written; the printed link is the film, 30 s to the frame."""
    script = f'BASE="{service.base}"\nKEY="{service.key}"\n{(QUICKSTARTS / "poll.sh").read_text("utf-8")}'
    with subprocess.Popen(["timeout", "150", "bash", "-c", script], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        seen, block = [], ""
        for line in running.stdout:
            block += line
            if line.startswith("}"):
                seen.append(json.loads(block))
                block = ""
                if seen[-1]["status"] in {"completed", "failed", None}:
                    running.terminate()
                    break
    assert seen[-1]["status"] == "completed", seen
    assert list(seen[-1]) == ["status", "progress", "shots_done", "shots_total", "result_url"]
    progress = [one["progress"] for one in seen]
    assert progress == sorted(progress)
    film = tmp_path / "film.mp4"
    film.write_bytes(httpx.get(seen[-1]["result_url"], trust_env=False).content)
    with av.open(str(film)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 30 * 24


@needs("node")
def test_the_node_quickstart_orders_a_film(service: Service) -> None:
    """`task_id` is a film's, and the stream of its events ends with its completion."""
    order = (QUICKSTARTS / "order.mjs").read_text("utf-8")
    script = f"const BASE = '{service.base}';\n{order}\nconsole.log(task_id);"
    run = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        env={**os.environ, "LONGVIDEO_KEY": service.key},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    task_id = run.stdout.strip()
    assert service.get(f"/v1/videos/{task_id}").json()["duration"] == 30
    url = f"{service.base}/v1/videos/{task_id}/events"
    headers = {"Authorization": f"Bearer {service.key}"}
    with httpx.stream("GET", url, headers=headers, timeout=150, trust_env=False) as stream:
        told = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    statuses = list(dict.fromkeys(event["status"] for event in told))
    assert statuses[-1] == "completed"
    stages = [status.value for status in list(Status)[: list(Status).index(Status.COMPLETED) + 1]]
    assert statuses == stages[stages.index(statuses[0]) :]
    assert service.get("/readyz").json() == {"status": "ready"}
    voices = service.get("/v1/voices").json()["data"]
    assert {"voice_id", "name", "language", "gender"} == set(voices[0])
