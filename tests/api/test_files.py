"""Links to stored files: signed, ending, seekable, and leading nowhere else."""

from urllib.parse import urlsplit

import httpx
import pytest

from store.links import LIFE_S, Links
from store.objects import Objects
from tests.api.service_context import BASE, ServiceUnderTest
from tests.databases import HandClock

CONTENT = bytes(range(256)) * 40
KEY = "films/vid_1/城市 film.mp4"


@pytest.fixture
async def link(lite: ServiceUnderTest) -> str:
    """Return the link of a stored film."""
    await lite.store_bytes(KEY, CONTENT)
    return await lite.deps.links.link(KEY)


@pytest.mark.parametrize(
    ("wanted", "status", "answered"),
    [
        (None, 200, None),
        ("bytes=0-99", 206, (0, 100)),
        ("bytes=5000-", 206, (5000, len(CONTENT))),
        ("bytes=-10", 206, (len(CONTENT) - 10, len(CONTENT))),
        ("bytes=0-999999", 206, (0, len(CONTENT))),
    ],
)
async def test_a_player_seeks(
    lite: ServiceUnderTest, link: str, wanted: str | None, status: int, answered: tuple[int, int] | None
) -> None:
    """The whole file, or the range asked for, with the type and the headers a `<video>` needs."""
    headers = {} if wanted is None else {"Range": wanted}
    answer = await lite.client().get(link, headers=headers)
    start, end = answered or (0, len(CONTENT))
    assert (answer.status_code, answer.content) == (status, CONTENT[start:end])
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers.get("content-range") == (f"bytes {start}-{end - 1}/{len(CONTENT)}" if wanted else None)
    head = await lite.client().head(link)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(CONTENT)), b"")


async def test_a_range_beyond_the_end_is_refused(lite: ServiceUnderTest, link: str) -> None:
    """416 with the size."""
    answer = await lite.client().get(link, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")


async def test_a_link_ends(lite: ServiceUnderTest, link: str) -> None:
    """Good for at least six days and 23 hours, and never beyond seven days."""
    lite.clock.time += LIFE_S - 3600
    assert (await lite.client().get(link)).status_code == 200
    lite.clock.time += 3600
    assert (await lite.client().get(link)).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"expires": "9999999999"},
        {"expires": "x"},
        {"expires": "9" * 400},
        {"expires": "%0a"},
        {"mac": "0" * 64},
        {"mac": ""},
        {"mac": "%00"},
        {"key": "films/vid_1/other.mp4"},
        {"key": "%2e%2e/%2e%2e/books.db"},
        {"key": "films/vid_1/%E5%9F%8E%E5%B8%82%20film.mp4%00"},
        {"key": ""},
    ],
)
async def test_a_changed_link_leads_nowhere(lite: ServiceUnderTest, link: str, changed: dict[str, str]) -> None:
    """Another end, another key, another MAC: 404, and no word about which."""
    await lite.store_bytes("films/vid_1/other.mp4", b"other")
    parts = dict(zip(("expires", "mac", "key"), urlsplit(link).path.split("/", 4)[2:], strict=True))
    whole = {**parts, **changed}
    answer = await lite.client().get(f"{BASE}/files/{whole['expires']}/{whole['mac']}/{whole['key']}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("/film", "/%66ilm"),  # an escape that isn't needed
        ("%E5", "%e5"),  # an escape in small letters
        ("/vid_1/", "//vid_1/"),
        ("/vid_1/", "/%2E/vid_1/"),
        ("/vid_1/", "/x/%2E%2E/vid_1/"),
        ("/vid_1/", "%2Fvid_1/"),
        ("/files/", "/%66iles/"),
        ("/files/", "/files/0"),  # the end with a zero before it
        (".mp4", ".mp4?x=1"),
    ],
)
async def test_a_file_has_one_address(lite: ServiceUnderTest, link: str, written: str, other: str) -> None:
    """Another spelling of a link's address is another address, at which there is nothing."""
    host, path = BASE.encode(), urlsplit(link).path
    assert written in path
    spelled = path.replace(written, other, 1)
    client = lite.client()
    plain, _, query = spelled.partition("?")
    url = httpx.URL(host.decode()).copy_with(raw_path=spelled.encode())
    assert query == "" or plain
    assert (await client.get(url)).status_code == 404
    assert (await client.get(link)).status_code == 200


async def test_a_path_out_of_the_store_is_never_followed(lite: ServiceUnderTest) -> None:
    """Even a link signed for it: a key names an object below the store's folder."""
    (lite.folder / "outside").write_text("secret")
    for key in ("../outside", "/etc/hostname", f"{lite.folder}/outside"):
        answer = await lite.client().get(await lite.deps.links.link(key))
        assert answer.status_code == 404, key


async def test_a_cloud_store_signs_its_own_links(clock: HandClock) -> None:
    """An S3 store's links are presigned for seven days and carry the bucket's host, not ours."""
    options = {"access_key_id": "a", "secret_access_key": "b", "region": "eu-central-1"}
    links = Links(objects=Objects("s3://films", options), public_url=BASE, secret=b"s", clock=clock)
    query = httpx.URL(await links.link("films/vid_1/film.mp4")).params
    assert (query["X-Amz-Expires"], "X-Amz-Signature" in query) == (str(LIFE_S), True)
