"""Scripted faults of what is delivered and listed: spoilt files, lists that lie."""

import io

import av
import httpx
import pytest

GENERATE = "/listenhub/openapi/v1/video-generation/generate"
TASKS = "/listenhub/openapi/v1/video-generation/tasks"


def body(words="a quiet coast"):
    return {"model": "happyhorse", "content": [{"type": "text", "text": words}], "duration": 3}


def done(world, words="a quiet coast"):
    task_id = world.create(GENERATE, body(words)).json()["data"]["taskId"]
    return world.end(f"{TASKS}/{task_id}")["videoUrl"]


def spoil(kind):
    return {"vendor": "listenhub-video", "fault": kind}


def test_files_come_empty_halved_as_a_page_or_not_at_all(scripted):
    url = done(scripted)
    whole = scripted.client.get(url).content
    kinds = ["asset_empty", "asset_truncated", "asset_html", "asset_expired"]
    scripted.script(*(spoil(kind) | {"nth": n + 1} for n, kind in enumerate(kinds)))
    empty, half, page, gone = (scripted.client.get(url) for _ in kinds)
    assert (empty.status_code, empty.content) == (200, b"")
    assert half.content == whole[: len(whole) // 2]
    assert page.headers["content-type"].startswith("text/html")
    assert gone.status_code == 403
    assert scripted.client.get(url).content == whole, "the file itself was never touched"


def test_a_torn_file_promises_more_than_it_sends(scripted):
    url = done(scripted)
    scripted.script(spoil("asset_torn"))
    with pytest.raises(httpx.TransportError):
        scripted.client.get(url)


DOORS = [
    ({"fault": "http_error", "status": 503}, 503),
    ({"fault": "rate_limited"}, 429),
    ({"fault": "html", "status": 502}, 502),
    ({"fault": "reset"}, None),
    ({"fault": "stall", "seconds": 0.1}, None),
]


@pytest.mark.parametrize(("fault", "status"), DOORS)
def test_a_download_meets_the_faults_of_the_door_too(scripted, fault, status):
    url = done(scripted, "the one to download")
    scripted.script({"vendor": "listenhub-video", "operation": "asset", "match": "to download", **fault})
    if status is None:
        with pytest.raises(httpx.TransportError):
            scripted.client.get(url)
    else:
        assert scripted.client.get(url).status_code == status
    assert scripted.client.get(url).status_code == 200


def test_a_file_of_the_wrong_length_is_a_whole_clip_of_half_the_frames(scripted):
    url = done(scripted)
    scripted.script(spoil("asset_wrong_length"))
    lengths = []
    for _ in range(2):
        with av.open(io.BytesIO(scripted.client.get(url).content)) as clip:
            lengths.append(sum(1 for _ in clip.decode(video=0)))
    assert lengths == [36, 72]


def listed(world, query="pageSize=4"):
    return world.get(f"{TASKS}?{query}").json()["data"]["items"]


def lie(kind, **more):
    return {"vendor": "listenhub-video", "fault": kind, **more}


def test_a_lagging_list_hides_the_young(scripted):
    old = scripted.create(GENERATE, body()).json()["data"]["taskId"]
    young = scripted.create(GENERATE, body()).json()["data"]["taskId"]
    scripted.script(lie("list_lag", seconds=60, times=None))
    ids = [item["id"] for item in listed(scripted)]
    assert (old in ids, young in ids) == (True, False)
    assert scripted.get(f"{TASKS}/{young}").status_code == 200, "only the list lags"
    scripted.advance(61)
    assert young in [item["id"] for item in listed(scripted)]


def test_a_lying_list_doubles_strips_shifts_and_shows_what_is_not_ours(scripted):
    theirs = scripted.create(GENERATE, body("theirs"), user=1).json()["data"]["taskId"]
    first, second = (scripted.create(GENERATE, body()).json()["data"]["taskId"] for _ in range(2))
    kinds = ["list_duplicates", "list_foreign", "list_without_params"]
    scripted.script(*(lie(kind, nth=n + 1) for n, kind in enumerate(kinds)), lie("list_shifted", nth=4))
    assert [item["id"] for item in listed(scripted)[:3]] == [second, second, first]
    assert theirs in [item["id"] for item in listed(scripted)]
    assert "params" not in listed(scripted)[0]
    assert listed(scripted, "page=2&pageSize=1")[0]["id"] == second, "the seam is seen twice"
    assert [item["id"] for item in listed(scripted)[:2]] == [second, first]
