"""An object is never changed once it is there, and what the store holds is what is said of it."""

import errno
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from film.errors import StoreUnavailable
from store.local import put_new
from store.objects import Objects


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(f"file://{tmp_path / 'store'}")


async def test_the_first_object_stays_and_its_facts_are_told(objects: Objects, tmp_path: Path) -> None:
    """A run that comes again with other bytes is told the hash and size of what is stored (I16)."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"the first")
    second.write_bytes(b"something longer")
    await objects.put("clips/x.mp4", first)
    facts = await objects.put("clips/x.mp4", second)
    assert (facts.sha256, facts.size_bytes) == (hashlib.sha256(b"the first").hexdigest(), 9)
    into = tmp_path / "copy"
    await objects.read("clips/x.mp4", into)
    assert into.read_bytes() == b"the first"


def test_a_stored_file_is_on_the_disk(tmp_path: Path) -> None:
    """Its bytes are synced before it is seen under its name, then the name, and each folder on the way to it."""
    file, root, synced = tmp_path / "clip", tmp_path / "store", list[tuple[str, bool]]()
    file.write_bytes(b"clip")
    root.mkdir()

    def sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        what = str(path.relative_to(tmp_path)) if path.is_dir() else path.read_text()
        synced.append((what, (root / "clips/a/x.mp4").exists()))

    assert put_new(root, "clips/a/x.mp4", file, sync=sync)
    folders = [("store/clips/a", True), ("store/clips", True), ("store", True)]
    assert synced == [("clip", False), *folders]
    synced.clear()
    other = tmp_path / "other"
    other.write_bytes(b"another")
    assert not put_new(root, "clips/a/x.mp4", other, sync=sync)
    assert synced == [("clip", True), *folders]
    assert [path.name for path in (root / "clips/a").iterdir()] == ["x.mp4"]


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A file that couldn't be synced is no object, and no draft of it stays."""
    file = tmp_path / "clip"
    file.write_bytes(b"clip")

    def sync(_: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    with pytest.raises(OSError, match="the disk is broken"):
        put_new(tmp_path / "store", "clips/x.mp4", file, sync=sync)
    assert list((tmp_path / "store/clips").iterdir()) == []


def test_of_many_that_put_at_once_one_is_stored(tmp_path: Path) -> None:
    """However they meet, one file is the object, and only its writer hears that it is."""
    files = [tmp_path / f"{number}" for number in range(16)]
    for file in files:
        file.write_text(file.name * 1000)
    with ThreadPoolExecutor(16) as threads:
        new = list(threads.map(lambda file: put_new(tmp_path / "store", "x", file), files))
    assert sum(new) == 1
    assert (tmp_path / "store/x").read_bytes() == files[new.index(True)].read_bytes()


async def test_a_folder_of_any_name_is_a_store(tmp_path: Path) -> None:
    """What is put is read back where the URL's folder is written with signs of its own."""
    objects = Objects(f"file://{tmp_path}/a%20b")
    file = tmp_path / "first"
    file.write_bytes(b"the first")
    await objects.put("clips/x.mp4", file)
    assert await objects.size_of("clips/x.mp4") == 9
    lent = objects.local_path("clips/x.mp4")
    assert lent is not None
    assert lent.read_bytes() == b"the first"
    assert objects.local_path("../first") is None


async def test_what_isnt_there_is_said(objects: Objects, tmp_path: Path) -> None:
    """Size None, a delete that changes nothing, a read that names where."""
    assert await objects.size_of("clips/none") is None
    await objects.delete("clips/none")
    with pytest.raises(StoreUnavailable, match="clips/none"):
        await objects.read("clips/none", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_unknown_store_is_refused_by_name() -> None:
    """A URL of no store this program knows."""
    with pytest.raises(StoreUnavailable, match="gopher://x"):
        Objects("gopher://x")
