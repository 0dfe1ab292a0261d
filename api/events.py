"""Server-sent events: one for each change of a film's status or progress, resumable, ended by the film's end."""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.auth import HasCaller, HasFilmId
from api.deps import HasDeps
from api.film_feed import EventId, FilmEvent, FilmFeed
from api.openapi import errors
from film.errors import TooManyStreams
from film.ids import FilmId
from ledger.films.queries import get_film_view_of_key

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
    deps: HasDeps,
    caller: HasCaller,
    film_id: HasFilmId,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="Go on after this event.", max_length=64)
    ] = None,
) -> StreamingResponse:
    """Follow a film: an event `progress` for each change of its status or progress, ending with its end."""
    await get_film_view_of_key(deps.database, film_id, caller.key_id)
    since = None if last_event_id is None else EventId.parse(last_event_id)
    feed: FilmFeed = request.app.state.feed
    # Looked at before the answer begins: a database that is away now is a 503, not a stream that breaks off.
    first = await feed.look(film_id)
    if deps.streams_at_once and feed.count_streams(caller.key_id) >= deps.streams_at_once:
        raise TooManyStreams(limit=deps.streams_at_once, retry_after_s=_COME_BACK_S)
    seat = ExitStack()
    # Counted before anybody else is asked: between the look at the count and this nothing waits.
    seat.enter_context(feed.counting_stream(caller.key_id))
    return _Stream(_events(film_id, feed.follow(film_id, first, since)), seat=seat)


class _Stream(StreamingResponse):
    """A stream of events that gives its seat back however it ends."""

    def __init__(self, events: AsyncIterator[bytes], *, seat: ExitStack) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._seat:
            await super().__call__(scope, receive, send)


async def _events(film_id: FilmId, changes: AsyncIterator[FilmEvent | None]) -> AsyncIterator[bytes]:
    yield _RETRY
    async for event in changes:
        yield _STILL_HERE if event is None else _event(film_id, event)


def _event(film_id: FilmId, event: FilmEvent) -> bytes:
    snapshot = event.snapshot
    facts = {
        "task_id": film_id,
        "status": event.id.status,
        "progress": event.id.progress,
        "shots_done": snapshot.shots_done,
        "shots_total": snapshot.shots_total,
        "awaiting_approval": snapshot.awaiting_approval and event.id.status is snapshot.status,
    }
    text = json.dumps(facts, separators=(",", ":"))
    return f"id: {event.id}\nevent: progress\ndata: {text}\n\n".encode()
