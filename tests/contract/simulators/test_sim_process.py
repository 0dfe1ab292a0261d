"""The simulators as a process: how they start and end, and that nothing is forgotten in between."""

import json
import shutil
import subprocess
import sys

import httpx
import pytest

pytestmark = pytest.mark.processes

GENERATE = "/listenhub/openapi/v1/video-generation/generate"
TASKS = "/listenhub/openapi/v1/video-generation/tasks"
BODY = {"model": "happyhorse", "content": [{"type": "text", "text": "a quiet coast"}], "duration": 3, "seed": 7}


def test_a_killed_and_restarted_vendor_finds_every_job_where_its_clock_says(spawn):
    first = spawn()
    task_id = first.post(GENERATE, BODY).json()["data"]["taskId"]
    first.script({"vendor": "listenhub-voice", "fault": "reset"}, lv9=True)
    book, faults = first.book("listenhub"), first.client.get("/_control/faults").json()
    first.stop(kill=True)
    second = spawn()
    assert second.url != first.url
    assert second.book("listenhub")["balance"] == book["balance"]
    assert second.client.get("/_control/faults").json() == faults
    assert second.get(f"{TASKS}/{task_id}").json()["data"]["params"]["seed"] == 7
    task = second.end(f"{TASKS}/{task_id}", after_s=41)
    assert task["status"] == "success"
    assert task["videoUrl"].startswith(second.url), "URLs follow the request's own host"
    assert second.client.get(task["videoUrl"]).status_code == 200


def test_a_full_rate_window_outlives_its_process(spawn):
    first = spawn("--per-minute", "happyhorse=1")
    assert first.post(GENERATE, BODY).status_code == 200
    first.stop(kill=True)
    second = spawn("--per-minute", "happyhorse=1")
    assert second.post(GENERATE, BODY).status_code == 429
    second.advance(60)
    assert second.post(GENERATE, BODY).status_code == 200


def test_a_file_that_was_lost_is_made_again_the_same(spawn):
    vendor = spawn()
    task_id = vendor.post(GENERATE, BODY).json()["data"]["taskId"]
    url = vendor.end(f"{TASKS}/{task_id}")["videoUrl"]
    cover = url.replace("clip.mp4", "cover.jpg")
    before = vendor.client.get(cover).content
    shutil.rmtree(vendor.home / "assets" / "listenhub-video")
    assert vendor.get(f"{TASKS}/{task_id}").json()["data"]["status"] == "uploading", "no file, no success"
    assert vendor.client.get(url).status_code == 200
    assert vendor.client.get(cover).content == before
    assert vendor.get(f"{TASKS}/{task_id}").json()["data"]["status"] == "success"


def test_sigterm_ends_it_cleanly_even_with_a_stalled_request(spawn):
    vendor = spawn()
    vendor.script({"vendor": "listenhub-video", "fault": "stall"})
    with pytest.raises(httpx.ReadTimeout):
        vendor.client.get(
            TASKS, headers={"authorization": "Bearer lh_sk_sim_alpha"}, timeout=httpx.Timeout(5, read=0.2)
        )
    assert vendor.stop() == 0


def test_it_ends_when_its_parent_has(spawn):
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    vendor = spawn("--parent", str(parent.pid))
    assert vendor.process.poll() is None
    assert parent.stdin is not None
    parent.stdin.close()
    assert vendor.process.wait(timeout=90) == 0, "a zombie is no parent"
    parent.wait()


def test_a_key_of_the_command_line_is_known_and_never_shown(spawn):
    vendor = spawn("--key", "listenhub=lh_sk_mine_secret")
    assert vendor.send("POST", GENERATE, BODY, key="lh_sk_mine_secret").status_code == 200
    shown = vendor.client.get("/_control/books").text + vendor.client.get("/").text
    assert "lh_sk_mine_secret" not in shown
    assert any(
        page["key_id"].startswith("key-") and page["jobs"]
        for page in json.loads(vendor.client.get("/_control/books").text)["books"]
    )


def test_faults_of_a_file_are_in_force_from_the_start(spawn, tmp_path):
    script = tmp_path / "faults.json"
    script.write_text(json.dumps({"rules": [{"vendor": "listenhub", "fault": "http_error", "status": 503}]}))
    vendor = spawn("--faults", str(script))
    assert vendor.post(GENERATE, BODY).status_code == 503


WRONG = [("--key", "nobody=x"), ("--grant", "listenhub=many"), ("--faults", "/nowhere.json")]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_arguments_end_it_with_2_and_a_word(tmp_path, arguments):
    command = [sys.executable, "-m", "simulators", "--database", str(tmp_path / "w.db"), "--assets", str(tmp_path)]
    ended = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=90, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert arguments[0] in ended.stderr


def test_the_time_scale_divides_what_a_vendor_takes(spawn):
    vendor = spawn("--time-scale", "20")
    assert vendor.client.get("/_control/health").json() == {"status": "ok", "time_scale": 20.0}
    task_id = vendor.post(GENERATE, BODY).json()["data"]["taskId"]
    vendor.quiet()
    clock = vendor.client.get("/_control/clock").json()["now_ms"]
    assert vendor.end(f"{TASKS}/{task_id}", after_s=39.9)["status"] == "uploading"
    assert vendor.end(f"{TASKS}/{task_id}", after_s=0.2)["status"] == "success"
    assert 1990 <= vendor.client.get("/_control/clock").json()["now_ms"] - clock <= 2010, "40 s are 2 s"


def test_the_index_page_says_what_each_vendor_is_and_shows_its_books(world):
    page = world.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for words in ("ListenHub", "SenseAudio", "vibegen", "Claude", "curl -X POST", "balance", world.url):
        assert words in page.text
