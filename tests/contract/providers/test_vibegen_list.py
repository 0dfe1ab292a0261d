"""A lost create of vibegen is looked for on every page, or nothing is concluded."""

from typing import Any

import pytest

from film.errors import (
    ProviderUnavailable,
)
from providers.http.vendor_client import VendorClient
from providers.vibegen.video import Vibegen

from .conftest import clip_order, example
from .stub import Answer, Seen, Stub, reply
from .test_vibegen import CREATED_S, TASK_ID, body, task


class VendorList:
    """A vendor that lists `tasks`, at most 20 a page whatever is asked."""

    def __init__(self, tasks: list[dict[str, Any]]) -> None:
        self.tasks = tasks

    def __call__(self, process: Seen) -> Answer:
        """Answer a request."""
        start = int(process.target.rpartition("offset=")[2])
        page = {"page": start // 20 + 1, "pageSize": 20, "total": len(self.tasks), "total_pages": 9}
        return body({"tasks": self.tasks[start : start + 20], "pagination": page})


OTHERS = [task(f"other{number}", prompt=f"shot {number}") for number in range(45)]


@pytest.mark.parametrize(
    ("tasks", "found"),
    [
        ([], []),
        ([*OTHERS, task("ours")], ["ours"]),  # on the last page: no order is promised
        ([task("a"), *OTHERS, task("b", created_at="2025-03-10T09:59:30Z")], ["b", "a"]),  # both may be: oldest first
        ([task("early", created_at="2025-03-10T09:58:00Z")], []),
        ([task("zone", created_at="2025-03-10T18:00:00+08:00")], ["zone"]),
        ([task("naive", created_at="2025-03-10T10:00:00")], ["naive"]),
        ([task("other", prompt=clip_order().prompt + " ")], []),
        ([task("mute", prompt=None)], None),
        ([task("a"), task("a")], None),  # one shown twice, another hidden
    ],
)
async def test_a_lost_create_is_looked_for_on_every_page(
    stub: Stub, client: VendorClient, tasks: list[dict[str, Any]], found: list[str] | None
) -> None:
    stub.respond = VendorList(tasks)
    search = Vibegen(client).find_candidates(clip_order(), nonce=1, since_s=CREATED_S - 60)
    if found is None:
        with pytest.raises(ProviderUnavailable):
            await search
    else:
        assert [job.job_id for job in await search] == found


async def test_the_documents_list_is_read_as_it_stands(stub: Stub, client: VendorClient) -> None:
    stub.answers = [reply(example("vibegen_list"))]
    jobs = await Vibegen(client).find_candidates(clip_order(prompt="一座未来城市"), nonce=1, since_s=CREATED_S)
    assert [(job.job_id, job.created_at_s) for job in jobs] == [(TASK_ID, CREATED_S)]
    assert stub.seen[0].target == "/tasks?limit=100&offset=0"
