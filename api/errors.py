"""Every error as the seed's envelope: `{"error": {"code", "message", "details"?}}`, whoever raised it."""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from film.errors import (
    DatabaseUnavailable,
    FilmRequestError,
    InsufficientCredits,
    LimitReached,
    MissingKey,
    ProviderUnavailable,
    RequestError,
    SegmentsNotReady,
    StoreUnavailable,
)
from film.sentences import field_reason
from film.text import one_line
from runtime.logs import log_error, log_event

_log = logging.getLogger("longvideo.api")


class ErrorFacts(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="One of the documented words; programs decide by it.")
    message: str = Field(description="A sentence for people; of a wrong field `field: reason`.")
    details: dict[str, Any] | None = Field(default=None, description="Facts that go with the code.")


class ErrorEnvelope(BaseModel):
    """The body of every answer that is not a success."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorFacts


#: Every status of the API that is no success: the codes it may carry and when.
MEANINGS: Final[Mapping[int, tuple[Sequence[str], str]]] = {
    400: (["invalid_request"], "The request breaks a rule; the message names the field."),
    401: (["invalid_api_key"], "The bearer key is missing, malformed, unknown or disabled."),
    402: (["insufficient_credits"], "The account can't hold the film's cost; nothing was written."),
    404: (["task_not_found"], "There is no such film, or it is another key's, or it was deleted."),
    405: (["method_not_allowed"], "The path knows other methods; `Allow` names them."),
    408: (["request_timeout"], "The body did not arrive in time."),
    409: (
        [
            "not_composable",
            "no_segments",
            "segments_not_ready",
            "not_retryable",
            "not_awaiting_approval",
            "not_terminal",
        ],
        "The film's present state doesn't allow it.",
    ),
    413: (["invalid_request"], "The body is larger than 64 KiB."),
    422: (["idempotency_key_reused"], "The Idempotency-Key came with another body (only where the house is strict)."),
    429: (["rate_limited", "too_many_films"], "A limit is reached; `Retry-After` says when to come again, in seconds."),
    500: (["internal_error"], "The service's own fault."),
    503: (["unavailable"], "Something the answer needs can't be reached now."),
}
_CODE_OF: Final = {404: "not_found", **{status: codes[0] for status, (codes, _) in MEANINGS.items() if status != 404}}


def envelope(
    status: int, code: str, message: str, *, details: Mapping[str, Any] | None = None, headers: Mapping[str, str] = {}
) -> JSONResponse:
    """Return an error's answer."""
    facts: dict[str, Any] = {"code": code, "message": one_line(message)}
    if details is not None:
        facts["details"] = dict(details)
    return JSONResponse({"error": facts}, status_code=status, headers=dict(headers))


def install_error_handlers(app: FastAPI) -> None:
    """Make the app answer every error in the envelope."""
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _unrouted)
    for unreached in (ProviderUnavailable, DatabaseUnavailable, StoreUnavailable):
        app.add_exception_handler(unreached, _unreached)
    app.add_exception_handler(Exception, _broken)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestError)  # noqa: S101 - registered for it
    if isinstance(error, MissingKey):
        return envelope(400, "invalid_request", "provider: this service has no access to what the film needs")
    details: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    message = f"{error.fact()}." if isinstance(error, FilmRequestError) else str(error)
    match error:
        case SegmentsNotReady(missing=missing):
            details = {"missing": list(missing)}
        case InsufficientCredits(needed=needed, available=available):
            details = {"needed": needed, "available": available}
        case LimitReached(retry_after_s=wait_s):
            headers["Retry-After"] = str(wait_s)
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return envelope(error.http_status, error.code, message, details=details, headers=headers)


async def _unreadable(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    fault = error.errors()[0]
    field = str(fault["loc"][-1])
    return envelope(400, "invalid_request", f"{field}: {field_reason(str(fault['msg']))}")


async def _unrouted(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code = _CODE_OF.get(error.status_code, "invalid_request")
    messages = {404: f"There is nothing at {request.url.path}", 405: f"{request.method} is not for {request.url.path}"}
    message = messages.get(error.status_code, str(error.detail))
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
    return envelope(error.status_code, code, message, headers=headers)


def _allowed(request: Request) -> str:
    """Return every method that the path of a request knows; the router itself names only the first route's."""
    operations: Mapping[str, Mapping[str, Any]] = request.app.openapi()["paths"]
    wanted = request.url.path
    known = operations.get(wanted) or {
        method
        for path, methods in operations.items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), wanted)
        for method in methods
    }
    return ", ".join(sorted(method.upper() for method in known))


async def _unreached(_: Request, error: Exception) -> JSONResponse:
    log_event(_log, "unreachable", level=logging.WARNING, reason=error)
    return envelope(503, "unavailable", "This can't be answered now; ask again.", headers={"Retry-After": "5"})


async def _broken(request: Request, error: Exception) -> JSONResponse:
    log_error(_log, "answer_failed", error, method=request.method)
    return envelope(500, "internal_error", "The service failed; nothing that it answered before is lost.")
