"""The OpenAPI document: what FastAPI finds in the routes, the request's schema, and every error on every route."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.errors import MEANINGS, ErrorEnvelope
from film.request import FilmRequest

TITLE: Final = "Long Video API"
_DESCRIPTION: Final = """One prompt becomes a finished film of 3 to 180 seconds.

Order with `POST /v1/videos`, then poll `GET /v1/videos/{id}`, follow `GET /v1/videos/{id}/events`, or wait for the
webhook; `result_url` is the film. Every `/v1` route takes `Authorization: Bearer sk-...`. Every error is
`{"error": {"code", "message", "details"?}}`. Costs are credits: held when a film is ordered, charged segment by segment
as each is finished, given back for the rest when the film ends.
"""
TAGS: Final = [
    {"name": "films", "description": "Order films and follow them."},
    {"name": "ended films", "description": "Compose again, retry, delete."},
    {"name": "account", "description": "Credits and their statement."},
    {"name": "offer", "description": "What can be ordered."},
    {"name": "service", "description": "For whoever runs it."},
]
#: What may befall any route that reads a key.
_EVERYWHERE: Final = (400, 401, 500, 503)
_EXAMPLE: Final = {
    400: "duration: should be greater than or equal to 3",
    401: "The API key is missing, malformed, unknown or disabled: send Authorization: Bearer sk-...",
    402: "The film needs 1650 credits and the account has 20: add credits or order less.",
    404: "vid_0123456789abcdef01234567: there is no such film, or it was deleted.",
}


def errors(*statuses: int, key: bool = True) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route: those of every route and these.

    Args:
        statuses: The errors that are the route's own.
        key: Whether the route takes a bearer key.
    """
    always = _EVERYWHERE if key else (500,)
    return {status: _response(status) for status in sorted({*always, *statuses})}


def _response(status: int) -> dict[str, Any]:
    codes, meaning = MEANINGS[status]
    examples = {code: {"value": {"error": {"code": code, "message": _EXAMPLE.get(status, meaning)}}} for code in codes}
    response: dict[str, Any] = {
        "model": ErrorEnvelope,
        "description": meaning,
        "content": {"application/json": {"examples": examples}},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
    return response


def openapi_links(*operations: str) -> dict[str, Any]:
    """Return the `links` of an answer that names a film: what can be asked about it next."""
    return {
        operation: {"operationId": operation, "parameters": {"path.id": "$response.body#/task_id"}}
        for operation in operations
    }


def body(model: type[BaseModel], *, required: bool = True, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads its body itself."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema, "example": dict(example)}}
    return {"requestBody": {"required": required, "content": content}}


def install_openapi(app: FastAPI, *models: type[BaseModel]) -> None:
    """Give the app its document; `models` are the bodies that its routes read themselves."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(
                title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes, tags=TAGS
            )
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            for model in models:
                _add(schemas, model)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            _drop_framework_answers(found)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's own way of extending it


def _add(schemas: dict[str, Any], model: type[BaseModel]) -> None:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, inner in schema.pop("$defs", {}).items():
        schemas.setdefault(name, inner)
    schemas[model.__name__] = _with_rules(schema) if model is FilmRequest else schema


def _with_rules(schema: dict[str, Any]) -> dict[str, Any]:
    """Say in words what a schema can't: rules between fields."""
    return {
        **schema,
        "description": (
            "A film as ordered. Unknown fields are refused. What a resolution, a seed or `chained` needs is said by "
            "`GET /v1/providers`; URLs must be http or https addresses of the public internet."
        ),
    }


def _drop_framework_answers(document: dict[str, Any]) -> None:
    """Remove the 422 that FastAPI documents for its own validation: ours answer 400."""
    for operations in document["paths"].values():
        for operation in operations.values():
            answer = operation["responses"].get("422", {})
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if schema.get("$ref", "").endswith("HTTPValidationError"):
                del operation["responses"]["422"]
