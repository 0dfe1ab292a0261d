"""A film in an S3 bucket: linked by the store's signature, played in ranges, removed; against moto's server."""

from pathlib import Path

import httpx
import pytest

from store.links import LIFE_S, Links
from store.objects import Objects
from tests.api.service_context import ORDER, ServiceUnderTest
from tests.databases import HandClock


@pytest.fixture
def objects(s3: str) -> Objects:
    """Return a store in the bucket."""
    options = {"endpoint": s3, "access_key_id": "a", "secret_access_key": "b", "region": "us-east-1"}
    return Objects("s3://films", options)


async def test_a_films_links_lead_into_the_bucket(lite: ServiceUnderTest, objects: Objects, s3: str) -> None:
    """`result_url` is presigned for seven days, names no host of ours, answers ranges; deleting empties the bucket."""
    service = lite.with_deps(links=Links(objects=objects, public_url="http://ours", secret=b"s", clock=lite.clock))
    service.objects = objects
    client = service.client((await service.key()).secret)
    film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
    await service.complete(film_id)
    video = (await client.get(f"/v1/videos/{film_id}")).json()
    link = httpx.URL(video["result_url"])
    assert str(link).startswith(f"{s3}/films/films/{film_id}/")
    assert (link.params["X-Amz-Expires"], link.params["X-Amz-Algorithm"]) == (str(LIFE_S), "AWS4-HMAC-SHA256")
    async with httpx.AsyncClient(trust_env=False) as anybody:
        assert (await anybody.get(link)).content == b"0123456789" * 100
        part = await anybody.get(link, headers={"Range": "bytes=10-14"})
        assert (part.status_code, part.content) == (206, b"01234")
        assert (await client.delete(f"/v1/videos/{film_id}")).status_code == 204
        assert (await anybody.get(link)).status_code == 404
        assert "<Key>" not in (await anybody.get(f"{s3}/films")).text


async def test_an_object_in_the_cloud_is_never_changed(objects: Objects, tmp_path: Path, clock: HandClock) -> None:
    """The first bytes under a key stay; what isn't there is None; no local path is pretended."""
    for content in (b"first", b"second"):
        (tmp_path / "x").write_bytes(content)
        facts = await objects.put("clips/x.mp4", tmp_path / "x")
    assert facts.size_bytes == 5
    assert await objects.size_of("clips/x.mp4") == 5
    assert await objects.size_of("clips/none") is None
    assert objects.local_path("clips/x.mp4") is None
    await objects.delete("clips/x.mp4")
    await objects.delete("clips/x.mp4")
    assert await objects.size_of("clips/x.mp4") is None
