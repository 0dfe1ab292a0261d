"""Bodies: JSON objects and nothing else, small, shallow, each name once. Reading one can't hurt."""

import json
from typing import Any, Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from film.errors import InvalidRequest
from film.sentences import field_reason

#: How deep a body may be nested; a film request is three levels deep.
DEPTH_MAX: Final = 16
_OPEN, _CLOSE = b"[{", b"]}"
_BodyT = TypeVar("_BodyT", bound=BaseModel)


async def json_object(request: Request, *, required: bool = True) -> dict[str, Any]:
    """Return a request's body.

    Args:
        request: The request; the size of its body is limited before (api/middleware).
        required: Whether an empty body is wrong; else it is an empty object.

    Raises:
        InvalidRequest: It is no JSON object, nested too deep, or named something twice.
    """
    body = await request.body()
    if not body and not required:
        return {}
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidRequest(field="Content-Type", reason="must be application/json")
    if _depth(body) > DEPTH_MAX:
        raise InvalidRequest(field="body", reason=f"must be nested at most {DEPTH_MAX} levels deep")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError as error:
        reason = str(error) if isinstance(error, _NamedTwiceError) else "must be a JSON object in UTF-8"
        raise InvalidRequest(field="body", reason=reason) from error
    if not isinstance(value, dict):
        raise InvalidRequest(field="body", reason="must be a JSON object")
    return value


async def parse_body(request: Request, model: type[_BodyT], *, required: bool = True) -> _BodyT:
    """Return a request's body as a model.

    Raises:
        InvalidRequest: It breaks a rule; the first wrong field is named.
    """
    value = await json_object(request, required=required)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        reason = field_reason(str(fault["msg"]))
        reason = {"extra_forbidden": "unknown field", "missing": "is required"}.get(str(fault["type"]), reason)
        field = str(fault["loc"][0]) if fault["loc"] else "body"
        raise InvalidRequest(field=field, reason=reason) from error


class _NamedTwiceError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _NamedTwiceError("names a field twice")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _depth(body: bytes) -> int:
    """Return how deep a text is nested if it is JSON: brackets outside strings, counted without recursion."""
    deepest = depth = 0
    in_string = escaped = False
    for byte in body:
        if escaped:
            escaped = False
        elif in_string:
            escaped, in_string = byte == 0x5C, byte != 0x22
        elif byte == 0x22:
            in_string = True
        elif byte in _OPEN:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in _CLOSE:
            depth -= 1
    return deepest
