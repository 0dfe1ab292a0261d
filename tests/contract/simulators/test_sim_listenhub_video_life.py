"""ListenHub AI video as its page describes it: a job's life, lists, rate windows, owners, credits."""

from concurrent.futures import ThreadPoolExecutor

import pytest

GENERATE = "/listenhub/openapi/v1/video-generation/generate"
TASKS = "/listenhub/openapi/v1/video-generation/tasks"

FAST, HAPPY = "doubao-seedance-2-fast", "happyhorse"


def body(model=HAPPY, words="a quiet coast", **more):
    return {"model": model, "content": [{"type": "text", "text": words}], "duration": 5, **more}


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
    made = scripted.create(GENERATE, body(words="a doomed ship") | {"duration": 3})
    task_id = made.json()["data"]["taskId"]
    assert scripted.book("listenhub")["balance"] == before - 9
    task = scripted.end(f"{TASKS}/{task_id}")
    assert (task["status"], task["creditCharged"], task["videoUrl"]) == ("failed", 9, None)
    job = next(job for job in scripted.book("listenhub")["jobs"] if job["id"] == task_id)
    assert (job["charged"], job["refunded"], job["state"]) == (9, refunded, "failed")
    assert scripted.book("listenhub")["balance"] == before - 9 + refunded
