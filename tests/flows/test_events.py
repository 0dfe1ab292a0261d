"""What Prefect is told of a film as events, and the example automation that acts on one."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.blocks.webhook import Webhook

from app.context import AppContext
from film.ids import FilmId
from tests.flows.conftest import Vendors, made, ordered, until

EXAMPLE = Path(__file__).parents[2] / "docs/operations/notify_on_failed.yaml"
NO_BLOCK = "00000000-0000-0000-0000-000000000000"
STATUSES = ("queued", "scripting", "moderation", "anchoring", "generating", "audio", "composing", "delivering")


class Called:
    """Somebody's webhook: where it listens, and what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    async def at_all(self) -> bool:
        """Whether it was called."""
        return bool(self.bodies)


@pytest.fixture
def called() -> Iterator[Called]:
    """Listen for calls."""
    called = Called()
    thread = threading.Thread(target=called.server.serve_forever)
    thread.start()
    yield called
    called.server.shutdown()
    called.server.server_close()
    thread.join()


async def events_of(prefect_api: str, film_id: FilmId) -> list[dict[str, Any]]:
    """Return a film's events, oldest first."""
    async with httpx.AsyncClient(base_url=prefect_api, trust_env=False) as client:
        wanted = {"resource": {"id": [f"longvideo.film.{film_id}"]}, "order": "ASC"}
        return list((await client.post("/events/filter", json={"filter": wanted})).raise_for_status().json()["events"])


async def test_each_status_is_an_event_with_figures(ctx: AppContext, prefect_api: str) -> None:
    """One event a status, in order, each with the film's id and its credits."""
    film = await made(ctx, await ordered(ctx, duration=4))

    async def told() -> bool:
        return len(await events_of(prefect_api, film.id)) > len(STATUSES)

    await until(told)
    events = await events_of(prefect_api, film.id)
    assert [event["event"] for event in events] == [f"longvideo.film.{status}" for status in (*STATUSES, "completed")]
    assert {(event["payload"]["film_id"], event["payload"]["cost_estimate"]) for event in events} == {(film.id, 72)}
    assert (events[-1]["payload"]["cost_actual"], events[-1]["payload"]["segments_ready"]) == (72, 1)


async def test_the_example_automation_tells_of_a_failed_film(
    ctx: AppContext, vendors: Vendors, prefect_api: str, tmp_path: Path, called: Called
) -> None:
    """With the webhook block's id in it, Prefect's own command takes the file; the call says which film and why."""
    block = await Webhook(url=called.url).save("film-failed", overwrite=True)  # type: ignore[arg-type, misc]
    file = tmp_path / "notify.yaml"
    file.write_text(EXAMPLE.read_text("utf-8").replace(NO_BLOCK, str(block)), "utf-8")
    creating = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "prefect", "automation", "create", "--from-file", str(file)),
        env={**os.environ, "PREFECT_API_URL": prefect_api},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await creating.communicate()
    assert creating.returncode == 0, said.decode()
    completed = await made(ctx, await ordered(ctx, duration=4))
    vendors.script({"vendor": "listenhub-video", "operation": "create", "fault": "job_failed", "times": None})
    failed = await made(ctx, await ordered(ctx, duration=4))
    await until(called.at_all)
    (body,) = called.bodies
    assert completed.id != body["film_id"] == failed.id
    assert (body["status"], body["error"]["code"], body["cost_actual"]) == ("failed", "segment_failed", 0)
