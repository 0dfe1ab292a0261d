"""The one writer of a film's status on its way, and of what each stage leaves in its row. Ends are `ledger/ending`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.cues import Cue
from film.errors import IllegalTransition
from film.status import TRANSITIONS, SegmentState, Status, progress_of
from film.storyboard import Shot, Storyboard
from film.text import clean_tree
from ledger import schema
from ledger.database import Books
from ledger.leases import Lease, fenced
from ledger.rows import Anchor

_ORDER: Final = tuple(Status)


async def enter_stage(books: Books, lease: Lease, stage: Status) -> None:
    """Set the film's status to `stage`; a film that was there already keeps the later one (a run that resumes).

    Raises:
        StaleEpoch: The run no longer owns the film.
        IllegalTransition: The table doesn't allow it.
    """
    async with books.writing() as rows:
        row = await fenced(rows, lease)
        current = Status(str(row["status"]))
        if _ORDER.index(current) >= _ORDER.index(stage):
            return
        if stage not in TRANSITIONS[current]:
            raise IllegalTransition(film_id=lease.film_id, current=current, wanted=stage)
        now_ms = books.now_ms()
        await _set(
            rows,
            lease,
            now_ms=now_ms,
            status=stage,
            stage_times_ms={**_times(row), stage.value: now_ms},
            progress=await progress_now(rows, row, stage),
        )


async def save_storyboard(books: Books, lease: Lease, storyboard: Storyboard) -> None:
    """Keep the written film."""
    await _save(books, lease, storyboard=storyboard.model_dump(mode="json"))


async def replace_narration(books: Books, lease: Lease, index: int, text: str) -> Shot:
    """Keep a shot's shorter narration as its next take, and return the shot."""
    async with books.writing() as rows:
        row = await fenced(rows, lease)
        storyboard = Storyboard.model_validate(clean_tree(row["storyboard"]))
        shot = storyboard.shots[index]
        shot = shot.model_copy(update={"narration": text, "take": shot.take + 1})
        shots = tuple(shot if one.index == index else one for one in storyboard.shots)
        values = storyboard.model_copy(update={"shots": shots}).model_dump(mode="json")
        await _set(rows, lease, now_ms=books.now_ms(), storyboard=values)
    return shot


async def save_anchors(books: Books, lease: Lease, anchors: Sequence[Anchor]) -> None:
    """Keep the reference images."""
    await _save(books, lease, anchors=[asdict(anchor) for anchor in anchors])


async def save_part(books: Books, lease: Lease, index: int, *, cover_key: str, seam_similarity: float | None) -> None:
    """Keep what a segment's part shows: its cover's object and, where it is chained, how well the cut meets.

    Raises:
        StaleEpoch: The run no longer owns the film.
    """
    table = schema.segment
    async with books.writing() as rows:
        await fenced(rows, lease)
        await rows.execute(
            update(table)
            .where(table.c.film == lease.film_id, table.c.index == index)
            .values(cover_key=cover_key, seam_similarity=seam_similarity)
        )


async def save_cues(books: Books, lease: Lease, cues: Sequence[Cue]) -> None:
    """Keep where each line of narration sounds."""
    await _save(books, lease, sound=[asdict(cue) for cue in cues])


async def progress_now(rows: AsyncConnection, row: RowMapping, status: Status) -> int:
    """Return the film's progress in `status`, never lower than what was shown before."""
    table = schema.segment
    states = await rows.execute(
        select(table.c.state, func.count()).where(table.c.film == row["id"]).group_by(table.c.state)
    )
    counts = {SegmentState(state): number for state, number in states}
    progress = progress_of(
        status, shots_done=counts.get(SegmentState.READY, 0), shots_total=max(sum(counts.values()), 1)
    )
    return max(progress, int(row["progress"]))


def _times(row: RowMapping) -> dict[str, int]:
    return dict(row["stage_times_ms"])


async def _save(books: Books, lease: Lease, **values: object) -> None:
    async with books.writing() as rows:
        await fenced(rows, lease)
        await _set(rows, lease, now_ms=books.now_ms(), **values)


async def _set(rows: AsyncConnection, lease: Lease, *, now_ms: int, **values: object) -> None:
    # A new row is progress: the count of dispatches that led nowhere starts again.
    await rows.execute(
        update(schema.film)
        .where(schema.film.c.id == lease.film_id)
        .values(updated_at_ms=now_ms, dispatch_n=0, **values)
    )
