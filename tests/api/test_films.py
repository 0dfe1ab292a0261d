"""Films that exist: read, listed, canceled, answered, composed again, retried, deleted; each by its own key alone."""

import re
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api import events, films, orders
from film.status import ErrorCode
from ledger.audit.run import check_books
from ledger.films.approvals import ask
from ledger.films.queries import get_segments
from tests.api.service_context import BASE, ORDER, ServiceUnderTest
from tests.api.test_orders import VIDEO

UNKNOWN = f"vid_{'0' * 24}"


async def ordered(client: httpx.AsyncClient, **fields: Any) -> str:
    """Order a film and return its id."""
    return str((await client.post("/v1/videos", json={**ORDER, **fields})).json()["task_id"])


async def test_a_film_is_told_from_order_to_end(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """The detail adds segments and storyboard; `Retry-After` until the end; then exact cost and links to the files."""
    film_id = await ordered(client, metadata={"user_ref": "7"})
    answer = await client.get(f"/v1/videos/{film_id}")
    assert list(answer.json()) == [*VIDEO, "segments", "storyboard"]
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["segments"][2] == {"index": 2, "status": "pending", "seconds": 5, "attempts": 0, "cost": 0}
    await service.complete(film_id)
    answer = await client.get(f"/v1/videos/{film_id}")
    video = answer.json()
    assert "retry-after" not in answer.headers
    told = [video[name] for name in ("status", "progress", "shots_done", "cost_actual", "error", "metadata")]
    assert told == ["completed", 100, 3, 467.5, None, {"user_ref": "7"}]
    assert video["segments"][2] == {"index": 2, "status": "ready", "seconds": 5, "attempts": 1, "cost": 137.5}
    for name, kind in {"result_url": "video/mp4", "poster_url": "image/jpeg", "subtitles_url": "text/vtt"}.items():
        assert video[name].startswith(f"{BASE}/files/")
        file = await client.get(video[name])
        assert (file.status_code, file.headers["content-type"].partition(";")[0]) == (200, kind)
    await check_books(service.database)


async def test_a_failed_film_says_why(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """`error` names code, message, stage and segment; what was ready is charged, the rest is back."""
    film_id = await ordered(client)
    await service.fail(film_id, ready=1)
    video = (await client.get(f"/v1/videos/{film_id}")).json()
    assert video["error"] == {
        "code": "segment_failed",
        "message": "the vendor said no",
        "stage": "generating",
        "segment": 1,
    }
    assert [video["cost_actual"], video["result_url"]] == [165, None]
    assert [one["status"] for one in video["segments"]] == ["ready", "failed", "canceled"]
    assert (await client.get("/v1/credits")).json() == {"balance": 99835, "reserved": 0, "available": 99835}


async def test_pages_hold_every_film_once(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """`after` walks through all films in either order, though some were ordered in the same millisecond."""
    ids = []
    for n in range(7):
        service.clock.time += n % 2
        ids.append(await ordered(client))
    for order in ("asc", "desc"):
        walked, after, more = [], {}, True
        while more:
            page = (await client.get("/v1/videos", params={"limit": 3, "order": order, **after})).json()
            walked += [video["task_id"] for video in page["data"]]
            assert (page["object"], page["first_id"], page["last_id"]) == (
                "list",
                walked[-len(page["data"])],
                walked[-1],
            )
            after, more = {"after": page["last_id"]}, page["has_more"]
        assert sorted(walked) == sorted(ids)
        times = [(await client.get(f"/v1/videos/{one}")).json()["created_at"] for one in walked]
        assert times == sorted(times, reverse=order == "desc")
    await client.post(f"/v1/videos/{ids[3]}/cancel")
    page = (await client.get("/v1/videos", params={"status": "canceled"})).json()
    assert [video["task_id"] for video in page["data"]] == [ids[3]]
    empty = (await client.get("/v1/videos", params={"status": "failed"})).json()
    assert empty == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "after=vid_1", f"after={UNKNOWN}", "status=done", "order=up"]
)
async def test_a_wrong_query_is_named(lite: ServiceUnderTest, query: str) -> None:
    """400 in the envelope, the parameter named."""
    client = lite.client((await lite.key()).secret)
    answer = await client.get(f"/v1/videos?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["message"].startswith(f"{query.partition('=')[0]}: ")


async def test_cancel_settles_and_may_be_repeated(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """Finished segments are charged, the rest is back; asking again, or of an ended film, changes nothing."""
    film_id = await ordered(client)
    await service.make_ready(await service.take_lease(film_id), 0)
    first = await client.post(f"/v1/videos/{film_id}/cancel")
    assert (first.status_code, first.json()["status"], first.json()["cost_actual"]) == (200, "canceled", 165)
    again = await client.post(f"/v1/videos/{film_id}/cancel")
    assert again.json() == first.json()
    done = await ordered(client)
    await service.complete(done)
    assert (await client.post(f"/v1/videos/{done}/cancel")).json()["status"] == "completed"
    await check_books(service.database)


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_a_waiting_film_takes_one_answer(
    service: ServiceUnderTest, client: httpx.AsyncClient, decision: str
) -> None:
    """`awaiting_approval` until it is answered; before and after that 409."""
    film_id = await ordered(client, approve=True)
    early = await client.post(f"/v1/videos/{film_id}/approve", json={"decision": decision})
    assert (early.status_code, early.json()["error"]["code"]) == (409, "not_awaiting_approval")
    await ask(service.database, await service.take_lease(film_id))
    assert (await client.get(f"/v1/videos/{film_id}")).json()["awaiting_approval"] is True
    answer = await client.post(f"/v1/videos/{film_id}/approve", json={"decision": decision})
    assert (answer.status_code, answer.json()["awaiting_approval"]) == (200, False)
    assert (await client.post(f"/v1/videos/{film_id}/approve", json={"decision": decision})).status_code == 409
    wrong = await client.post(f"/v1/videos/{film_id}/approve", json={"decision": "perhaps"})
    assert wrong.json()["error"]["message"].startswith("decision: ")


async def test_compose_is_free_and_keeps_the_former_result(
    service: ServiceUnderTest, client: httpx.AsyncClient
) -> None:
    """202 from an end; the old link stays until the new film is there; no credit moves."""
    film_id = await ordered(client)
    running = await client.post(f"/v1/videos/{film_id}/compose")
    assert (running.status_code, running.json()["error"]["code"]) == (409, "not_composable")
    await service.complete(film_id)
    before = (await client.get("/v1/credits/entries?limit=100")).json()["data"]
    former = (await client.get(f"/v1/videos/{film_id}")).json()["result_url"]
    answer = await client.post(f"/v1/videos/{film_id}/compose")
    assert (answer.status_code, answer.json()["status"]) == (202, "composing")
    assert answer.json()["result_url"] == former
    await service.complete(film_id, n=1)
    video = (await client.get(f"/v1/videos/{film_id}")).json()
    assert (video["status"], video["cost_actual"]) == ("completed", 467.5)
    assert video["result_url"] != former
    assert (await client.get("/v1/credits/entries?limit=100")).json()["data"] == before


@pytest.mark.parametrize(
    ("ready", "code", "details"), [(0, "no_segments", None), (2, "segments_not_ready", {"missing": [2]})]
)
async def test_compose_needs_every_segment(
    service: ServiceUnderTest, client: httpx.AsyncClient, ready: int, code: str, details: dict[str, list[int]] | None
) -> None:
    """409 with what is missing."""
    film_id = await ordered(client)
    await service.fail(film_id, ready=ready)
    answer = await client.post(f"/v1/videos/{film_id}/compose")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)
    assert answer.json()["error"].get("details") == details


async def test_retry_pays_only_for_what_is_missing(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """A new film that adopts; `redo_segments` buys one of a complete one's; its key replays like an order's."""
    film_id = await ordered(client)
    assert (await client.post(f"/v1/videos/{film_id}/retry")).json()["error"]["code"] == "not_retryable"
    await service.fail(film_id, ready=2)
    headers = {"Idempotency-Key": "retry-1"}
    answer = await client.post(f"/v1/videos/{film_id}/retry", headers=headers)
    video = answer.json()
    assert (answer.status_code, video["retry_of"], video["cost_estimate"]) == (202, film_id, 137.5)
    assert (video["shots_done"], video["status"]) == (2, "queued")
    again = await client.post(f"/v1/videos/{film_id}/retry", headers=headers)
    assert (again.json()["task_id"], again.headers["idempotent-replayed"]) == (video["task_id"], "true")
    await service.complete(video["task_id"])
    assert (await client.post(f"/v1/videos/{video['task_id']}/retry")).status_code == 409
    redo = await client.post(f"/v1/videos/{video['task_id']}/retry", json={"redo_segments": [2]})
    assert (redo.status_code, redo.json()["cost_estimate"]) == (202, 165)
    states = {segment.index: segment.state for segment in await get_segments(service.database, redo.json()["task_id"])}
    assert states == {0: "ready", 1: "pending", 2: "ready"}
    await check_books(service.database)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"redo": [1]}, "redo: counted segments from 0; use redo_segments, which counts from 1"),
        ({"redo": [], "redo_segments": [1]}, "redo: counted segments from 0; use redo_segments, which counts from 1"),
        ({"redo_segments": [0]}, "redo_segments: should be greater than or equal to 1"),
        ({"redo_segments": [3, 4]}, "redo_segments: the film has segments 1 to 3, not [4]"),
    ],
    ids=["old", "both", "zero", "beyond"],
)
async def test_segments_to_redo_are_counted_from_one(
    lite: ServiceUnderTest, body: dict[str, list[int]], message: str
) -> None:
    """The third of three is 3. The old field is refused, so that nobody buys the segment beside the one they meant."""
    client = lite.client((await lite.key()).secret)
    film_id = await ordered(client)
    await lite.complete(film_id)
    answer = await client.post(f"/v1/videos/{film_id}/retry", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, {"code": "invalid_request", "message": message})


@pytest.mark.parametrize("code", [ErrorCode.SCRIPT_REFUSED, ErrorCode.MODERATION_REJECTED])
async def test_what_was_refused_is_not_retried(lite: ServiceUnderTest, code: ErrorCode) -> None:
    """A film refused for its content needs a new prompt."""
    client = lite.client((await lite.key()).secret)
    film_id = await ordered(client)
    await lite.fail(film_id, ready=0, code=code)
    answer = await client.post(f"/v1/videos/{film_id}/retry")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_retryable")


async def test_delete_removes_the_files_and_keeps_the_books(
    service: ServiceUnderTest, client: httpx.AsyncClient
) -> None:
    """204 once it has ended; then 404 everywhere, no file of its own left, its cost still on the statement."""
    film_id = await ordered(client)
    running = await client.delete(f"/v1/videos/{film_id}")
    assert (running.status_code, running.json()["error"]["code"]) == (409, "not_terminal")
    await service.complete(film_id, cover=True)
    video = (await client.get(f"/v1/videos/{film_id}")).json()
    link = video["result_url"]
    assert (await client.get(video["segments"][0]["cover_url"])).status_code == 200
    before = (await client.get("/v1/credits/entries")).json()
    assert (await client.delete(f"/v1/videos/{film_id}")).status_code == 204
    assert (await client.get(link)).status_code == 404
    assert [path for path in (service.folder / "store").rglob("*") if path.is_file()] == []
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/compose"), ("POST", "/retry"), ("POST", "/cancel")):
        assert (await client.request(method, f"/v1/videos/{film_id}{path}")).status_code == 404
    assert (await client.get("/v1/videos")).json()["data"] == []
    assert (await client.get("/v1/credits/entries")).json() == before
    await check_books(service.database)


async def test_delete_keeps_what_another_film_adopted(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """A retried film's clips stay as long as the film that adopted them, and go with it."""
    film_id = await ordered(client)
    await service.fail(film_id, ready=2)
    heir = (await client.post(f"/v1/videos/{film_id}/retry")).json()["task_id"]
    assert (await client.delete(f"/v1/videos/{film_id}")).status_code == 204
    clips = service.folder / "store" / "clips"
    assert len(list(clips.iterdir())) == 2
    await service.complete(heir)
    assert (await client.post(f"/v1/videos/{heir}/compose")).status_code == 202
    await service.complete(heir, n=1)
    await client.delete(f"/v1/videos/{heir}")
    assert list(clips.iterdir()) == []


_ROUTES = [
    (method, route.path)
    for room in (films, events, orders)
    for route in room.router.routes
    if isinstance(route, APIRoute) and "{id}" in route.path
    for method in sorted(route.methods)
]


@pytest.mark.parametrize(("method", "path"), _ROUTES)
async def test_another_keys_film_is_not_there(lite: ServiceUnderTest, method: str, path: str) -> None:
    """Every route with a film's id answers 404 to another key, of another or the same account, and to nonsense."""
    owner = lite.client((await lite.key()).secret)
    film_id = await ordered(owner, approve=True)
    ended = await ordered(owner)
    await lite.complete(ended)
    body = {"decision": "approve"} if path.endswith("approve") else {}
    answers = []
    for account in ("acme", "globex"):
        stranger = lite.client((await lite.key(account)).secret)
        paths = [path.replace("{id}", one) for one in (film_id, ended, UNKNOWN, "vid_x", "..%2f", "%00")]
        answers += [await stranger.request(method, one, json=body) for one in paths]
    assert {answer.status_code for answer in answers} == {404}
    texts = {re.sub(r"vid_[0-9a-f]{24}", "ID", answer.text) for answer in answers[:3]}
    assert len(texts) == 1, "a stranger can't tell a film from none"
    assert (await owner.get(f"/v1/videos/{film_id}")).json()["status"] == "queued"
    assert len(_ROUTES) == 7


async def test_a_strangers_list_is_empty(lite: ServiceUnderTest) -> None:
    """A key lists its own films; the account's credits are shared by its keys."""
    owner = lite.client((await lite.key()).secret)
    film_id = await ordered(owner)
    sister, stranger = [lite.client((await lite.key(name, credits_="0")).secret) for name in ("acme", "globex")]
    assert (await sister.get("/v1/videos")).json()["data"] == []
    assert (await sister.get("/v1/credits")).json()["reserved"] == 467.5
    assert (await stranger.get("/v1/credits")).json() == {"balance": 0, "reserved": 0, "available": 0}
    assert (await stranger.get("/v1/credits/entries")).json()["data"] == []
    assert (await stranger.get(f"/v1/videos?after={film_id}")).status_code == 400
