"""ListenHub Voice as its page describes it: every rule refused with its code, the task's fields, what is heard."""

import base64
import io
import wave

import av
import numpy as np
import pytest

GENERATE = "/listenhub/openapi/v1/listenhub-voice/generate"
TASKS = "/listenhub/openapi/v1/listenhub-voice/tasks"

WARM = {"type": "speaker", "id": "zh_female_warm"}
CLONED = {"type": "reference", "url": "https://example.com/host.mp3"}
OFFICIAL = {"type": "speaker", "id": "zh_male_news"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()


def body(text="A gentle rain falls.", **more):
    return {"text": text, **more}


REFUSED = [
    ("LV1", body(voices=[WARM], image={"url": "https://example.com/a.jpg"}), 33004),
    ("LV2", body(voices=[{"type": "speaker", "url": "https://example.com/a.mp3"}]), 33004),
    ("LV2", body(voices=[WARM | {"url": "https://example.com/a.mp3"}]), 33004),
    ("LV2", body(voices=[CLONED | {"id": "zh_female_warm"}]), 33004),
    ("LV2", body(voices=[{"type": "reference"}]), 33004),
    ("LV2", body(voices=[]), 33004),
    ("LV3", body(voices=[WARM] * 4), 33005),
    ("LV4", body(voices=[{"type": "speaker", "id": "nobody"}]), 33002),
    ("LV5", body(""), 33004),
    ("LV5", body("   \n"), 33004),
    ("LV5", body("字" * 1401), 33004),
    ("LV6", body(durationHint=0.5), 33004),
    ("LV6", body(durationHint=111), 33004),
    ("LV7", body(audioConfig={"speechRate": -51}), 33004),
    ("LV7", body(audioConfig={"loudnessRate": 101}), 33004),
    ("LV7", body(audioConfig={"pitchRate": 13}), 33004),
    ("LV7", body(audioConfig={"format": "flac"}), 33004),
    ("LV8", body(image={}), 33004),
    ("LV8", body(image={"url": "https://example.com/a.jpg", "data": PNG}), 33004),
    ("LV8", body(image={"data": "bm8gcGljdHVyZQ=="}), 33004),
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


@pytest.mark.parametrize(
    "request_body",
    [{}, body(model="listenhub-voice-2.0"), body(voices="zh_female_warm"), body(durationHint="20"), body(text=5)],
)
def test_a_field_of_the_wrong_shape_is_an_invalid_parameter(world, request_body):
    reply = world.post(GENERATE, request_body)
    assert (reply.status_code, reply.json()["code"]) == (400, 33004)


ACCEPTED = [
    ("text alone", body(durationHint=2)),
    ("longest text", body("字" * 1400, durationHint=1)),
    ("speaker", body("你好。", voices=[WARM])),
    # The page's own example: a reference and a speaker in one dialogue.
    ("dialogue", body("@音频1 Hi there! @音频2 Hello!", voices=[CLONED, {"type": "speaker", "id": "zh_male_calm"}])),
    ("picture", body("Describe this.", image={"url": "https://example.com/scene.jpg"})),
    ("inline picture", body("Describe this.", image={"data": f"data:image/png;base64,{PNG}"})),
    ("everything set", body("Hi.", voices=[CLONED], audioConfig={"speechRate": 100, "pitchRate": -12}, watermark=True)),
]


@pytest.mark.parametrize("request_body", [b for _, b in ACCEPTED], ids=[name for name, _ in ACCEPTED])
def test_a_legal_request_is_accepted_with_202(world, request_body):
    reply = world.create(GENERATE, request_body)
    assert reply.status_code == 202
    assert reply.json()["data"]["status"] == "pending"


def test_a_task_tells_its_statuses_its_exact_length_and_what_was_charged(world):
    before = world.book("listenhub")["balance"]
    task_id = world.create(GENERATE, body("清晨的城市慢慢醒来。", voices=[WARM], audioConfig={"format": "wav"})).json()[
        "data"
    ]["taskId"]
    assert world.book("listenhub")["balance"] < before, "credits are reserved at submit"
    path = f"{TASKS}/{task_id}"
    seen = []
    for vendor_s in (0, 2, 9, 2):  # 12 s in all
        task = world.end(path, after_s=vendor_s)
        seen.append(task["status"])
        assert ("audioUrl" in task) == (task["status"] == "success")
        assert (task["creditCharged"] == 0) == (task["status"] != "success")
    assert seen == ["pending", "generating", "uploading", "success"]
    with wave.open(io.BytesIO(world.client.get(task["audioUrl"]).content)) as sound:
        heard_s = sound.getnframes() / sound.getframerate()
        assert sound.getframerate() == 24_000
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)
    assert heard_s == pytest.approx(task["audioDuration"], abs=0.01)
    assert 1.0 < heard_s < 6.0
    assert np.abs(samples).max() > 3000, "it can be heard"
    assert task["creditRefunded"] == 0
    job = next(job for job in world.book("listenhub")["jobs"] if job["id"] == task_id)
    assert (job["charged"], job["refunded"]) == (task["creditCharged"], 0)


@pytest.mark.parametrize(("form", "codec"), [("mp3", "mp3float"), ("ogg_opus", "opus"), ("wav", "pcm_s16le")])
def test_music_has_the_length_of_its_hint_in_each_format(world, form, codec):
    task_id = world.create(GENERATE, body("soft piano", durationHint=4, audioConfig={"format": form})).json()["data"][
        "taskId"
    ]
    task = world.end(f"{TASKS}/{task_id}")
    assert task["audioDuration"] == 4.0
    with av.open(io.BytesIO(world.client.get(task["audioUrl"]).content)) as sound:
        assert sound.streams.audio[0].codec_context.codec.name == codec
        samples = sum(frame.samples for frame in sound.decode(audio=0))
        assert samples / sound.streams.audio[0].rate == pytest.approx(4.0, abs=0.1)


def test_faster_speech_is_shorter(world):
    lengths = []
    for rate in (0, 100):
        request_body = body(
            "The city wakes slowly and light falls on the roofs.", voices=[CLONED], audioConfig={"speechRate": rate}
        )
        lengths.append(
            world.end(f"{TASKS}/{world.create(GENERATE, request_body).json()['data']['taskId']}")["audioDuration"]
        )
    assert lengths[1] < 0.7 * lengths[0]


def test_an_inline_picture_is_never_echoed(world):
    made = world.create(GENERATE, body("Describe this.", image={"data": PNG}))
    task = world.get(f"{TASKS}/{made.json()['data']['taskId']}").json()["data"]
    assert task["params"] == {"text": "Describe this.", "image": {"hasData": True}}


def test_the_list_finds_by_keyword_and_hides_other_users(world):
    ids = [
        world.create(GENERATE, body(text, durationHint=1)).json()["data"]["taskId"]
        for text in ("lighthouse one", "lighthouse two")
    ]
    found = world.get(f"{TASKS}?keyword=lighthouse&pageSize=1").json()["data"]
    assert ([item["id"] for item in found["items"]], found["total"]) == ([ids[1]], 2)
    assert found["items"][0]["params"]["text"] == "lighthouse two"
    assert world.get(f"{TASKS}?keyword=lighthouse", user=1).json()["data"]["total"] == 0
    assert world.get(f"{TASKS}?keyword={'k' * 65}").json()["code"] == 33004


def test_an_unknown_and_another_users_task_look_the_same(world):
    task_id = world.create(GENERATE, body(durationHint=1)).json()["data"]["taskId"]
    for path, user in ((f"{TASKS}/{task_id}", 1), (f"{TASKS}/665f1d4e8b3a3f001234abcd", 0)):
        reply = world.get(path, user=user)
        assert (reply.status_code, reply.json()["code"]) == (400, 33001)


def test_a_failed_task_names_its_reason_and_gives_everything_back(scripted):
    scripted.script({"vendor": "listenhub-voice", "fault": "job_failed", "message": "voice engine failed"})
    task = scripted.end(f"{TASKS}/{scripted.create(GENERATE, body(durationHint=10)).json()['data']['taskId']}")
    assert (task["status"], task["errorMessage"]) == ("failed", "voice engine failed")
    assert task["creditRefunded"] == task["creditCharged"] == 7
    assert "audioUrl" not in task
    job = next(job for job in scripted.book("listenhub")["jobs"] if job["id"] == task["id"])
    assert (job["charged"], job["refunded"]) == (7, 7)


def test_the_sixth_call_in_a_minute_is_refused_with_the_code_in_force(start):  # LV10
    vendor = start()
    for _ in range(5):
        assert vendor.post(GENERATE, body(durationHint=1)).status_code == 202
    sixth = vendor.post(GENERATE, body(durationHint=1))
    assert (sixth.status_code, sixth.json()["code"], sixth.headers["retry-after"]) == (429, 33007, "60")
    vendor.script(voice_rate_code=29998)  # as seen live
    assert vendor.post(GENERATE, body(durationHint=1)).json()["code"] == 29998


def test_the_concurrency_limit_and_an_empty_purse_have_codes_of_their_own(start):  # LV11, LV12
    vendor = start("--grant", "listenhub=14", "--concurrent", "listenhub-voice=1")
    first = vendor.post(GENERATE, body(durationHint=10)).json()["data"]["taskId"]
    busy = vendor.post(GENERATE, body(durationHint=1))
    assert (busy.status_code, busy.json()["code"]) == (400, 33009)
    assert vendor.end(f"{TASKS}/{first}")["creditCharged"] == 7
    poor = vendor.post(GENERATE, body(durationHint=20))
    assert (poor.status_code, poor.json()["code"]) == (400, 33006)
    assert len(vendor.book("listenhub")["jobs"]) == 1


def test_an_official_voice_in_a_dialogue_is_refused_in_its_mode_only(scripted):  # LV9
    request_body = body("@音频1 Hi! @音频2 Hello!", voices=[CLONED, OFFICIAL])
    assert scripted.create(GENERATE, request_body).status_code == 202
    scripted.script(lv9=True)
    refused = scripted.create(GENERATE, request_body)
    assert (refused.status_code, refused.json()["code"]) == (400, 33004)
    assert scripted.create(GENERATE, body(voices=[OFFICIAL])).status_code == 202
