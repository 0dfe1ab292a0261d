"""JSON schemas as structured outputs take them: what is unsupported, and how a value is made to satisfy one."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

#: Keywords that structured outputs refuse (the SDK moves them into descriptions).
_UNSUPPORTED: Final = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "maxItems", "uniqueItems", "minProperties", "maxProperties", "not", "if", "oneOf",
    }
)  # fmt: skip


def faults_of(schema: dict[str, Any]) -> Iterator[str]:
    """Yield what structured outputs would refuse in a schema; nothing for a good one."""
    for keyword in schema:
        if keyword in _UNSUPPORTED:
            yield f"For '{schema.get('type', 'schema')}' type, property '{keyword}' is not supported"
    if schema.get("minItems", 0) not in {0, 1}:
        yield "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
    for nested in _nested(schema):
        yield from faults_of(nested)


def _nested(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    found += [schema.get("items"), *schema.get("anyOf", []), *schema.get("allOf", [])]
    return [part for part in found if isinstance(part, dict)]


def property_names(schema: dict[str, Any]) -> frozenset[str]:
    """Return the names of an object schema's own properties."""
    return frozenset(resolve(schema, schema).get("properties", {}))


def resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Follow `$ref` and take the only or first choice of `allOf`."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return resolve(root.get("$defs", {}).get(name, {}), root)
    if schema.get("allOf"):
        return resolve(schema["allOf"][0], root)
    return schema


def conform(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return `value` made to satisfy `schema`: unknown keys dropped, missing ones filled in, wrong types replaced."""
    schema = resolve(schema, root)
    if "anyOf" in schema:
        choices = [resolve(choice, root) for choice in schema["anyOf"]]
        chosen = next((choice for choice in choices if _fits(value, choice)), choices[0])
        return conform(value, chosen, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return value if value in schema["enum"] else schema["enum"][0]
    if not _fits(value, schema):
        value = _plain(schema)
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", [])
        return {
            name: conform(value.get(name), part, root)
            for name, part in schema.get("properties", {}).items()
            if name in wanted or name in value
        }
    if kind == "array":
        items = value or ([None] if schema.get("minItems") == 1 else [])
        return [conform(item, schema.get("items", {}), root) for item in items]
    return value


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    """Tell whether a value is of the schema's type, or of one of its types; without a type all fit."""
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return not kinds or any(type(value) in _TYPES[kind] for kind in kinds)


def _plain(schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    return {
        "object": {},
        "array": [],
        "string": str(schema.get("title", "simulated")),
        "integer": 0,
        "number": 0,
        "boolean": False,
    }.get(str(kind))
