"""A lost create of ListenHub video is found in the list, or nothing is concluded."""

from collections.abc import Mapping
from typing import Any

import pytest

from film.errors import ProviderUnavailable
from providers.http.vendor_client import VendorClient
from providers.listenhub.video import ListenHubVideo

from .conftest import clip_order, example, image_ref
from .stub import Answer, Seen, Stub, reply
from .test_listenhub_video import FAST, HAPPY, NOW_MS, PRO, SINCE_S, body, task

#: A detail that the vendor keeps from us.
ANOTHERS = {"id": "another user's"}


class VendorList:
    """A vendor that lists `items` and tells `details`; it counts what it was asked."""

    def __init__(self, items: list[dict[str, Any]], details: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.items = items
        self.details = details or {}

    def __call__(self, process: Seen) -> Answer:
        """Answer a request."""
        if process.path == "/v1/video-generation/tasks":
            return body({"items": self.items, "page": 1, "pageSize": 100, "total": len(self.items)})
        detail = self.details.get(process.path.rpartition("/")[2])
        if detail == ANOTHERS:
            return reply({"code": 32005, "message": "not yours"}, 403)
        return body(detail) if detail else reply({"code": 32001, "message": "not found"}, 404)


OURS = {"seed": 77}


@pytest.mark.parametrize(
    ("items", "details", "found"),
    [
        ([], {}, []),
        ([task("a", params=OURS)], {}, ["a"]),
        ([task("a", params={"seed": 78})], {}, []),
        ([task("a", params={"seed": -1}, seed=77)], {}, ["a"]),  # the document's list: -1 asked, the real one beside it
        ([task("a", params={}, seed=78)], {"a": task("a", params=OURS)}, ["a"]),  # the item omits it: the detail tells
        ([task("a")], {"a": task("a", params=OURS)}, ["a"]),
        ([task("a")], {"a": task("a", params={"resolution": "720p"})}, []),  # a create without a seed is not ours
        ([task("a", model=PRO, params=OURS)], {}, []),  # same seed, another model
        ([task("a", params=OURS), task("a", params=OURS)], {}, None),  # one job twice, another hidden
        (
            [task("b", params=OURS, at_ms=NOW_MS + 5), task("a", params=OURS, at_ms=NOW_MS)],
            {},
            ["a", "b"],  # paid twice: the oldest first
        ),
        ([task("old", params={}, at_ms=NOW_MS - 61_000)], {}, []),  # too old to be asked about
        ([task("s", params=OURS, at_ms=NOW_MS // 1000)], {}, ["s"]),  # the vendor's tools read seconds
        ([task("a")], {}, None),  # a job whose detail is gone
        ([task("b", params=OURS), task("a")], {"a": ANOTHERS}, ["b"]),  # another user's can't be ours
        ([task("a")], {"a": task("a")}, None),  # a job that tells nothing
        ([{"id": "a"}], {}, None),  # no job at all
    ],
)
async def test_a_lost_create_is_found_by_its_seed_or_nothing_is_concluded(
    stub: Stub, client: VendorClient, items: list[dict[str, Any]], details: dict[str, Any], found: list[str] | None
) -> None:
    stub.respond = VendorList(items, details)
    vendor = ListenHubVideo(client, model=HAPPY)
    if found is None:
        with pytest.raises(ProviderUnavailable):
            await vendor.find_candidates(clip_order(), nonce=77, since_s=SINCE_S)
        return
    jobs = await vendor.find_candidates(clip_order(), nonce=77, since_s=SINCE_S)
    assert [job.job_id for job in jobs] == found


ORDER = clip_order(seed=5, references=(image_ref(),))
SAME = {
    "content": [
        {"type": "image_url", "role": "reference_image", "image_url": {"url": "https://signed.example/a?x"}},
        {"type": "text", "text": ORDER.prompt},
    ],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "generateAudio": False,
    "seed": 5,
}
LISTED = {**SAME, "content": []}


@pytest.mark.parametrize(
    ("item", "detail", "ours"),
    [
        (task("a", params=SAME), None, True),  # in another order, its URL signed anew
        (task("a", params={**SAME, "duration": 6}), None, False),
        (task("a", params={**SAME, "seed": 6}), None, False),
        (task("a", params={**SAME, "generateAudio": True}), None, False),
        (task("a", params={**SAME, "content": SAME["content"][1:]}), None, False),  # without the picture
        (task("a", params=LISTED), task("a", params=SAME), True),
        (task("a", params=LISTED, prompt="another shot"), None, False),
        (task("a", params=LISTED, prompt=ORDER.prompt), task("a", params=SAME), True),
        (task("a", params=LISTED, prompt=ORDER.prompt), task("a", params={**SAME, "content": []}), True),
        (task("a", params=LISTED), task("a", params={**SAME, "content": []}), None),  # nobody tells its prompt
    ],
)
async def test_with_a_seed_of_the_customers_all_parameters_must_fit(
    stub: Stub, client: VendorClient, item: dict[str, Any], detail: dict[str, Any] | None, ours: bool | None
) -> None:
    stub.respond = VendorList([item], {"a": detail} if detail else {})
    search = ListenHubVideo(client, model=HAPPY).find_candidates(ORDER, nonce=77, since_s=SINCE_S)
    if ours is None:
        with pytest.raises(ProviderUnavailable):
            await search
    else:
        assert bool(await search) is ours


async def test_the_documents_list_is_read_as_it_stands(stub: Stub, client: VendorClient) -> None:
    recorded = example("listenhub_video_list")
    stub.answers = [reply(recorded)]
    vendor = ListenHubVideo(client, model=FAST)
    jobs = await vendor.find_candidates(clip_order(), nonce=123456, since_s=SINCE_S)
    assert [(job.job_id, job.created_at_s) for job in jobs] == [("665f1d4e8b3a3f001234abcd", 1_700_000_000.0)]
    assert stub.seen[0].target == "/v1/video-generation/tasks?page=1&pageSize=100"
