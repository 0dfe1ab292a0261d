"""An object is never changed once it is there, and what the store holds is what is said of it."""

import hashlib
from pathlib import Path

import pytest

from film.errors import StoreUnusable
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


async def test_what_isnt_there_is_said(objects: Objects, tmp_path: Path) -> None:
    """Size None, a delete that changes nothing, a read that names where."""
    assert await objects.size_of("clips/none") is None
    await objects.delete("clips/none")
    with pytest.raises(StoreUnusable, match="clips/none"):
        await objects.read("clips/none", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_unknown_store_is_refused_by_name() -> None:
    """A URL of no store this program knows."""
    with pytest.raises(StoreUnusable, match="gopher://x"):
        Objects("gopher://x")
