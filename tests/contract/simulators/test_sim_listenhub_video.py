"""ListenHub AI video as its page describes it: every rule refused with its code, statuses, lists, books."""

from concurrent.futures import ThreadPoolExecutor

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


def test_a_job_goes_through_its_statuses_and_ends_with_a_clip(world):
    data = world.create(GENERATE, body(seed=77, generateAudio=False) | {"duration": 3}).json()["data"]
    path = f"{TASKS}/{data['taskId']}"
    # 40 s in all: nine tenths generating, one tenth storing.
    seen = [world.end(path, after_s=vendor_s)["status"] for vendor_s in (0, 37, 4)]
    assert seen == ["generating", "uploading", "success"]
    task = world.get(path).json()["data"]
    assert (task["params"]["seed"], task["seed"], task["episodeId"]) == (77, 77, data["episodeId"])
    for name, kind in (("videoUrl", "video/mp4"), ("coverUrl", "image/jpeg"), ("providerVideoUrl", "video/mp4")):
        file = world.client.get(task[name])
        assert (file.status_code, file.headers["content-type"]) == (200, kind)


def test_a_job_is_no_success_before_its_file_is_there_even_when_its_time_has_come(start):
    slow = start()
    task_id = slow.post(GENERATE, body() | {"duration": 15}).json()["data"]["taskId"]
    slow.advance(400)
    # A 15 s clip takes longer than one round trip; both answers are checked so that the test can't pass by luck alone.
    first = slow.get(f"{TASKS}/{task_id}").json()["data"]
    assert first["status"] == "uploading"
    assert first["videoUrl"] is None
    slow.quiet()
    assert slow.get(f"{TASKS}/{task_id}").json()["data"]["status"] == "success"


def test_the_list_is_newest_first_paged_filtered_and_without_content(start):
    vendor = start()
    ids = [vendor.create(GENERATE, body(seed=n) | {"duration": 3}).json()["data"]["taskId"] for n in range(3)]
    listed = vendor.get(f"{TASKS}?page=1&pageSize=2").json()["data"]
    assert [item["id"] for item in listed["items"]] == [ids[2], ids[1]]
    assert (listed["page"], listed["pageSize"], listed["total"]) == (1, 2, 3)
    assert vendor.get(f"{TASKS}?page=2&pageSize=2").json()["data"]["items"][0]["id"] == ids[0]
    item = listed["items"][0]
    assert (item["params"]["content"], item["params"]["seed"], item["prompt"]) == ([], 2, "a quiet coast")
    vendor.end(f"{TASKS}/{ids[0]}", after_s=0)  # 61 and 122 s old; the newest is not done
    vendor.get(TASKS)
    vendor.quiet()
    assert [one["id"] for one in vendor.get(f"{TASKS}?status=success").json()["data"]["items"]] == [ids[1], ids[0]]
    assert vendor.get(f"{TASKS}?status=generating").json()["data"]["total"] == 1
    assert vendor.get(f"{TASKS}?status=failed").json()["data"]["total"] == 0


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


@pytest.mark.parametrize(("model", "limit"), [(FAST, 2), (HAPPY, 5)])
def test_the_window_holds_as_many_creates_as_documented_and_slides(start, model, limit):  # LH-R25
    vendor = start()
    request_body = body(model, resolution="480p" if model == FAST else "720p") | {"duration": 4}
    for _ in range(limit):
        assert vendor.post(GENERATE, request_body).status_code == 200
        vendor.advance(10)
    full = vendor.post(GENERATE, request_body)
    assert (full.status_code, full.json()["code"]) == (429, 29998)
    wait_s = int(full.headers["retry-after"])
    assert wait_s == 60 - 10 * limit
    assert vendor.post(GENERATE, request_body, user=1).status_code == 200, "another user has a window of its own"
    vendor.advance(wait_s)
    assert vendor.post(GENERATE, request_body).status_code == 200
    assert vendor.post(GENERATE, request_body).status_code == 429, "only one place had become free"


def test_creates_at_the_same_moment_get_exactly_the_places_there_are(start):
    vendor = start()
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: vendor.post(GENERATE, body()).status_code, range(12)))
    assert sorted(replies) == [200] * 5 + [429] * 7
    assert len(vendor.book("listenhub")["jobs"]) == 5


def test_without_credits_nothing_is_created(start):  # LH-R26
    vendor = start("--grant", "listenhub=20")
    assert vendor.post(GENERATE, body()).status_code == 200  # 15 credits
    poor = vendor.post(GENERATE, body())
    assert (poor.status_code, poor.json()["code"]) == (402, 32002)
    book = vendor.book("listenhub")
    assert (len(book["jobs"]), book["balance"]) == (1, 5)


def test_another_users_task_is_forbidden_and_an_unknown_one_not_found(world):  # LH-R27
    task_id = world.create(GENERATE, body() | {"duration": 3}).json()["data"]["taskId"]
    foreign = world.get(f"{TASKS}/{task_id}", user=1)
    assert (foreign.status_code, foreign.json()["code"]) == (403, 32005)
    unknown = world.get(f"{TASKS}/665f1d4e8b3a3f001234abcd")
    assert (unknown.status_code, unknown.json()["code"]) == (404, 32001)
    assert task_id not in world.get(f"{TASKS}?pageSize=3", user=1).text


@pytest.mark.parametrize(("refund", "refunded"), [(True, 9), (False, 0)])
def test_a_failed_job_keeps_its_charge_in_the_reply_and_is_refunded_when_eligible(scripted, refund, refunded):  # LH-R28
    scripted.script({"vendor": "listenhub-video", "fault": "job_failed", "refund": refund, "match": "doomed"})
    before = scripted.book("listenhub")["balance"]
    made = scripted.create(GENERATE, body(content=[text("a doomed ship")]) | {"duration": 3})
    task_id = made.json()["data"]["taskId"]
    assert scripted.book("listenhub")["balance"] == before - 9
    task = scripted.end(f"{TASKS}/{task_id}")
    assert (task["status"], task["creditCharged"], task["videoUrl"]) == ("failed", 9, None)
    job = next(job for job in scripted.book("listenhub")["jobs"] if job["id"] == task_id)
    assert (job["charged"], job["refunded"], job["state"]) == (9, refunded, "failed")
    assert scripted.book("listenhub")["balance"] == before - 9 + refunded


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
