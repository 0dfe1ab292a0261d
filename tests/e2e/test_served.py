"""`flow.serve()`: Prefect's own runner, a process a film. Cancel in the UI cancels the film there too."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Command

DEADLINE_S = 240
PARAMETERS = {
    "prompt": "A film in a process of its own",
    "duration": 5,
    "provider": "seedance-fast",
    "resolution": "480p",
    "language": "en",
    "narration": False,
    "music": False,
}


@pytest.fixture
def late_clips(servers: dict[str, str]) -> Iterator[None]:
    """Let no clip arrive for the length of the test."""
    late = {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": 10**6, "times": None}
    control = f"{servers['LONGVIDEO_SIMULATORS_URL']}/_control/faults"
    httpx.put(control, json={"rules": [late]}, trust_env=False).raise_for_status()
    yield
    httpx.delete(control, trust_env=False).raise_for_status()


@pytest.fixture
def served(command: Command, servers: dict[str, str]) -> Iterator[httpx.Client]:
    """Serve the flow from a process, and return a client of Prefect's API."""
    code = "from flows.long_video import long_video; long_video.serve(name='own')"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **servers, "LONGVIDEO_HOME": str(command.folder / "home")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with httpx.Client(base_url=servers["PREFECT_API_URL"], trust_env=False, timeout=90) as client:
        yield client
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(found: Callable[[], Any]) -> Any:
    """Return what a look finds, as soon as it finds something."""
    ends = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends:
        if value := found():
            return value
        time.sleep(0.2)  # another process's rows: nothing wakes us
    raise AssertionError("it never came")


def test_cancel_reaches_a_run_in_a_process_of_its_own(command: Command, served: httpx.Client, late_clips: None) -> None:
    """Cancelling, set as the UI sets it: the film is canceled, all credits go back, the run is Cancelled."""

    def deployment() -> Any:
        answer = served.get("/deployments/name/long-video/own")
        return answer.json()["id"] if answer.is_success else None

    def generating() -> Any:
        return next((film["task_id"] for film in command.json("list") if film["status"] == "generating"), None)

    run_path = f"/deployments/{until(deployment)}/create_flow_run"
    run_id = served.post(run_path, json={"parameters": PARAMETERS}).raise_for_status().json()["id"]
    film_id = until(generating)
    cancelling = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    served.post(f"/flow_runs/{run_id}/set_state", json=cancelling).raise_for_status()
    until(lambda: command.json("show", film_id)["status"] == "canceled")
    shown = command.json("show", film_id)
    assert shown["cost_actual"] == 0
    until(lambda: served.get(f"/flow_runs/{run_id}").json()["state"]["type"] == "CANCELLED")
    assert command.run("audit")[0] == 0
