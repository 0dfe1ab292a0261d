"""ListenHub's images, uploads, speakers and subscription."""

import base64
import io

import pytest
from PIL import Image

API = "/listenhub/openapi/v1"
IMAGES = f"{API}/images/generation"


def picture_of(content):
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        return picture


def body(prompt="a red fox", **more):
    return {"provider": "google", "prompt": prompt, **more}


@pytest.mark.parametrize(
    "request_body",
    [
        {"prompt": "no provider"},
        body(provider="midjourney"),
        body(""),
        body(model="gpt-image-2"),  # of another provider
        body(imageConfig={"imageSize": "8K"}),
        body(imageConfig={"aspectRatio": "5:4"}),
        body(referenceImages=[{}]),
        body(referenceImages=[{"fileData": {"fileUri": "https://e.com/a.png", "mimeType": "image/png"}}] * 15),
    ],
)
def test_a_wrong_image_request_is_refused(world, request_body):
    for path in (IMAGES, f"{IMAGES}/async", f"{IMAGES}/estimate-credits"):
        reply = world.post(path, request_body)
        assert (reply.status_code, reply.json()["code"]) == (400, 29003)


SIZES = [
    ({}, (1024, 1024)),
    ({"aspectRatio": "16:9"}, (1376, 768)),
    ({"imageSize": "2K", "aspectRatio": "9:16"}, (1536, 2752)),
]


@pytest.mark.parametrize(("config", "size"), SIZES)
def test_the_async_form_ends_with_an_image_of_the_size_asked_for(world, config, size):
    made = world.create(f"{IMAGES}/async", body(imageConfig=config))
    assert (made.status_code, made.json()["data"]["status"]) == (202, "pending")
    task = world.end(f"{IMAGES}/tasks/{made.json()['data']['taskId']}")
    assert task["status"] == "success"
    file = world.client.get(task["images"][0]["url"])
    assert file.headers["content-type"] == task["images"][0]["mimeType"]
    assert picture_of(file.content).size == size


def test_the_same_words_draw_the_same_sheet_and_others_another(world):
    pictures = []
    for prompt in ("a red fox", "a red fox", "a girl in a blue coat"):
        task_id = world.create(f"{IMAGES}/async", body(prompt)).json()["data"]["taskId"]
        task = world.end(f"{IMAGES}/tasks/{task_id}")
        pictures.append(picture_of(world.client.get(task["images"][0]["url"]).content).tobytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_the_sync_form_is_the_models_raw_json_without_an_envelope(start):
    vendor = start("--time-scale", "1000")
    vendor.client.put("/_control/clock", json={"running": True})
    raw = vendor.post(IMAGES, body(imageConfig={"aspectRatio": "1:1"})).json()
    assert "code" not in raw
    part = raw["candidates"][0]["content"]["parts"][0]["inlineData"]
    assert raw["candidates"][0]["finishReason"] == "STOP"
    assert part["mimeType"] == "image/png"
    assert picture_of(base64.b64decode(part["data"])).size == (1024, 1024)
    vendor.script({"vendor": "listenhub-images", "fault": "job_failed", "moderated": True})
    blocked = vendor.post(IMAGES, body()).json()["candidates"][0]
    assert (blocked["finishReason"], blocked["content"]) == ("SAFETY", {})


def test_a_failed_image_says_fail_and_why(scripted):
    scripted.script({"vendor": "listenhub-images", "fault": "job_failed", "message": "no GPU"})
    made = scripted.create(f"{IMAGES}/async", body())
    task = scripted.end(f"{IMAGES}/tasks/{made.json()['data']['taskId']}")
    assert (task["status"], task["failMsg"], task["retryable"], task["images"]) == ("fail", "no GPU", True, [])


def test_images_voices_and_clips_spend_one_currency(world):
    before = world.get(f"{API}/user/subscription").json()["data"]["totalAvailableCredits"]
    estimate = world.post(f"{IMAGES}/estimate-credits", body(imageConfig={"imageSize": "4K"})).json()["data"]
    assert estimate == {"credits": 30, "canGenerate": True, "requiresSubscription": False, "warnings": []}
    world.create(f"{IMAGES}/async", body())
    world.create(f"{API}/listenhub-voice/generate", {"text": "rain", "durationHint": 10})
    after = world.get(f"{API}/user/subscription").json()["data"]["totalAvailableCredits"]
    assert before - after == 15 + 7
    assert world.get(f"{IMAGES}/tasks?pageSize=1").json()["data"]["items"][0]["prompt"] == "a red fox"


def test_the_fourth_image_in_a_minute_is_refused(start):
    vendor = start()
    statuses = [vendor.post(f"{IMAGES}/async", body()).status_code for _ in range(4)]
    assert statuses == [202, 202, 202, 429]


def test_a_poor_user_gets_no_image(start):
    vendor = start("--grant", "listenhub=14")
    assert vendor.post(f"{IMAGES}/estimate-credits", body()).json()["data"]["canGenerate"] is False
    refused = vendor.post(f"{IMAGES}/async", body())
    assert (refused.status_code, refused.json()["code"]) == (402, 26004)


def test_an_unknown_image_task_is_not_found(world):
    reply = world.get(f"{IMAGES}/tasks/665f1d4e8b3a3f001234abcd")
    assert (reply.status_code, reply.json()["code"]) == (404, 25002)


def presign(world, content_type="image/png", name="a b.png"):
    reply = world.post(f"{API}/files", {"fileKey": name, "contentType": content_type, "category": "banana"})
    return reply.json()["data"]


def test_a_file_put_with_the_signed_type_is_found_at_its_url(world):
    data = presign(world)
    assert world.client.get(data["fileUrl"]).status_code == 404, "nothing is there before"
    put = world.client.put(data["presignedUrl"], content=b"picture", headers={"content-type": "image/png"})
    assert put.status_code == 200
    file = world.client.get(data["fileUrl"])
    assert (file.content, file.headers["content-type"]) == (b"picture", "image/png")


def wrong_type(world, data):
    return world.client.put(data["presignedUrl"], content=b"x", headers={"content-type": "image/jpeg"})


def unsigned(world, data):
    return world.client.put(data["fileUrl"], content=b"x", headers={"content-type": "image/png"})


def too_late(world, data):
    world.advance(901)
    return world.client.put(data["presignedUrl"], content=b"x", headers={"content-type": "image/png"})


def too_large(world, data):
    return world.client.put(data["presignedUrl"], content=bytes(10 * 2**20 + 1), headers={"content-type": "image/png"})


@pytest.mark.parametrize("put", [wrong_type, unsigned, too_late, too_large])
def test_a_put_that_was_not_signed_for_stores_nothing(world, put):
    data = presign(world)
    assert put(world, data).status_code in {400, 403}
    assert world.client.get(data["fileUrl"]).status_code == 404


@pytest.mark.parametrize(
    "request_body",
    [{}, {"fileKey": "a.exe", "contentType": "application/x-dosexec"}, {"fileKey": "", "contentType": "image/png"}],
)
def test_a_wrong_file_request_is_refused(world, request_body):
    assert world.post(f"{API}/files", request_body).json()["code"] == 29003


def test_a_name_with_a_path_stays_inside_the_uploads(world):
    data = presign(world, name="x/../../../../evil.png")
    assert (
        world.client.put(data["presignedUrl"], content=b"x", headers={"content-type": "image/png"}).status_code == 200
    )
    assert not list(world.home.glob("evil.png")) + list(world.home.parent.glob("evil.png"))
    assert world.client.get(data["fileUrl"]).content == b"x"


def test_speakers_are_listed_by_language_and_can_be_listened_to(world):
    everyone = world.get(f"{API}/speakers/list").json()["data"]["items"]
    assert {"zh_female_warm", "zh_male_calm"} <= {one["speakerId"] for one in everyone}
    english = world.get(f"{API}/speakers/list?language=en&status=3").json()["data"]["items"]
    assert english
    assert {one["language"] for one in english} == {"en"}
    demonstration = world.client.get(english[0]["demoAudioUrl"])
    assert (demonstration.headers["content-type"], len(demonstration.content) > 4000) == ("audio/mpeg", True)
    assert world.get(f"{API}/speakers/list?status=1").json()["data"]["items"] == []
