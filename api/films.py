"""Films: list, get, and what can be asked of one that exists: cancel, approve, compose, delete."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import FILM_ID, HasCaller, HasFilmId
from api.bodies import parse_body
from api.deps import HasDeps
from api.openapi import body, errors
from api.video import Video, VideoDetail, VideoPage, linked_detail, linked_video
from film.errors import FilmNotFound, InvalidRequest
from film.ids import FilmId
from film.status import Status
from ledger.database.records import Approval
from ledger.films.approvals import answer
from ledger.films.queries import Page, get_film_detail, get_film_view_of_key, list_films_of_key
from ledger.films.retention import delete_film
from ledger.films.retry import reopen_to_compose
from ledger.films.settlement import cancel_film

router: Final = APIRouter(prefix="/v1/videos", tags=["films"])

#: How often a film that is being made is worth a look, in seconds.
_LOOK_AGAIN_S: Final = 5
_RETRY_AFTER: Final = {
    "Retry-After": {"schema": {"type": "string"}, "description": "Seconds; only of a film that is being made."}
}


class Answer(BaseModel):
    """A person's word on a film that waits for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Approval = Field(description="`approve` lets the film go on, `reject` cancels it.")


@router.get("", response_model_exclude_unset=True, responses=errors())
async def list_videos(
    deps: HasDeps,
    caller: HasCaller,
    limit: Annotated[int, Query(ge=1, le=100, description="The most films of a page.")] = 20,
    after: Annotated[str | None, Query(pattern=FILM_ID, description="`last_id` of the page before.")] = None,
    status: Annotated[Status | None, Query(description="Only films of this status.")] = None,
    order: Annotated[Literal["asc", "desc"], Query(description="By the time they were ordered.")] = "desc",
) -> VideoPage:
    """List the key's films, newest first."""
    last = None if after is None else FilmId(after)
    page = Page(limit=limit, after=last, status=status, newest_first=order == "desc")
    try:
        found, has_more = await list_films_of_key(deps.database, caller.key_id, page)
    except FilmNotFound as error:
        raise InvalidRequest(field="after", reason="is no film of this key") from error
    return VideoPage.of([await linked_video(view, deps.links) for view in found], has_more=has_more)


@router.get(
    "/{id}",
    response_model_exclude_unset=True,
    responses={**errors(404), 200: {"headers": _RETRY_AFTER}},
)
async def get_video(response: Response, deps: HasDeps, caller: HasCaller, film_id: HasFilmId) -> VideoDetail:
    """Return a film as it stands, with its segments and its storyboard."""
    detail = await get_film_detail(deps.database, film_id, caller.key_id)
    if not detail.view.film.status.terminal:
        response.headers["Retry-After"] = str(_LOOK_AGAIN_S)
    return await linked_detail(detail, deps.links)


@router.post("/{id}/cancel", response_model_exclude_unset=True, responses=errors(404))
async def cancel_video(deps: HasDeps, caller: HasCaller, film_id: HasFilmId) -> Video:
    """Cancel a film: finished segments are charged, the rest goes back. Asking again changes nothing."""
    await get_film_view_of_key(deps.database, film_id, caller.key_id)
    await cancel_film(deps.database, film_id)
    return await linked_video(await get_film_view_of_key(deps.database, film_id, caller.key_id), deps.links)


@router.post(
    "/{id}/approve",
    response_model_exclude_unset=True,
    responses=errors(404, 408, 409, 413),
    openapi_extra=body(Answer, example={"decision": "approve"}),
)
async def approve_video(request: Request, deps: HasDeps, caller: HasCaller, film_id: HasFilmId) -> Video:
    """Answer a film that was ordered with `approve` and waits."""
    said = await parse_body(request, Answer)
    await get_film_view_of_key(deps.database, film_id, caller.key_id)
    await answer(deps.database, film_id, said.decision)
    return await linked_video(await get_film_view_of_key(deps.database, film_id, caller.key_id), deps.links)


@router.post(
    "/{id}/compose",
    status_code=202,
    tags=["ended films"],
    response_model_exclude_unset=True,
    responses=errors(404, 409),
)
async def compose_video(deps: HasDeps, caller: HasCaller, film_id: HasFilmId) -> Video:
    """Compose an ended film again from its finished segments. Free; the former result stays meanwhile."""
    await get_film_view_of_key(deps.database, film_id, caller.key_id)
    await reopen_to_compose(deps.database, film_id)
    return await linked_video(await get_film_view_of_key(deps.database, film_id, caller.key_id), deps.links)


@router.delete("/{id}", status_code=204, tags=["ended films"], responses=errors(404, 409))
async def delete_video(deps: HasDeps, caller: HasCaller, film_id: HasFilmId) -> None:
    """Delete an ended film and its files. What it cost stays on the statement."""
    await get_film_view_of_key(deps.database, film_id, caller.key_id)
    await delete_film(deps.database, deps.links.objects, film_id)
