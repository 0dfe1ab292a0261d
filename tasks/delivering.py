"""delivering: film, poster, subtitles, storyboard and contact sheet go to the store; then the film is completed."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from film.status import Status
from film.storyboard import Storyboard
from ledger.database.records import Deliverables
from ledger.films.settlement import complete_film
from store.objects import file_facts
from tasks.composing import Composed
from tasks.run.film_run import FilmRun
from tasks.run.stage import stage


@stage(Status.DELIVERING)
async def delivering(run: FilmRun, storyboard: Storyboard, composed: Composed) -> Deliverables:
    """Store the deliverables under keys made of the film's content, and complete the film.

    Raises:
        StoreUnavailable: They could not be stored.
        StaleEpoch: The film ended otherwise meanwhile.
    """
    facts = await asyncio.to_thread(file_facts, composed.film)
    folder = f"films/{run.film_id}/{facts.sha256[:16]}"
    board = composed.film.with_name("storyboard.json")
    written = {**storyboard.model_dump(mode="json"), "seams": _seams(composed), "findings": _findings(composed)}
    board.write_text(json.dumps(written, ensure_ascii=False, indent=2), encoding="utf-8")

    async def put(file: Path) -> str:
        key = f"{folder}/{file.name}"
        await run.ctx.objects.put(key, file)
        return key

    result = Deliverables(
        film=await put(composed.film),
        poster=await put(composed.poster),
        sheet=await put(composed.sheet),
        storyboard=await put(board),
        srt=None if composed.srt is None else await put(composed.srt),
        vtt=None if composed.vtt is None else await put(composed.vtt),
        size_bytes=facts.size_bytes,
        sha256=facts.sha256,
    )
    run.ctx.purchasing.failpoint("film_stored")
    await complete_film(run.ctx.database, run.lease, result)
    run.ctx.purchasing.failpoint("film_completed")
    return result


def _findings(composed: Composed) -> list[dict[str, Any]]:
    """Return what is to be known of the film, for whoever reads the storyboard."""
    return [asdict(finding) for finding in composed.findings]


def _seams(composed: Composed) -> list[dict[str, Any]]:
    """Return how well each chained segment meets the one before, for whoever reads the storyboard."""
    return [
        {"segment": index, "similarity": round(seam.similarity, 4), "repeated_frame_dropped": seam.repeats}
        for index, seam in enumerate(composed.seams)
        if seam is not None
    ]
