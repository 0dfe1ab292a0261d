"""vibegen (AI Video API): every rule refused, prices to the table, lists by offset, time-outs, callbacks."""

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

CREATE = "/vibegen/api/v1/generations"
TASKS = "/vibegen/api/v1/tasks"


def body(**more):
    return {"model": "seedance 2.0", "prompt": "一座未来城市", **more}


REFUSED = [
    ("VG-R1", {"model": "seedance 2.0"}),
    ("VG-R1", {"prompt": "x"}),
    ("VG-R1", body(prompt="  ")),
    ("model", body(model="seedance-2.0")),
    ("VG-R2", body(prompt="字" * 2001)),
    ("VG-R3", body(duration=8)),
    ("VG-R3", body(duration="5")),
    ("VG-R3", body(duration=True)),
    ("VG-R4", body(aspect_ratio="4:5")),
    ("VG-R5", body(resolution="360p")),
    ("VG-R6", body(image_urls=[])),
    ("VG-R6", body(image_urls="https://example.com/a.png")),
    ("VG-R6", body(image_urls=["data:image/png;base64,AAAA"])),
    ("generate_audio", body(generate_audio="yes")),
    ("callback_url", body(callback_url="not a url")),
]


@pytest.mark.parametrize(("rule", "request_body"), REFUSED, ids=[f"{r}-{n}" for n, (r, _) in enumerate(REFUSED)])
def test_a_broken_rule_is_refused_by_its_name_and_creates_nothing(world, rule, request_body):
    before = len(world.book("vibegen")["jobs"])
    reply = world.post(CREATE, request_body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "INVALID_PARAMETER")
    assert reply.json()["error"]["message"].endswith(f"[{rule}]")
    assert len(world.book("vibegen")["jobs"]) == before


def test_the_documents_own_refusal_of_an_empty_request(world):
    message = world.post(CREATE, {}).json()["error"]["message"]
    assert message.startswith("Missing required parameters: model, prompt")


PRICES = [
    # resolution, seconds, silent, voiced (section 7)
    ("480p", 5, 15, 20),
    ("720p", 5, 30, 43),
    ("1080p", 5, 50, 90),
    ("480p", 10, 25, 40),
    ("720p", 10, 45, 86),
    ("1080p", 10, 100, 180),
]


@pytest.mark.parametrize(("resolution", "seconds", "silent", "voiced"), PRICES)
def test_a_create_costs_what_the_table_says(start, resolution, seconds, silent, voiced):
    vendor = start("--grant", f"vibegen={silent + voiced}")
    for audio in (False, True):
        reply = vendor.post(CREATE, body(resolution=resolution, duration=seconds, generate_audio=audio))
        assert reply.status_code == 201
    assert [job["charged"] for job in vendor.book("vibegen")["jobs"]] == [silent, voiced]
    poor = vendor.post(CREATE, body())
    assert poor.status_code == 402
    assert poor.json()["error"] == {
        "code": "INSUFFICIENT_CREDITS",
        "message": "Insufficient credits. Required: 15, Available: 0",
    }


def test_the_defaults_are_the_documents_and_a_task_ends_with_a_clip(world):
    made = world.post(CREATE, body())
    data = made.json()["data"]
    assert (made.status_code, made.json()["success"]) == (201, True)
    assert set(data) == {"id", "status", "model", "task_type", "created_at"}
    assert (data["status"], data["task_type"]) == ("pending", "text_to_video")
    path = f"{TASKS}/{data['id']}"
    seen = []
    for vendor_s in (0, 30, 31):  # 60 s in all
        task = world.end(path, after_s=vendor_s)
        seen.append(task["status"])
    assert seen == ["pending", "processing", "completed"]
    assert (task["error"], task["created_at"], task["completed_at"][-1]) == (None, data["created_at"], "Z")
    job = next(job for job in world.book("vibegen")["jobs"] if job["id"] == data["id"])
    assert job["result"] == {"width": 864, "height": 496, "frames": 121}, "480p, 16:9, 5 s"
    assert world.client.get(task["video_url"]).headers["content-type"] == "video/mp4"
    world.advance(24 * 3600)
    assert world.client.get(task["video_url"]).status_code == 403, "deleted after 24 hours"


def test_images_make_it_image_to_video(world):
    data = world.post(CREATE, body(image_urls=["https://example.com/girl.png"], aspect_ratio="adaptive")).json()["data"]
    assert data["task_type"] == "image_to_video"


def test_a_task_that_takes_longer_than_ten_minutes_fails(scripted):  # VG-R7
    scripted.script({"vendor": "vibegen", "fault": "job_late", "seconds": 900})
    path = f"{TASKS}/{scripted.post(CREATE, body()).json()['data']['id']}"
    assert scripted.end(path, after_s=599)["status"] == "pending"
    task = scripted.end(path, after_s=2)
    assert (task["status"], task["error"], task["video_url"]) == ("failed", "Task timed out", None)


@pytest.mark.parametrize(("window", "path"), [("vibegen-create", CREATE), ("vibegen-query", TASKS)])
def test_creates_and_queries_have_windows_of_a_minute(start, window, path):  # VG-R8, with 3 in place of 1000
    vendor = start("--per-minute", f"{window}=3")
    method, request_body = ("POST", body()) if path == CREATE else ("GET", None)
    assert [vendor.send(method, path, request_body).status_code for _ in range(4)][2:] == [
        201 if path == CREATE else 200,
        429,
    ]
    refused = vendor.send(method, path, request_body)
    assert (refused.json()["error"]["code"], refused.headers["retry-after"]) == ("RATE_LIMIT_EXCEEDED", "60")
    vendor.advance(60)
    assert vendor.send(method, path, request_body).status_code in {200, 201}


def test_the_list_is_asked_by_offset_and_answered_by_page(start):
    vendor = start()
    ids = [vendor.post(CREATE, body(prompt=f"clip {n}")).json()["data"]["id"] for n in range(5)]
    listed = vendor.get(f"{TASKS}?limit=2&offset=2").json()["data"]
    assert [task["id"] for task in listed["tasks"]] == [ids[2], ids[1]]
    assert listed["pagination"] == {"page": 2, "pageSize": 2, "total": 5, "total_pages": 3}
    assert vendor.get(f"{TASKS}?status=completed").json()["data"]["pagination"]["total"] == 0
    vendor.end(f"{TASKS}/{ids[0]}")
    vendor.get(TASKS)
    vendor.quiet()
    assert vendor.get(f"{TASKS}?status=completed").json()["data"]["pagination"]["total"] == 5
    assert vendor.get(TASKS, user=1).json()["data"]["tasks"] == []
    for query in ("limit=0", "offset=x", "status=done"):
        assert vendor.get(f"{TASKS}?{query}").json()["error"]["code"] == "INVALID_PARAMETER"


def test_keys_and_ids_that_are_not_known_have_the_documented_errors(world):
    refused = world.send("POST", CREATE, body(), key="sk-video-unknown")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "INVALID_API_KEY")
    task_id = world.post(CREATE, body()).json()["data"]["id"]
    for path, user in ((f"{TASKS}/550e8400-e29b-41d4-a716-446655440000", 0), (f"{TASKS}/{task_id}", 1)):
        missing = world.get(path, user=user)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "TASK_NOT_FOUND")


@pytest.fixture
def inbox():
    """A server that keeps the bodies that are posted to it."""
    received = queue.Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            received.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_callback_tells_of_the_end_once_in_the_documents_words(scripted, inbox):
    address, received = inbox
    scripted.script(
        {"vendor": "vibegen", "fault": "job_failed", "match": "doomed", "message": "Content policy violation"}
    )
    for prompt in ("a calm sea", "a doomed ship"):
        task_id = scripted.post(CREATE, body(prompt=prompt, callback_url=address)).json()["data"]["id"]
        task = scripted.end(f"{TASKS}/{task_id}")
        told = received.get(timeout=60)
        assert told["task_id"] == task_id
        if prompt == "a calm sea":
            names = ("video_url", "created_at", "completed_at")
            assert told == {"event": "task.completed", "task_id": task_id, "status": "completed"} | {
                n: task[n] for n in names
            }
        else:
            assert set(told) == {"event", "task_id", "status", "error_message", "created_at", "failed_at"}
            assert (told["event"], told["error_message"]) == ("task.failed", "Content policy violation")
    assert received.empty()
