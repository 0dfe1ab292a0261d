"""What a finished film brings along, and what happens to one that isn't the planned film."""

import json
from collections.abc import Callable
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from app.context import AppContext
from film.request import parse_request
from film.status import ErrorCode, Status
from ledger.films import queries
from ledger.films.queries import get_film_detail
from ledger.films.retry import reopen_to_compose
from service.cli.output import detail_json, seams_text
from tasks.films.ordering import order_film
from tests.flows.conftest import Vendors, made, ordered

BARE = {"duration": 9, "provider": "seedance-fast"}


def at_point(ctx: AppContext, point: str, harm: Callable[[], None], *, times: int) -> list[str]:
    """Do `harm` when the run reaches a point, `times` times; the returned list grows with each time it got there."""
    reached: list[str] = []

    def fault(name: str) -> None:
        if name == point:
            reached.append(name)
            if len(reached) <= times:
                harm()

    ctx.purchasing = replace(ctx.purchasing, failpoint=fault)
    return reached


def cut_off(ctx: AppContext) -> None:
    """Take the end off the film that was just written."""
    (film,) = (ctx.work_dir / "films").glob("*/film.mp4")
    film.write_bytes(film.read_bytes()[:-5000])


def exchange_pictures(ctx: AppContext) -> None:
    """Let the first part show what the second should: right lengths, right boxes, another film."""
    one, other = sorted((ctx.work_dir / "parts").glob("*/picture.mp4"))
    shorter = min(one, other, key=lambda path: len(path.read_bytes()))
    longer = other if shorter is one else one
    longer.write_bytes(shorter.read_bytes())


@pytest.mark.parametrize(
    ("point", "harm"), [("film_muxed", cut_off), ("stage_composing", exchange_pictures)], ids=["film", "part"]
)
async def test_a_film_that_is_not_right_is_composed_once_more(
    ctx: AppContext, point: str, harm: Callable[[AppContext], None]
) -> None:
    """From the stored clips: whatever was wrong on this machine's disk is made again."""
    reached = at_point(ctx, point, lambda: harm(ctx), times=1)
    film = await made(ctx, await ordered(ctx, **BARE))
    assert film.status is Status.COMPLETED, film.error
    assert reached == [point] * (2 if point == "film_muxed" else 1)


async def test_a_film_that_is_wrong_twice_fails_and_names_the_check(ctx: AppContext) -> None:
    reached = at_point(ctx, "film_muxed", lambda: cut_off(ctx), times=9)
    film = await made(ctx, await ordered(ctx, **BARE))
    assert reached == ["film_muxed"] * 2
    assert film.error is not None
    assert (film.error.code, film.error.stage) == (ErrorCode.DELIVERABLE_REJECTED, Status.COMPOSING)
    assert film.error.message.startswith("The finished film failed a check (boxes)")


async def test_composing_again_with_the_parts_there_encodes_nothing(ctx: AppContext) -> None:
    film = await made(ctx, await ordered(ctx, **BARE))
    before = parts_written(ctx)
    await reopen_to_compose(ctx.database, film.id)
    again = await made(ctx, film.id)
    assert (again.status, again.compose_n) == (Status.COMPLETED, 1)
    assert parts_written(ctx) == before


def parts_written(ctx: AppContext) -> dict[str, tuple[int, int]]:
    """When each part's picture was written, and where it lies on the disk."""
    pictures = (ctx.work_dir / "parts").glob("*/picture.mp4")
    found = {path.parent.name: path.stat() for path in pictures}
    assert found
    return {name: (facts.st_mtime_ns, facts.st_ino) for name, facts in found.items()}


async def test_a_chained_film_tells_how_its_cuts_meet(ctx: AppContext) -> None:
    """In the segment's row, in the delivered storyboard, and where a person looks; each segment has a cover, too."""
    film = await made(ctx, await ordered(ctx, **BARE, continuity="chained"))
    assert film.status is Status.COMPLETED, film.error
    first, second = await queries.get_segments(ctx.database, film.id)
    for segment in (first, second):
        path = ctx.objects.local_path(segment.cover_key or "")
        assert path is not None
        with Image.open(path) as cover:
            assert (cover.format, cover.size) == ("JPEG", (640, 360))
    assert first.seam_similarity is None
    assert second.seam_similarity is not None
    assert second.seam_similarity > 0.9
    assert film.result is not None
    path = ctx.objects.local_path(film.result.storyboard)
    assert path is not None
    (seam,) = json.loads(path.read_text(encoding="utf-8"))["seams"]
    assert seam["segment"] == 1
    assert seam["similarity"] == pytest.approx(second.seam_similarity, abs=1e-4)
    assert seam["repeated_frame_dropped"] == (second.seam_similarity >= 0.97)
    assert f"1|2 {second.seam_similarity:.3f}" in seams_text((first, second))
    detail = detail_json(await get_film_detail(ctx.database, film.id, None))
    assert detail["segments"][1]["seam_similarity"] == second.seam_similarity


async def test_a_card_that_can_not_be_drawn_is_told_before_anything_is_bought(
    ctx: AppContext, vendors: Vendors
) -> None:
    """Ordered at an entry point that doesn't know the font."""
    before = len(vendors.jobs("listenhub-video"))
    request = parse_request({"prompt": "A rocket", "duration": 9, "end_card": "Lift-off \N{ROCKET}"})
    film = await made(ctx, (await order_film(ctx, request, idem_key=None, at_once=False)).film_id)
    assert film.error is not None
    assert (film.error.code, film.error.stage) == (ErrorCode.SCRIPT_INVALID, Status.SCRIPTING)
    assert "\N{ROCKET}" in film.error.message
    assert len(vendors.jobs("listenhub-video")) == before


async def test_the_label_line_is_drawn_with_everything_else(ctx: AppContext) -> None:
    """In every segment, beside a card, with burned subtitles; the film is still one stream of exact frames."""
    ctx.settings = ctx.settings.model_copy(update={"label_line": "AI 生成"})
    film = await made(ctx, await ordered(ctx, **BARE, narration=True, subtitles="burned", title_card="Sea"))
    assert film.status is Status.COMPLETED, film.error
    assert film.result is not None
    path = ctx.objects.local_path(film.result.film)
    assert path is not None
    with av.open(str(path)) as container:
        brightest = [upper_edge(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    assert len(brightest) == 9 * 24
    assert min(brightest) > 180, "a frame lacks the line"
    assert all(row.seam_similarity is None for row in await queries.get_segments(ctx.database, film.id))


def upper_edge(luma: np.ndarray) -> float:
    """The brightest of what stands where the label line is drawn."""
    high, wide = luma.shape
    return float(luma[int(high * 0.04) : int(high * 0.12), int(wide * 0.45) : int(wide * 0.55)].max())
