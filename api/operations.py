"""For whoever runs the service: alive, ready, in figures."""

import asyncio
import hmac
import logging
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from api.deps import Deps, HasDeps
from api.errors import envelope
from api.metrics import CONTENT_TYPE, metrics_text
from api.openapi import errors
from film.errors import DatabaseUnavailable, LongVideoError
from ledger.operations.heartbeats import ProcessKind, live_processes
from ledger.operations.metrics import collect_metrics
from runtime.logs import log_event

router: Final = APIRouter(tags=["service"])

#: A dispatcher that told of itself longer ago than this is taken for gone.
_SEEN_S: Final = 60.0
#: A database or store that doesn't answer within this can't be asked.
_ANSWER_S: Final = 3.0
_log = logging.getLogger("longvideo.api")


class Health(BaseModel):
    """The service answers."""

    status: str


@router.get("/healthz", responses=errors(key=False))
async def healthz() -> Health:
    """Answer at all."""
    return Health(status="ok")


@router.get("/readyz", response_model=Health, responses=errors(503, key=False))
async def readyz(deps: HasDeps) -> Health | JSONResponse:
    """Say whether films can be ordered and will be made: database, store, and a dispatcher seen within a minute."""
    missing = await _missing(deps)
    if missing is None:
        return Health(status="ready")
    return envelope(503, "unavailable", f"Not ready: {missing}.", headers={"Retry-After": "5"})


async def _missing(deps: Deps) -> str | None:
    try:
        async with asyncio.timeout(_ANSWER_S):
            dispatchers = await live_processes(deps.database, ProcessKind.DISPATCHER, within_s=_SEEN_S)
    except (DatabaseUnavailable, SQLAlchemyError, OSError) as error:  # a TimeoutError is an OSError
        log_event(_log, "not_ready", level=logging.WARNING, what="database", error=type(error).__name__)
        return "the database can't be asked"
    try:
        async with asyncio.timeout(_ANSWER_S):
            await deps.links.objects.size_of("readiness")
    except (LongVideoError, TimeoutError) as error:
        log_event(_log, "not_ready", level=logging.WARNING, what="store", reason=error)
        return "the store can't be asked"
    return None if dispatchers else "no dispatcher is alive"


@router.get("/metrics", include_in_schema=False)
async def metrics(deps: HasDeps, authorization: Annotated[str, Header()] = "") -> Response:
    """Return Prometheus' text, to whoever has the token; without one in the settings there is none."""
    wanted = f"Bearer {deps.metrics_token}"
    if not deps.metrics_token or not hmac.compare_digest(authorization.encode(), wanted.encode()):
        raise HTTPException(404)
    return Response(metrics_text(await collect_metrics(deps.database)), media_type=CONTENT_TYPE)
