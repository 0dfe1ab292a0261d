"""ListenHub AI video as its page describes it: every rule of a request refused with its code."""

import pytest

GENERATE = "/listenhub/openapi/v1/video-generation/generate"
TASKS = "/listenhub/openapi/v1/video-generation/tasks"
ESTIMATE = "/listenhub/openapi/v1/video-generation/estimate-credits"

FAST, PRO, HAPPY = "doubao-seedance-2-fast", "doubao-seedance-2-pro", "happyhorse"


def text(words="a quiet coast"):
    return {"type": "text", "text": words}


def image(role="reference_image", **more):
    return {"type": "image_url", "role": role, "image_url": {"url": "https://example.com/a.jpg", **more}}


def video():
    return {"type": "video_url", "role": "reference_video", "video_url": {"url": "https://example.com/a.mp4"}}


def audio():
    return {"type": "audio_url", "role": "reference_audio", "audio_url": {"url": "https://example.com/a.mp3"}}


def body(model=HAPPY, content=None, **more):
    return {"model": model, "content": [text()] if content is None else content, "duration": 5, **more}


REFUSED = [
    ("LH-R1", body(content=[]), 32004),
    ("LH-R1", body(content=[text()] + [image()] * 16), 32004),  # 17 items
    ("LH-R2", body(content=[text(), text("again")]), 32004),
    ("LH-R3", body(content=[image()] * 10), 32004),
    ("LH-R4", body(content=[video()] * 4, inputVideoDuration=5), 32004),
    ("LH-R5", body(FAST, [image()] + [audio()] * 4), 32004),
    ("LH-R6", body(FAST, [text("字" * 501)]), 32004),
    ("LH-R6", body(PRO, [text("字" * 501)]), 32004),
    ("LH-R7", body(content=[text("字" * 2501)]), 32004),
    ("LH-R8", body(FAST, resolution="1080p"), 32004),
    ("LH-R9", body(resolution="480p"), 32004),
    ("LH-R10", body(FAST, ratio="4:5"), 32004),
    ("LH-R10", body(PRO, ratio="5:4"), 32004),
    ("LH-R11", body(ratio="9:21"), 32004),
    ("LH-R11", body(ratio="adaptive"), 32004),
    ("LH-R11", body(FAST, ratio="keep_ratio"), 32004),
    ("LH-R12", body(FAST) | {"duration": 3}, 32004),
    ("LH-R12", body(PRO) | {"duration": 16}, 32004),
    ("LH-R13", body() | {"duration": 2}, 32004),
    ("LH-R13", body() | {"duration": 16}, 32004),
    ("LH-R14", body() | {"duration": 5.5}, 32004),
    ("LH-R14", body() | {"duration": "5"}, 32004),
    ("LH-R14", body() | {"duration": True}, 32004),
    ("LH-R15", body(PRO, [text(), image("last_frame")]), 32004),
    ("LH-R16", body(content=[text(), image("first_frame"), image()]), 32004),
    ("LH-R16", body(PRO, [image("first_frame"), video()], inputVideoDuration=5), 32004),
    ("LH-R17", body(content=[image("first_frame"), image("last_frame")]), 32004),
    ("LH-R18", body(content=[image(), audio()]), 32004),
    ("LH-R19", body(FAST, [text(), audio()]), 32006),
    ("LH-R20", body(content=[text(), video()]), 32004),
    ("LH-R21", body(content=[video()], inputVideoDuration=2), 32004),
    ("LH-R21", body(content=[video()], inputVideoDuration=61), 32004),
    ("LH-R21", body(FAST, [video()], inputVideoDuration=16), 32004),
    ("LH-R22", body(content=[image("first_frame")] * 2), 32004),
    ("seed", body(seed=2**31), 32004),
    ("seed", body(FAST, seed=2**32), 32004),
]


@pytest.mark.parametrize(
    ("rule", "request_body", "code"), REFUSED, ids=[f"{r}-{n}" for n, (r, _, _) in enumerate(REFUSED)]
)
def test_a_broken_rule_is_refused_by_its_name_and_creates_nothing(world, rule, request_body, code):
    before = len(world.book("listenhub")["jobs"])
    reply = world.post(GENERATE, request_body)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert reply.json()["message"].endswith(f"[{rule}]")
    assert len(world.book("listenhub")["jobs"]) == before


SHAPES = [
    ("unknown model", body("sora")),
    ("no content", {"model": HAPPY}),
    ("content not a list", body(content="a coast")),
    ("unknown item", body(content=[{"type": "smell", "smell": "sea"}])),
    ("unknown role", body(content=[image("mascot")])),
    ("no address", body(content=[{"type": "image_url", "image_url": {}}])),
    ("other scheme", body(content=[{"type": "image_url", "image_url": {"url": "ftp://example.com/a.jpg"}}])),
    ("unknown resolution", body(resolution="360p")),
    ("generateAudio as text", body(generateAudio="yes")),
    ("audioSetting", body(audioSetting="loud")),
    ("seed as text", body(seed="7")),
]


@pytest.mark.parametrize("request_body", [b for _, b in SHAPES], ids=[name for name, _ in SHAPES])
def test_a_field_of_the_wrong_shape_is_an_invalid_parameter(world, request_body):
    reply = world.post(GENERATE, request_body)
    assert (reply.status_code, reply.json()["code"], reply.json()["data"]) == (400, 32004, None)


ACCEPTED = [
    ("happyhorse, shortest", body() | {"duration": 3}),
    ("seedance fast, smallest", body(FAST, resolution="480p") | {"duration": 4}),
    ("seedance pro, first and last frame", body(PRO, [image("first_frame"), image("last_frame")], resolution="480p")),
    ("seedance, audio beside an image", body(FAST, [image(), audio()], resolution="480p")),
    ("happyhorse, 2500 characters", body(content=[text("字" * 2500)]) | {"duration": 3}),
    ("happyhorse, reference video", body(content=[video(), image()], inputVideoDuration=8, audioSetting="origin")),
    ("happyhorse, 4:5", body(ratio="4:5") | {"duration": 3}),
    ("seedance, widest", body(FAST, ratio="21:9", resolution="480p")),
]


@pytest.mark.parametrize("request_body", [b for _, b in ACCEPTED], ids=[name for name, _ in ACCEPTED])
def test_a_legal_request_is_accepted_charged_at_once_and_echoed(world, request_body):
    reply = world.create(GENERATE, request_body)
    data = reply.json()["data"]
    assert (reply.status_code, reply.json()["code"], data["status"]) == (200, 0, "generating")
    task = world.get(f"{TASKS}/{data['taskId']}").json()["data"]
    assert task["creditCharged"] > 0
    assert task["params"]["content"] == request_body["content"]
    assert task["params"]["seed"] == -1
    assert task["seed"] >= 0


@pytest.mark.parametrize("query", ["pageSize=101", "pageSize=0", "page=0", "page=x", "status=done"])
def test_a_wrong_list_parameter_is_refused(world, query):
    assert world.get(f"{TASKS}?{query}").json()["code"] == 32004


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer lh_sk_sim_gamma"},
        {"authorization": "Bearer sk-video-sim-alpha"},
        {"authorization": "lh_sk_sim_alpha"},
    ],
    ids=["none", "unknown", "another vendor's", "no scheme"],
)
def test_a_missing_or_unknown_key_is_refused(world, headers):  # LH-R24
    reply = world.client.post(GENERATE, json=body(), headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (401, 21007)


ESTIMATES = [
    # The page's own example.
    ({"model": FAST, "resolution": "720p", "duration": 5, "hasVideoInput": False, "ratio": "16:9"}, 155520, 12),
    ({"model": FAST, "resolution": "720p", "duration": 10}, 311040, 24),
    ({"model": HAPPY, "resolution": "720p", "duration": 5, "hasVideoInput": True, "inputVideoDuration": 5}, 311040, 30),
]


@pytest.mark.parametrize(("request_body", "tokens", "price"), ESTIMATES)
def test_an_estimate_is_what_a_create_charges(world, request_body, tokens, price):
    assert world.post(ESTIMATE, request_body).json()["data"] == {"tokens": tokens, "credits": price}


@pytest.mark.parametrize(
    "request_body",
    [
        {"resolution": "720p", "duration": 5},
        {"model": FAST, "resolution": "1080p", "duration": 5},
        {"model": HAPPY, "resolution": "720p", "duration": 2},
        {"model": PRO, "resolution": "720p", "duration": 5, "ratio": "4:5"},
        {"model": PRO, "resolution": "720p", "duration": 5, "hasVideoInput": True},
    ],
)
def test_an_estimate_of_what_can_not_be_made_is_refused(world, request_body):
    assert world.post(ESTIMATE, request_body).json()["code"] == 32004


METADATA = {"role": "reference_image", "width": 1280, "height": 720, "size": 90_000}
MODES = [
    # LH-R6: the newer page truncates in place of refusing.
    ({"lh_r6_truncate": True}, body(FAST, [text("字" * 501)], resolution="480p"), 0),
    ({"lh_r23": True}, body(FAST, [image()], resolution="480p"), 32004),
    ({"lh_r23": True}, body(FAST, [image()], resolution="480p", referenceImages=[METADATA | {"width": 200}]), 32004),
    ({"lh_r23": True}, body(FAST, [image()], resolution="480p", referenceImages=[METADATA]), 0),
    ({"lh_r23": True}, body(FAST, [image(width=720, height=720)], resolution="480p"), 0),
    ({"lh_r23": True}, body(HAPPY, [image()]), 0),  # only Seedance wants it
]


@pytest.mark.parametrize(("modes", "request_body", "code"), MODES)
def test_a_mode_changes_what_a_rule_refuses(scripted, modes, request_body, code):
    scripted.script(**modes)
    reply = scripted.create(GENERATE, request_body)
    assert reply.json()["code"] == code
    if modes.get("lh_r6_truncate"):
        listed = scripted.get(f"{TASKS}?pageSize=1").json()["data"]["items"][0]
        assert listed["prompt"] == "字" * 500


def test_in_the_general_pages_mode_every_reply_is_http_200_and_only_the_code_tells(scripted):
    scripted.script(listenhub_http_200=True)
    reply = scripted.post(GENERATE, body(content=[]))
    assert (reply.status_code, reply.json()["code"]) == (200, 32004)
    assert scripted.get(f"{TASKS}/665f1d4e8b3a3f001234abcd").status_code == 200
