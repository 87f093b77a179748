"""The documents: /openapi.json, and /docs to read without loading anything from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

router = APIRouter(include_in_schema=False)
STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;"
    "padding:0 1rem}h3{font:600 1rem ui-monospace,monospace;margin:1.6rem 0 .2rem}p{margin:.2rem 0}"
    "table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top}"
    "code{font:.9rem ui-monospace,monospace}"
)
INTRODUCTION = (
    "Errors are JSON: <code>{&quot;error&quot;: what is wrong, &quot;hint&quot;: what to do}</code>. Where the "
    "studio has a password, send it as <code>Authorization: Bearer …</code>, <code>X-Token</code> or with the "
    "name over Basic. With a long secret of your own as <code>X-Owner</code>, what you make can be seen with "
    'that secret only. For programs: <a href="openapi.json">openapi.json</a>.'
)


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """The OpenAPI document of the API, without the page's own addresses."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """The same to read."""
    document: dict[str, Any] = request.app.openapi()
    schemas = document.get("components", {}).get("schemas", {})
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, entry in methods.items():
            text = _entry(f"{method.upper()} {path}", entry, schemas)
            groups.setdefault(entry.get("tags", ["Other"])[0], []).append(text)
    body = "".join(f"<h2>{escape(name)}</h2>{''.join(entries)}" for name, entries in groups.items())
    title = escape(document["info"]["title"])
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><h1>{title}</h1><p>{INTRODUCTION}</p>{body}</body></html>"
    )


def _entry(head: str, entry: dict[str, Any], schemas: dict[str, Any]) -> str:
    given = [part for part in entry.get("parameters", ()) if part["in"] != "header"]
    rows = [_row(part["name"], part["schema"], part.get("required")) for part in given]
    for content in entry.get("requestBody", {}).get("content", {}).values():
        rows += _fields(_resolved(content["schema"], schemas))
    table = f"<table>{''.join(rows)}</table>" if rows else ""
    return f"<h3>{escape(head)}</h3><p>{escape(entry.get('description', ''))}</p>{table}"


def _fields(schema: dict[str, Any]) -> list[str]:
    needed = schema.get("required", ())
    return [_row(name, field, name in needed) for name, field in schema.get("properties", {}).items()]


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference."""
    named: dict[str, Any] = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    return named


def _row(name: str, schema: dict[str, Any], needed: Any) -> str:
    kinds = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    said = [schema.get("description", "")]
    for part in kinds:
        said += [f"One of: {', '.join(map(str, part['enum']))}."] if "enum" in part else []
        said += (
            [f"{part['minimum']:g} to {part['maximum']:g}."] if {"minimum", "maximum"} <= part.keys() else []
        )
    if schema.get("default") not in (None, ""):
        said.append(f"Default: {schema['default']}.")
    return (
        f"<tr><td><code>{escape(name)}</code>{'' if needed else ' (optional)'}</td>"
        f"<td>{' or '.join(map(_kind, kinds))}</td><td>{escape(' '.join(filter(None, said)))}</td></tr>"
    )


def _kind(schema: dict[str, Any]) -> str:
    binary = "contentMediaType" in schema or schema.get("format") == "binary"
    return "file" if binary else {"string": "text"}.get(schema.get("type", ""), str(schema.get("type", "")))
