"""Server-sent events: one for each change of a film's status or progress, resumable, ended by the film's end."""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

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
    seat = ExitStack()
    # Counted before anybody else is asked: between the look at the count and this nothing waits.
    seat.enter_context(watch.counted(caller.key_id))
    return _Stream(_events(film_id, watch.follow(film_id, first, since)), seat=seat)


class _Stream(StreamingResponse):
    """A stream of events that gives its seat back however it ends."""

    def __init__(self, events: AsyncIterator[bytes], *, seat: ExitStack) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._seat:
            await super().__call__(scope, receive, send)


async def _events(film_id: FilmId, changes: AsyncIterator[Change | None]) -> AsyncIterator[bytes]:
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
