"""The one writer of a film's status, and of what each stage leaves in its row; its end is `ledger/films/settlement`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import RowMapping, update
from sqlalchemy.ext.asyncio import AsyncConnection

from film.cues import Cue
from film.errors import IllegalTransition
from film.status import TRANSITIONS, Status
from film.storyboard import Shot, Storyboard
from film.text import clean_tree
from ledger.database import schema
from ledger.database.engine import Database
from ledger.database.records import Anchor
from ledger.leases import Lease, lock_with_lease, progress_now

_ORDER: Final = tuple(Status)


async def enter_stage(database: Database, lease: Lease, stage: Status) -> None:
    """Set the film's status to `stage`; a film that was there already keeps the later one (a run that resumes).

    Raises:
        StaleEpoch: The run no longer owns the film.
        IllegalTransition: The table doesn't allow it.
    """
    async with database.transaction() as conn:
        row = await lock_with_lease(conn, lease)
        current = Status(str(row["status"]))
        if _ORDER.index(current) >= _ORDER.index(stage):
            return
        if stage not in TRANSITIONS[current]:
            raise IllegalTransition(film_id=lease.film_id, current=current, wanted=stage)
        now_ms = database.now_ms()
        await _set(
            conn,
            lease,
            now_ms=now_ms,
            status=stage,
            stage_times_ms={**_times(row), stage.value: now_ms},
            progress=await progress_now(conn, row, stage),
        )


async def save_storyboard(database: Database, lease: Lease, storyboard: Storyboard) -> None:
    """Keep the written film."""
    await _save(database, lease, storyboard=storyboard.model_dump(mode="json"))


async def replace_narration(database: Database, lease: Lease, index: int, text: str) -> Shot:
    """Keep a shot's shorter narration as its next take, and return the shot."""
    async with database.transaction() as conn:
        row = await lock_with_lease(conn, lease)
        storyboard = Storyboard.model_validate(clean_tree(row["storyboard"]))
        shot = storyboard.shots[index]
        shot = shot.model_copy(update={"narration": text, "take": shot.take + 1})
        shots = tuple(shot if one.index == index else one for one in storyboard.shots)
        values = storyboard.model_copy(update={"shots": shots}).model_dump(mode="json")
        await _set(conn, lease, now_ms=database.now_ms(), storyboard=values)
    return shot


async def save_anchors(database: Database, lease: Lease, anchors: Sequence[Anchor]) -> None:
    """Keep the reference images."""
    await _save(database, lease, anchors=[asdict(anchor) for anchor in anchors])


async def save_part(
    database: Database, lease: Lease, index: int, *, cover_key: str, seam_similarity: float | None
) -> None:
    """Keep what a segment's part shows: its cover's object and, where it is chained, how well the cut meets.

    Raises:
        StaleEpoch: The run no longer owns the film.
    """
    table = schema.segment
    async with database.transaction() as conn:
        await lock_with_lease(conn, lease)
        await conn.execute(
            update(table)
            .where(table.c.film == lease.film_id, table.c.index == index)
            .values(cover_key=cover_key, seam_similarity=seam_similarity)
        )


async def save_cues(database: Database, lease: Lease, cues: Sequence[Cue]) -> None:
    """Keep where each line of narration sounds."""
    await _save(database, lease, sound=[asdict(cue) for cue in cues])


def _times(row: RowMapping) -> dict[str, int]:
    return dict(row["stage_times_ms"])


async def _save(database: Database, lease: Lease, **values: object) -> None:
    async with database.transaction() as conn:
        await lock_with_lease(conn, lease)
        await _set(conn, lease, now_ms=database.now_ms(), **values)


async def _set(conn: AsyncConnection, lease: Lease, *, now_ms: int, **values: object) -> None:
    # A new row is progress: the count of dispatches that led nowhere starts again.
    await conn.execute(
        update(schema.film)
        .where(schema.film.c.id == lease.film_id)
        .values(updated_at_ms=now_ms, dispatch_n=0, **values)
    )
