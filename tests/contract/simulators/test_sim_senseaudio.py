"""SenseAudio video: every rule refused with its code, the bare status body, no list."""

import base64
import io

import pytest
from PIL import Image

CREATE = "/senseaudio/v1/video/create"
STATUS = "/senseaudio/v1/video/status"

TEXT = {"type": "text", "text": "黄昏海边"}
AUDIO = {"type": "audio", "audio_url": "https://example.com/a.mp3"}
VIDEO = {"type": "video", "video_url": "https://example.com/a.mp4"}


def image(role="reference", url="https://example.com/a.jpg"):
    return {"type": "image", "url": url, "role": role}


def data_url(width=640, height=480, form="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 80, 40)).save(buffer, form)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def body(content=None, **more):
    return {
        "model": "doubao-seedance-2-0-260128",
        "content": [TEXT] if content is None else content,
        "duration": 4,
        "resolution": "480p",
        "ratio": "16:9",
        **more,
    }


REFUSED = [
    ("SA-R1", body(duration=3)),
    ("SA-R1", body(duration=16)),
    ("SA-R1", body(duration=4.5)),
    ("SA-R1", body(duration="5")),
    ("SA-R2", body(resolution="1080p")),
    ("SA-R3", body(ratio="21:9")),
    ("SA-R3", body(ratio="adaptive")),
    ("SA-R4", body([TEXT, TEXT])),
    ("SA-R5", body([image("first_frame"), image()])),
    ("SA-R5", body([image("last_frame")])),
    ("SA-R5", body([image("first_frame"), VIDEO])),
    ("SA-R6", body([image()] * 10)),
    ("SA-R6", body([image()] + [AUDIO] * 4)),
    ("SA-R6", body([VIDEO] * 4)),
    ("SA-R7", body([TEXT, AUDIO])),
    ("SA-R8", body(timeout=3599)),
    ("SA-R8", body(timeout=172801)),
    ("picture", body([image(url=data_url(300, 400))])),  # sides are open: (300, 6000)
    ("picture", body([image(url=data_url(1000, 400))])),  # the ratio is open: (0.4, 2.5)
    ("picture", body([image(url="data:image/png;base64,bm8gcGljdHVyZQ==")])),
]


@pytest.mark.parametrize(("rule", "request_body"), REFUSED, ids=[f"{r}-{n}" for n, (r, _) in enumerate(REFUSED)])
def test_a_broken_rule_is_refused_by_its_name_and_creates_nothing(world, rule, request_body):
    before = len(world.book("senseaudio")["jobs"])
    reply = world.post(CREATE, request_body)
    assert (reply.status_code, reply.json()["ref_code"]) == (400, 400000)
    assert reply.json()["message"].endswith(f"[{rule}]")
    assert len(world.book("senseaudio")["jobs"]) == before


def test_a_wrong_model_is_answered_as_the_servers_own_error(world):  # SA-R12
    reply = world.post(CREATE, body(model="doubao-seedance-9"))
    assert (reply.status_code, reply.json()["ref_code"]) == (500, 500000)


@pytest.mark.parametrize(
    "request_body",
    [
        {name: value for name, value in body().items() if name != "ratio"},
        body([{"type": "image", "role": "reference"}]),
        body([{"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}}]),  # another vendor's shape
        body(watermark="no"),
        body(provider_specific=[]),
    ],
)
def test_a_field_of_the_wrong_shape_is_a_bad_parameter(world, request_body):
    reply = world.post(CREATE, request_body)
    assert (reply.status_code, reply.json()["ref_code"]) == (400, 400000)


ACCEPTED = [
    ("text", body()),
    (
        "first and last frame",
        body([TEXT, image("first_frame", data_url()), image("last_frame", data_url(form="JPEG"))]),
    ),
    ("references of each kind", body([image(), AUDIO, VIDEO])),
    ("SA-R10: unknown keys are ignored", body(provider_specific={"generate_audio": True, "camera_fixed": True})),
    ("SA-R9 is off: the document's own example", body([], timeout=88200, watermark=True)),
]


@pytest.mark.parametrize("request_body", [b for _, b in ACCEPTED], ids=[name for name, _ in ACCEPTED])
def test_a_legal_request_is_answered_with_its_id_alone(world, request_body):
    reply = world.post(CREATE, request_body)
    assert (reply.status_code, list(reply.json())) == (200, ["task_id"])


MODES = [
    ({"sa_r9": True}, body([])),
    ({"sa_r11": True}, body([image()])),
]


@pytest.mark.parametrize(("modes", "request_body"), MODES, ids=["SA-R9", "SA-R11"])
def test_a_rule_that_the_documents_example_breaks_is_a_mode(scripted, modes, request_body):
    assert scripted.post(CREATE, request_body).status_code == 200
    scripted.script(**modes)
    assert scripted.post(CREATE, request_body).status_code == 400
    assert scripted.post(CREATE, body([TEXT, image(url=data_url())])).status_code == 200


def test_a_status_is_flat_and_ends_with_a_clip_of_24_frames_a_second_and_one(world):
    task_id = world.post(CREATE, body(provider_specific={"generate_audio": True})).json()["task_id"]
    path = f"{STATUS}?id={task_id}"
    seen = []
    for vendor_s in (0, 50, 60):  # 100 s in all
        status = world.end(path, after_s=vendor_s)
        seen.append((status["status"], status["progress"], bool(status["video_url"])))
    assert seen == [("pending", 0, False), ("processing", 50, False), ("completed", 100, True)]
    assert status["task_id"] == task_id != status["id"]
    assert (status["duration"], status["content"], status["prompt"]) == (4, [TEXT], "")
    assert status["completed_at"] - status["created_at"] == 110, "whole seconds, as this vendor counts"
    job = next(job for job in world.book("senseaudio")["jobs"] if job["id"] == task_id)
    assert job["result"] == {"width": 864, "height": 496, "frames": 97}
    assert world.client.get(status["video_url"]).status_code == 200


def test_a_clip_is_gone_after_a_day(world):
    task_id = world.post(CREATE, body()).json()["task_id"]
    task = world.end(f"{STATUS}?id={task_id}")
    world.advance(24 * 3600 - 1)
    assert world.client.get(task["video_url"]).status_code == 200
    world.advance(2)
    assert world.client.get(task["video_url"]).status_code == 403


def test_unknown_and_foreign_ids_are_not_found_and_no_id_means_the_newest(world):
    first, newest = (world.post(CREATE, body()).json()["task_id"] for _ in range(2))
    assert world.get(STATUS).json()["task_id"] == newest
    assert world.get(f"{STATUS}?id={first}").json()["task_id"] == first
    for path, user in ((f"{STATUS}?id={first}", 1), (f"{STATUS}?id=00000000-0000-4000-8000-000000000000", 0)):
        reply = world.get(path, user=user)
        assert (reply.status_code, reply.json()["ref_code"]) == (404, 404000)


def test_in_the_field_reports_mode_the_newest_task_answers_for_any_id(scripted):
    first, newest = (scripted.post(CREATE, body()).json()["task_id"] for _ in range(2))
    scripted.script(senseaudio_ignores_id=True)
    assert scripted.get(f"{STATUS}?id={first}").json()["task_id"] == newest


def test_a_bad_key_a_full_queue_and_an_empty_purse_have_their_codes(start):
    vendor = start("--grant", "senseaudio=50", "--concurrent", "senseaudio=1")
    refused = vendor.send("POST", CREATE, body(), key="sk-unknown")
    assert (refused.status_code, refused.json()["code"]) == (401, "authentication_error")
    first = vendor.post(CREATE, body()).json()["task_id"]  # 40 credits
    busy = vendor.post(CREATE, body())
    assert (busy.status_code, busy.json()["ref_code"]) == (400, 400015)
    vendor.end(f"{STATUS}?id={first}")
    poor = vendor.post(CREATE, body())
    assert (poor.status_code, poor.json()["ref_code"]) == (400, 400001)


def test_there_is_no_list(world):
    assert world.get("/senseaudio/v1/video/list").status_code == 404
    assert [model["id"] for model in world.get("/senseaudio/v1/models?mode=video").json()["data"]] == [body()["model"]]
