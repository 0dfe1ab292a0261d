"""`/_control/...`: what a test or a person may see and set that no vendor would show. JSON; no key is needed."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.world.faults import FaultScript
from simulators.world.world import World

_Endpoint = Callable[[Request], Awaitable[Response]]


class ClockStep(BaseModel):
    """How far to move the world's clock (vendor seconds, which the time scale divides), and whether it runs."""

    model_config = ConfigDict(extra="forbid")

    advance_vendor_s: float = Field(default=0.0, ge=0)
    running: bool | None = None


def routes(world: World) -> list[Route]:
    """Return the control routes."""
    return [
        Route("/_control/health", _health(world), methods=["GET"]),
        Route("/_control/books", _books(world), methods=["GET"]),
        Route("/_control/jobs", _jobs(world), methods=["GET"]),
        Route("/_control/faults", _faults(world), methods=["GET", "PUT", "DELETE"]),
        Route("/_control/quiet", _quiet(world), methods=["GET"]),
        Route("/_control/clock", _clock(world), methods=["GET", "PUT"]),
    ]


def _health(world: World) -> _Endpoint:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "time_scale": world.settings.time_scale})

    return health


def _books(world: World) -> _Endpoint:
    async def books(_: Request) -> Response:
        return JSONResponse({"books": await world.books.report()})

    return books


def _jobs(world: World) -> _Endpoint:
    async def jobs(request: Request) -> Response:
        service = request.query_params.get("service")
        entries = [entry for page in await world.books.report() for entry in page["jobs"]]
        entries.sort(key=lambda entry: entry["created_at"])
        return JSONResponse({"jobs": [one for one in entries if service in {None, one["service"]}]})

    return jobs


def _faults(world: World) -> _Endpoint:
    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            await world.faults.replace(FaultScript())
        elif request.method == "PUT":
            try:
                await world.faults.replace(FaultScript.model_validate(_json(await request.body())))
            except ValidationError as error:
                return _invalid(error)
        return JSONResponse(await world.faults.describe())

    return faults


def _quiet(world: World) -> _Endpoint:
    async def quiet(_: Request) -> Response:
        """Answer when every file that was asked for is made."""
        await world.workshop.quiet()
        return JSONResponse({"quiet": True})

    return quiet


def _clock(world: World) -> _Endpoint:
    async def clock(request: Request) -> Response:
        if request.method == "PUT":
            try:
                step = ClockStep.model_validate(_json(await request.body()))
            except ValidationError as error:
                return _invalid(error)
            if step.running is not None:
                (world.clock.run if step.running else world.clock.stop)()
            world.clock.advance(step.advance_vendor_s)
            await world.keep_clock()
        return JSONResponse({"now_ms": world.clock.now_ms(), "running": world.clock.stopped_ms is None})

    return clock


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None  # pydantic then says what it wanted


def _invalid(error: ValidationError) -> Response:
    return JSONResponse({"errors": error.errors(include_url=False, include_context=False)}, status_code=400)
