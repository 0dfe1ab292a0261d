"""`longvideo up` as a person runs it: killed in the middle, started again, stopped by Ctrl-C."""

import asyncio
import signal
import socket
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from tests.e2e.conftest import Command
from tests.e2e.test_command import _wait_for_row

PROMPT = "A lonely walrus looks at the sea"
WISH = {"prompt": PROMPT, "duration": 16, "provider": "seedance-fast", "resolution": "480p", "music": False}


@pytest.fixture
def alone(tmp_path: Path) -> Command:
    """Return the command in an empty folder, with ports of its own and no server but those it starts."""
    ports = {
        f"LONGVIDEO_{name}_PORT": str(port)
        for name, port in zip(("PREFECT", "SIMULATORS", "API"), free_ports(3), strict=True)
    }
    return Command(tmp_path, LONGVIDEO_TIME_SCALE="20", **ports)


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on now."""
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def until_ready(process: "object") -> dict[str, str]:
    """Read what `up` says until it is ready; return each service's word."""
    said: dict[str, str] = {}
    for line in process.stdout:  # type: ignore[attr-defined]
        name, _, word = line.strip().partition(": ")
        said[name] = word
        if line.startswith("Ready."):
            return said
    raise AssertionError(f"up ended after {said}")


async def order(prefect: str, **fields: object) -> str:
    """Run the deployment as the UI's form does, and return the flow run's id."""
    async with PrefectClient(f"{prefect}/api") as client:
        deployment = await client.read_deployment_by_name("long-video/long-video")
        return str((await client.create_flow_run_from_deployment(deployment.id, parameters={**WISH, **fields})).id)


async def state_of(prefect: str, flow_run_id: str) -> str | None:
    """Return the name of a flow run's state."""
    async with PrefectClient(f"{prefect}/api") as client:
        return (await client.read_flow_run(flow_run_id)).state_name  # type: ignore[arg-type]


def test_a_worker_without_its_prefect_waits_and_can_be_stopped(alone: Command) -> None:
    """It is not ready for work that nobody can give it; Ctrl-C doesn't wait for a server that never comes."""
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}/api"
    with alone.start("worker", PREFECT_API_URL=nowhere) as process:
        first = process.stdout.readline()  # type: ignore[union-attr]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=180)
    assert first == f"Waiting for Prefect at {nowhere}\n"
    assert (process.returncode, out) == (0, "Stopping: films are given back ...\n"), err


def test_up_killed_and_started_again_completes_its_films(alone: Command) -> None:
    """SIGKILL in the middle, the same command again: each film is completed, each segment was ordered once.

    One of the two waits for a person's answer: the question outlives the kill.
    """
    with alone.start("up") as first:
        said = until_ready(first)
        asyncio.run(order(said["Prefect"], prompt="A walrus asks", duration=4, approve=True))
        asking_id = str(_wait_for_row(alone, "SELECT id FROM film WHERE awaiting_approval = ?", 1))
        run = asyncio.run(order(said["Prefect"]))
        film_id = str(_wait_for_row(alone, "SELECT film FROM segment WHERE state = ?", "ready"))
        first.kill()
    with alone.start("up") as second:
        again = until_ready(second)
        _wait_for_row(alone, "SELECT id FROM film WHERE status = ?", "completed")
        assert alone.run("approve", asking_id)[0] == 0
        _wait_for_row(alone, "SELECT id FROM film WHERE status = ? LIMIT 1 OFFSET 1", "completed")
        assert again["Prefect"] == said["Prefect"]
        assert asyncio.run(state_of(said["Prefect"], run)) == "Crashed"
        jobs = httpx.get(f"{again['simulators']}/_control/jobs", params={"service": "listenhub-video"}).json()["jobs"]
        assert sum(PROMPT in str(job) for job in jobs) == 2
        second.send_signal(signal.SIGINT)
        out, err = second.communicate(timeout=180)
    assert (second.returncode, "films are given back" in out) == (0, True), err
    shown = alone.json("show", film_id)
    assert (shown["status"], shown["cost_actual"]) == ("completed", shown["cost_estimate"])
    assert alone.run("audit")[0] == 0
