"""The docs page: the OpenAPI document as one plain HTML page. No script, nothing from outside."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

_Json = Mapping[str, Any]

STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #0a7; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
code, pre { font: 14px/1.5 ui-monospace, monospace; background: var(--soft); border-radius: 4px; padding: 1px 4px; }
pre { padding: .8rem; overflow: auto; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .6rem 0; padding: .2rem .8rem; }
summary { cursor: pointer; padding: .3rem 0; }
.method { display: inline-block; min-width: 4.5rem; font: 700 14px ui-monospace, monospace; color: var(--accent); }
.path { font: 14px ui-monospace, monospace; } .told { opacity: .75; margin-left: .8rem; }
table { border-collapse: collapse; width: 100%; font-size: 15px; margin: .4rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-top: 1px solid var(--line); }
th { border-top: 0; } .wide { overflow-x: auto; }
"""
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><link rel="stylesheet" href="/docs/style.css"></head>
<body><h1>{title}</h1><p>Version {version} · <a href="/openapi.json">openapi.json</a></p>{body}</body></html>
"""


def docs_page(document: _Json) -> str:
    """Return the page of an OpenAPI document."""
    info = document["info"]
    parts = [*_paragraphs(info["description"])]
    for tag in document["tags"]:
        operations = list(_operations(document, tag["name"]))
        if operations:
            parts += [
                f"<h2>{escape(tag['name'].capitalize())}</h2>",
                f"<p>{escape(tag['description'])}</p>",
                *operations,
            ]
    parts.append("<h2>Schemas</h2>")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts.append(
            f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{_schema(schema)}</details>'
        )
    return _PAGE.format(title=escape(info["title"]), version=escape(info["version"]), body="\n".join(parts))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        yield f"<p>{_words(paragraph)}</p>"


def _words(text: str) -> str:
    """Return a sentence with its `code` marked up."""
    pieces = escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))


def _operations(document: _Json, tag: str) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["tags"][-1] == tag:
                yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: _Json) -> str:
    told = operation.get("description", "")
    name, summary = escape(operation["operationId"]), escape(operation["summary"])
    head = f'<span class="method">{method.upper()}</span><span class="path">{escape(path)}</span>'
    parts = [
        f'<details id="{name}"><summary>{head}<span class="told">{summary}</span></summary>',
        f"<p>{_words(told)}</p>",
        _parameters(operation.get("parameters", [])),
    ]
    body = operation.get("requestBody")
    if body is not None:
        content = body["content"]["application/json"]
        example = json.dumps(content["example"], ensure_ascii=False)
        parts += [f"<p>Body: {_kind(content['schema'])}</p>", f"<pre>{escape(example)}</pre>"]
    parts += [_answers(operation["responses"]), "</details>"]
    return "\n".join(parts)


def _parameters(parameters: list[_Json]) -> str:
    if not parameters:
        return ""
    rows = [
        (
            f"<code>{escape(one['name'])}</code> ({one['in']}{', required' if one.get('required') else ''})",
            _kind(one["schema"]),
            _words(one.get("description", "")),
        )
        for one in parameters
    ]
    return _table(("parameter", "type", ""), rows)


def _answers(responses: _Json) -> str:
    rows = []
    for status, answer in responses.items():
        content = answer.get("content", {})
        kind = _kind(next(iter(content.values())).get("schema", {})) if content else ""
        codes = content.get("application/json", {}).get("examples", {})
        named = " ".join(f"<code>{escape(code)}</code>" for code in codes)
        rows.append((f"<code>{escape(status)}</code>", kind, f"{_words(answer['description'])} {named}"))
    return _table(("answer", "body", ""), rows)


def _schema(schema: _Json) -> str:
    told = "".join(_paragraphs(schema.get("description", "")))
    if "properties" not in schema:
        return f"{told}<p>{_kind(schema)}</p>"
    required = schema.get("required", [])
    rows = [
        (
            f"<code>{escape(name)}</code>{' (required)' if name in required else ''}",
            _kind(one) + _default(one),
            _words(one.get("description", "")),
        )
        for name, one in schema["properties"].items()
    ]
    return told + _table(("field", "type", ""), rows)


def _default(schema: _Json) -> str:
    return f" = {escape(json.dumps(schema['default'], ensure_ascii=False))}" if "default" in schema else ""


def _kind(schema: _Json) -> str:
    """Return a schema's type in a few words, other schemas as links."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(_kind(one) for one in schema[joined])
    if "enum" in schema:
        return " ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    limits = [
        f"{word} {schema[name]}"
        for name, word in (("minimum", "≥"), ("maximum", "≤"), ("minLength", "length ≥"), ("maxLength", "length ≤"))
        if name in schema
    ]
    return escape(" ".join([kind, *limits]))


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
