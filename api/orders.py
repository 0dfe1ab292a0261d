"""Orders: create, estimate, retry. Wrong input ends here; what is answered 202 stands in the ledger."""

import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException

from api.auth import HasCaller, HasFilmId, idempotency_key
from api.bodies import json_object, parse_body
from api.deps import Deps, HasDeps
from api.openapi import body, errors, openapi_links
from api.video import Credits, Video, linked_video
from film.credits import credits_number
from film.errors import IdempotencyKeyReused, InvalidRequest
from film.request import FilmRequest, parse_request
from ledger.films.orders import OrderResult, Payer, open_film
from ledger.films.queries import get_film_view, get_film_view_of_key
from ledger.films.retry import open_retry, segment_indexes
from ledger.operations.api_keys import Caller
from runtime.logs import log_event

_log = logging.getLogger("longvideo.api")
router: Final = APIRouter(prefix="/v1", tags=["films"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description=(
            "1 to 255 visible ASCII characters, best a UUID. The same key again answers 202 with the film it ordered."
        ),
        json_schema_extra={"minLength": 1, "maxLength": 255},
    ),
]
_REPLAY_HEADERS: Final = {
    "Idempotent-Replayed": {"schema": {"type": "string"}, "description": "`true`: the film was ordered before."},
    "Idempotency-Mismatch": {"schema": {"type": "string"}, "description": "`true`: with another body, at that."},
}
_ORDERED: Final = {
    "headers": _REPLAY_HEADERS,
    "links": openapi_links(
        "get_video", "cancel_video", "approve_video", "compose_video", "retry_video", "delete_video", "follow_video"
    ),
}
_ORDER: Final = {"prompt": "城市清晨的延时风光", "duration": 30}


class Estimate(BaseModel):
    """What a film would cost."""

    cost_estimate: Credits
    segments: list[int] = Field(description="The seconds the film keeps of each segment.")


class EstimateRequest(FilmRequest):
    """A film whose cost is asked for: as an order, but the prompt may be left out."""

    prompt: str = Field(default="-", description="Doesn't change the cost.")


class RetryRequest(BaseModel):
    """Which finished segments are to be made anew besides the missing ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    redo_segments: Annotated[list[Annotated[int, Field(ge=1, le=60)]], Field(max_length=60)] = Field(
        default_factory=list, description="Numbers of segments, from 1: a segment's `index` and one."
    )

    @model_validator(mode="before")
    @classmethod
    def _not_from_zero(cls, wish: Any) -> Any:
        """Refuse the field that counted from 0: read as numbers from 1 it would buy another segment."""
        if isinstance(wish, dict) and "redo" in wish:
            reason = "counted segments from 0; use redo_segments, which counts from 1"
            raise InvalidRequest(field="redo", reason=reason)
        return wish


@router.post(
    "/videos",
    status_code=202,
    response_model_exclude_unset=True,
    responses={**errors(402, 408, 413, 422, 429), 202: _ORDERED},
    openapi_extra=body(FilmRequest, example=_ORDER),
)
async def create_video(
    request: Request, response: Response, deps: HasDeps, caller: HasCaller, idempotency: IdempotencyKey = None
) -> Video:
    """Order a film. Its cost is held at once; nothing is rendered before it passed moderation."""
    key = idempotency_key(idempotency)
    wish = await _request(request, deps)
    opened = await open_film(deps.database, wish, _customer(caller, deps), idem_key=key, simulated=deps.simulated)
    deps.failpoint("order_committed")
    return await _order_response(opened, response, deps, caller)


@router.post(
    "/videos/estimate",
    responses=errors(408, 413),
    openapi_extra=body(EstimateRequest, example={"duration": 60}),
)
async def estimate_video(request: Request, deps: HasDeps, caller: HasCaller) -> Estimate:
    """Say what a film would cost, and its segments. Takes what create takes; the prompt may be left out."""
    del caller
    wish = await _request(request, deps, without_prompt=True)
    segments = [slot.kept_s for slot in wish.plan()]
    return Estimate(cost_estimate=credits_number(sum(wish.prices())), segments=segments)


@router.api_route("/videos/estimate", methods=["GET", "DELETE"], include_in_schema=False)
async def estimate_by_another_method() -> None:
    """Refuse: `estimate` is no film's id."""
    raise HTTPException(405)


@router.post(
    "/videos/{id}/retry",
    status_code=202,
    tags=["ended films"],
    response_model_exclude_unset=True,
    responses={**errors(402, 404, 408, 409, 413, 422, 429), 202: _ORDERED},
    openapi_extra=body(RetryRequest, required=False, example={"redo_segments": [3]}),
)
async def retry_video(
    request: Request,
    response: Response,
    deps: HasDeps,
    caller: HasCaller,
    film_id: HasFilmId,
    idempotency: IdempotencyKey = None,
) -> Video:
    """Order a new film that adopts every finished segment of an ended one and pays only for the others."""
    key = idempotency_key(idempotency)
    wish = await parse_body(request, RetryRequest, required=False)
    await get_film_view_of_key(deps.database, film_id, caller.key_id)
    payer = _customer(caller, deps)
    redo = await segment_indexes(deps.database, film_id, wish.redo_segments, field="redo_segments")
    opened = await open_retry(deps.database, film_id, payer, redo=redo, idem_key=key)
    return await _order_response(opened, response, deps, caller)


def _customer(caller: Caller, deps: Deps) -> Payer:
    return Payer(account=caller.account, api_key=caller.key_id, limits=deps.limits)


async def _request(request: Request, deps: Deps, *, without_prompt: bool = False) -> FilmRequest:
    fields: dict[str, Any] = await json_object(request)
    if without_prompt:
        fields = {"prompt": "-", "language": "en", **fields}
    wish = parse_request(fields, allowed_origin=deps.allowed_origin)
    deps.require_makeable(wish)
    return wish


async def _order_response(opened: OrderResult, response: Response, deps: Deps, caller: Caller) -> Video:
    if opened.mismatch and deps.idempotency_strict:
        raise IdempotencyKeyReused(film_id=opened.film_id)
    if opened.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if opened.mismatch:
        response.headers["Idempotency-Mismatch"] = "true"
    log_event(_log, "ordered", film_id=opened.film_id, key=caller.key_id, replayed=opened.replayed)
    return await linked_video(await get_film_view(deps.database, opened.film_id), deps.links)
