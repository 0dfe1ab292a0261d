"""Where many films stand, in one cheap look: what a live view needs and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from film.ids import FilmId
from film.status import SegmentState, Status
from ledger.database import schema
from ledger.database.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmSnapshot:
    """Where a film stood when it was looked at. Times are unix milliseconds."""

    status: Status
    awaiting_approval: bool
    progress: int
    compose_n: int
    shots_done: int
    shots_total: int
    stage_times_ms: Mapping[str, int]
    updated_at_ms: int


async def film_snapshots(database: Database, film_ids: Sequence[FilmId]) -> Mapping[FilmId, FilmSnapshot]:
    """Return where each of the films stands; one that isn't there is left out."""
    film, segment = schema.film.c, schema.segment.c
    ready = func.count().filter(segment.state == SegmentState.READY)
    async with database.snapshot() as conn:
        films = await conn.execute(
            select(
                film.id,
                film.status,
                film.awaiting_approval,
                film.progress,
                film.compose_n,
                film.stage_times_ms,
                film.updated_at_ms,
            ).where(film.id.in_(film_ids), film.deleted_at_ms.is_(None))
        )
        found = films.all()
        counts = await conn.execute(
            select(segment.film, ready, func.count()).where(segment.film.in_(film_ids)).group_by(segment.film)
        )
        shots = {film_id: (int(done), int(total)) for film_id, done, total in counts}
    return {
        FilmId(row.id): FilmSnapshot(
            status=Status(row.status),
            awaiting_approval=row.awaiting_approval,
            progress=row.progress,
            compose_n=row.compose_n,
            shots_done=shots.get(row.id, (0, 0))[0],
            shots_total=shots.get(row.id, (0, 0))[1],
            stage_times_ms=row.stage_times_ms,
            updated_at_ms=row.updated_at_ms,
        )
        for row in found
    }
