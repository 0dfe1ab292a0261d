"""What a finished film brings along, and what happens to one that isn't the planned film."""

import json
from collections.abc import Callable
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from film.request import parse_request
from film.status import ErrorCode, Status
from ledger import films
from ledger.salvage import compose_again
from ledger.showing import film_detail
from service.telling import detail_json, seams_text
from tasks.ordering import order_film
from tasks.studio import Studio
from tests.flows.conftest import Vendors, made, ordered

BARE = {"duration": 9, "provider": "seedance-fast"}


def at_point(studio: Studio, point: str, harm: Callable[[], None], *, times: int) -> list[str]:
    """Do `harm` when the run reaches a point, `times` times; the returned list grows with each time it got there."""
    reached: list[str] = []

    def fault(name: str) -> None:
        if name == point:
            reached.append(name)
            if len(reached) <= times:
                harm()

    studio.desk = replace(studio.desk, fault=fault)
    return reached


def cut_off(studio: Studio) -> None:
    """Take the end off the film that was just written."""
    (film,) = (studio.work / "films").glob("*/film.mp4")
    film.write_bytes(film.read_bytes()[:-5000])


def exchange_pictures(studio: Studio) -> None:
    """Let the first part show what the second should: right lengths, right boxes, another film."""
    one, other = sorted((studio.work / "parts").glob("*/picture.mp4"))
    shorter = min(one, other, key=lambda path: len(path.read_bytes()))
    longer = other if shorter is one else one
    longer.write_bytes(shorter.read_bytes())


@pytest.mark.parametrize(
    ("point", "harm"), [("film_muxed", cut_off), ("stage_composing", exchange_pictures)], ids=["film", "part"]
)
async def test_a_film_that_is_not_right_is_composed_once_more(
    studio: Studio, point: str, harm: Callable[[Studio], None]
) -> None:
    """From the stored clips: whatever was wrong on this machine's disk is made again."""
    reached = at_point(studio, point, lambda: harm(studio), times=1)
    film = await made(studio, await ordered(studio, **BARE))
    assert film.status is Status.COMPLETED, film.fault
    assert reached == [point] * (2 if point == "film_muxed" else 1)


async def test_a_film_that_is_wrong_twice_fails_and_names_the_check(studio: Studio) -> None:
    reached = at_point(studio, "film_muxed", lambda: cut_off(studio), times=9)
    film = await made(studio, await ordered(studio, **BARE))
    assert reached == ["film_muxed"] * 2
    assert film.fault is not None
    assert (film.fault.code, film.fault.stage) == (ErrorCode.DELIVERABLE_REJECTED, Status.COMPOSING)
    assert film.fault.message.startswith("The film fails boxes: expected boxes inside the file, found ")


async def test_composing_again_with_the_parts_there_encodes_nothing(studio: Studio) -> None:
    film = await made(studio, await ordered(studio, **BARE))
    before = parts_written(studio)
    await compose_again(studio.books, film.id)
    again = await made(studio, film.id)
    assert (again.status, again.compose_n) == (Status.COMPLETED, 1)
    assert parts_written(studio) == before


def parts_written(studio: Studio) -> dict[str, tuple[int, int]]:
    """When each part's picture was written, and where it lies on the disk."""
    pictures = (studio.work / "parts").glob("*/picture.mp4")
    found = {path.parent.name: path.stat() for path in pictures}
    assert found
    return {name: (facts.st_mtime_ns, facts.st_ino) for name, facts in found.items()}


async def test_a_chained_film_tells_how_its_cuts_meet(studio: Studio) -> None:
    """In the segment's row, in the delivered storyboard, and where a person looks; each segment has a cover, too."""
    film = await made(studio, await ordered(studio, **BARE, continuity="chained"))
    assert film.status is Status.COMPLETED, film.fault
    first, second = await films.segments(studio.books, film.id)
    for segment in (first, second):
        path = studio.objects.local_path(segment.cover_key or "")
        assert path is not None
        with Image.open(path) as cover:
            assert (cover.format, cover.size) == ("JPEG", (640, 360))
    assert first.seam_similarity is None
    assert second.seam_similarity is not None
    assert second.seam_similarity > 0.9
    assert film.result is not None
    path = studio.objects.local_path(film.result.storyboard)
    assert path is not None
    (seam,) = json.loads(path.read_text(encoding="utf-8"))["seams"]
    assert seam["segment"] == 1
    assert seam["similarity"] == pytest.approx(second.seam_similarity, abs=1e-4)
    assert seam["repeated_frame_dropped"] == (second.seam_similarity >= 0.97)
    assert f"1|2 {second.seam_similarity:.3f}" in seams_text((first, second))
    detail = detail_json(await film_detail(studio.books, film.id, None))
    assert detail["segments"][1]["seam_similarity"] == second.seam_similarity


async def test_a_card_that_can_not_be_drawn_is_told_before_anything_is_bought(studio: Studio, vendors: Vendors) -> None:
    """Ordered at a door that doesn't know the font."""
    before = len(vendors.jobs("listenhub-video"))
    request = parse_request({"prompt": "A rocket", "duration": 9, "end_card": "Lift-off \N{ROCKET}"})
    film = await made(studio, (await order_film(studio, request, idem_key=None, at_once=False)).film_id)
    assert film.fault is not None
    assert (film.fault.code, film.fault.stage) == (ErrorCode.SCRIPT_INVALID, Status.SCRIPTING)
    assert "\N{ROCKET}" in film.fault.message
    assert len(vendors.jobs("listenhub-video")) == before


async def test_the_label_line_is_drawn_with_everything_else(studio: Studio) -> None:
    """In every segment, beside a card, with burned subtitles; the film is still one stream of exact frames."""
    studio.settings = studio.settings.model_copy(update={"label_line": "AI 生成"})
    film = await made(studio, await ordered(studio, **BARE, narration=True, subtitles="burned", title_card="Sea"))
    assert film.status is Status.COMPLETED, film.fault
    assert film.result is not None
    path = studio.objects.local_path(film.result.film)
    assert path is not None
    with av.open(str(path)) as container:
        brightest = [upper_edge(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    assert len(brightest) == 9 * 24
    assert min(brightest) > 180, "a frame lacks the line"
    assert all(row.seam_similarity is None for row in await films.segments(studio.books, film.id))


def upper_edge(luma: np.ndarray) -> float:
    """The brightest of what stands where the label line is drawn."""
    high, wide = luma.shape
    return float(luma[int(high * 0.04) : int(high * 0.12), int(wide * 0.45) : int(wide * 0.55)].max())
