"""Server-sent events: one for each change of a film's status or progress, resumable, ended by the film's end."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from api.callers import HasCaller, HasFilmId
from api.openapi import errors
from api.parts import HasParts
from api.watching import Change, Place, Watch
from film.errors import TooManyStreams
from film.ids import FilmId
from ledger.showing import owned_film

router: Final = APIRouter(prefix="/v1/videos", tags=["films"])

#: What a browser waits before it comes back, in milliseconds.
_RETRY: Final = b"retry: 2000\n\n"
_STILL_HERE: Final = b": still here\n\n"
#: A stream ends when its film does, or its listener goes: when, nobody knows.
_COME_BACK_S: Final = 10
_STREAM: Final = {"text/event-stream": {"schema": {"type": "string"}}}


@router.get(
    "/{id}/events",
    response_class=StreamingResponse,
    responses={**errors(404, 429), 200: {"description": "One event a change.", "content": _STREAM}},
)
async def follow_video(
    request: Request,
    parts: HasParts,
    caller: HasCaller,
    film_id: HasFilmId,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="Go on after this event.", max_length=64)
    ] = None,
) -> StreamingResponse:
    """Follow a film: an event `progress` for each change of its status or progress, ending with its end."""
    await owned_film(parts.books, film_id, caller.key_id)
    since = None if last_event_id is None else Place.parse(last_event_id)
    watch: Watch = request.app.state.watch
    # Looked at before the answer begins: a database that is away now is a 503, not a stream that breaks off.
    first = await watch.look(film_id)
    if parts.streams_at_once and watch.streams_of(caller.key_id) >= parts.streams_at_once:
        raise TooManyStreams(limit=parts.streams_at_once, retry_after_s=_COME_BACK_S)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    changes = watch.follow(film_id, first, since)
    return StreamingResponse(
        _events(watch, caller.key_id, film_id, changes), media_type="text/event-stream", headers=headers
    )


async def _events(
    watch: Watch, key_id: str, film_id: FilmId, changes: AsyncIterator[Change | None]
) -> AsyncIterator[bytes]:
    with watch.counted(key_id):
        yield _RETRY
        async for change in changes:
            yield _STILL_HERE if change is None else _event(film_id, change)


def _event(film_id: FilmId, change: Change) -> bytes:
    look = change.look
    facts = {
        "task_id": film_id,
        "status": change.place.status,
        "progress": change.place.progress,
        "shots_done": look.shots_done,
        "shots_total": look.shots_total,
        "awaiting_approval": look.awaiting_approval and change.place.status is look.status,
    }
    text = json.dumps(facts, separators=(",", ":"))
    return f"id: {change.place}\nevent: progress\ndata: {text}\n\n".encode()
