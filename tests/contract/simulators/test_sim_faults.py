"""Scripted faults: each kind does what it says, when it says, to whom it says, and is counted."""

import httpx
import pytest

GENERATE = "/listenhub/openapi/v1/video-generation/generate"
TASKS = "/listenhub/openapi/v1/video-generation/tasks"
VOICE = "/listenhub/openapi/v1/listenhub-voice/generate"


def body(words="a quiet coast", **more):
    return {"model": "happyhorse", "content": [{"type": "text", "text": words}], "duration": 3, **more}


def rule(fault, **more):
    return {"vendor": "listenhub-video", "operation": "create", "fault": fault, **more}


def count(world):
    return len([job for job in world.book("listenhub")["jobs"] if job["service"] == "listenhub-video"])


REPLIES = [
    # rule, HTTP status, Retry-After, code in the envelope (None: no JSON)
    (rule("rate_limited", retry_after_s=15), 429, "15", 29998),
    (rule("rate_limited"), 429, None, 29998),
    (rule("http_error", status=500), 500, None, 29001),
    (rule("http_error", status=503), 503, None, 29001),
    (rule("http_error", status=400, code=32003), 400, None, 32003),
    (rule("http_error", status=401), 401, None, 21007),
    (rule("html"), 200, None, None),
    (rule("html", status=502), 502, None, None),
    (rule("undecodable"), 200, None, None),
    (rule("moderation"), 400, None, 32008),
]


@pytest.mark.parametrize(("script", "status", "retry_after", "code"), REPLIES)
def test_a_fault_at_the_door_replies_as_scripted_once_and_creates_nothing(scripted, script, status, retry_after, code):
    scripted.script(script)
    before = count(scripted)
    reply = scripted.create(GENERATE, body())
    assert (reply.status_code, reply.headers.get("retry-after")) == (status, retry_after)
    if code is None:
        with pytest.raises(ValueError, match=r"."):
            reply.json()
    else:
        assert reply.json()["code"] == code
    assert count(scripted) == before
    assert scripted.create(GENERATE, body()).json()["code"] == 0, "the rule strikes once"


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("kind", ["reset", "undecodable", "http_error", "html", "stall"])
def test_an_accepted_request_is_carried_out_and_charged_though_its_reply_is_lost(scripted, kind, accepted):
    scripted.script(rule(kind, accepted=accepted, **({"seconds": 0.2} if kind == "stall" else {})))
    before, balance = count(scripted), scripted.book("listenhub")["balance"]
    try:
        reply = scripted.create(GENERATE, body("lost and found"))
    except httpx.TransportError:
        assert kind in {"reset", "stall"}
    else:
        assert kind not in {"reset", "stall"}
        assert "taskId" not in reply.text[:20]
    assert count(scripted) == before + accepted
    assert scripted.book("listenhub")["balance"] == balance - 9 * accepted


def test_a_reset_is_a_tcp_reset(scripted):
    scripted.script(rule("reset"))
    with pytest.raises(httpx.ReadError) as caught:
        scripted.create(GENERATE, body())
    assert "reset by peer" in str(caught.value).lower()


def test_a_stall_holds_the_socket_until_the_caller_gives_up(scripted):
    scripted.script(rule("stall"))
    before = count(scripted)
    with pytest.raises(httpx.ReadTimeout):
        scripted.client.post(
            GENERATE,
            json=body(),
            headers={"authorization": "Bearer lh_sk_sim_alpha"},
            timeout=httpx.Timeout(5, read=0.2),
        )
    assert count(scripted) == before
    assert scripted.create(GENERATE, body()).status_code == 200


def test_slow_is_late_but_right(scripted):
    scripted.script(rule("slow", seconds=0.1))
    assert scripted.create(GENERATE, body()).json()["code"] == 0


def test_rules_count_the_calls_they_meet_by_operation_text_and_turn(scripted):
    scripted.script(
        rule("http_error", match="Shot 2/3", nth=2, times=2),
        {"vendor": "listenhub-voice", "fault": "http_error", "times": None},
    )
    texts = ["Shot 2/3 a", "Shot 1/3", "Shot 2/3 b", "Shot 2/3 c", "Shot 2/3 d"]
    assert [scripted.create(GENERATE, body(text)).status_code for text in texts] == [200, 200, 500, 500, 200]
    assert [scripted.create(VOICE, {"text": "x", "durationHint": 1}).status_code for _ in range(3)] == [500] * 3
    assert [one["met"] for one in scripted.client.get("/_control/faults").json()["rules"]] == [4, 3]
    scripted.client.delete("/_control/faults")
    assert scripted.client.get("/_control/faults").json()["rules"] == []


WRONG = [
    {"rules": [{"fault": "earthquake"}]},
    {"rules": [{"fault": "job_failed", "operation": "list"}]},
    {"rules": [{"fault": "reset", "nth": 0}]},
    {"rules": [{"fault": "reset", "colour": "red"}]},
    {"modes": {"unknown": True}},
]


@pytest.mark.parametrize("script", WRONG)
def test_a_wrong_script_is_refused_and_the_old_one_stays(scripted, script):
    scripted.script(rule("reset"))
    assert scripted.client.put("/_control/faults", json=script).status_code == 400
    assert [one["fault"] for one in scripted.client.get("/_control/faults").json()["rules"]] == ["reset"]


def test_a_fate_is_dealt_only_to_orders_that_are_accepted(scripted):
    scripted.script(rule("job_failed", nth=2))
    refused = {"model": "happyhorse", "content": [], "duration": 3}
    ids = []
    for request in (body(), refused, body()):
        reply = scripted.create(GENERATE, request).json()
        ids += [reply["data"]["taskId"]] if reply["code"] == 0 else []
    assert [scripted.end(f"{TASKS}/{task_id}")["status"] for task_id in ids] == ["success", "failed"]


def test_a_late_job_waits_first_and_a_moderated_one_says_so(scripted):
    scripted.script(
        {"vendor": "listenhub-video", "fault": "job_late", "seconds": 100},
        {"vendor": "listenhub-voice", "fault": "job_failed", "moderated": True},
    )
    path = f"{TASKS}/{scripted.create(GENERATE, body()).json()['data']['taskId']}"
    assert scripted.end(path, after_s=99)["status"] == "pending"
    assert scripted.end(path, after_s=42)["status"] == "success"
    voice = scripted.create(VOICE, {"text": "x", "durationHint": 1}).json()["data"]["taskId"]
    task = scripted.end(f"/listenhub/openapi/v1/listenhub-voice/tasks/{voice}")
    assert "moderation" in task["errorMessage"]


def test_an_unknown_status_word_is_shown_once(scripted):
    scripted.script({"vendor": "listenhub-video", "fault": "status_word", "message": "upscaling"})
    path = f"{TASKS}/{scripted.create(GENERATE, body()).json()['data']['taskId']}"
    assert [scripted.get(path).json()["data"]["status"] for _ in range(2)] == ["upscaling", "generating"]


def test_the_wrong_tasks_answer(scripted):
    create = "/senseaudio/v1/video/create"
    legal = {"model": "doubao-seedance-2-0-260128", "content": [], "duration": 4, "resolution": "480p", "ratio": "16:9"}
    first, second = (scripted.post(create, legal).json()["task_id"] for _ in range(2))
    scripted.script({"vendor": "senseaudio", "fault": "wrong_task"})
    path = f"/senseaudio/v1/video/status?id={first}"
    assert [scripted.get(path).json()["task_id"] for _ in range(2)] == [second, first]


def test_uploads_and_estimates_can_fail_too(scripted):
    scripted.script(
        {"vendor": "listenhub", "operation": "upload", "fault": "http_error", "status": 503},
        {"vendor": "listenhub", "operation": "presign", "fault": "rate_limited", "nth": 2},
    )
    request = {"fileKey": "a.png", "contentType": "image/png"}
    signed = scripted.post("/listenhub/openapi/v1/files", request).json()["data"]["presignedUrl"]
    puts = [
        scripted.client.put(signed, content=b"x", headers={"content-type": "image/png"}).status_code for _ in range(2)
    ]
    assert puts == [503, 200]
    assert scripted.post("/listenhub/openapi/v1/files", request).status_code == 429
