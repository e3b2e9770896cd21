"""The description of the HSDS interface: OpenAPI 3.1 with our merged schemas inside, so that it needs nothing else.

Each operation has an id of its own and says whether HSDS requires it. Built of the same schemas that parse the
requests; serves nothing itself.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from hub.directory.formats.hsds_objects import VERSION, objects, schema
from hub.directory.hsds import schemas

_LISTS: Final[tuple[tuple[str, str, type[Schema], bool], ...]] = (
    ("services", "service", schemas.ServiceQuery, True),
    ("organizations", "organization", schemas.OrganizationQuery, False),
    ("service_at_locations", "service_at_location", schemas.PlaceQuery, False),
    ("taxonomies", "taxonomy", schemas.TaxonomyQuery, False),
    ("taxonomy_terms", "taxonomy_term", schemas.TermQuery, False),
)
_PAGE: Final = ("total_items", "total_pages", "page_number", "size")
_FLAGS: Final = ("first_page", "last_page", "empty")
_PROBLEM: Final = {
    "description": "A problem document (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}},
}


def describe(address: str) -> dict[str, Any]:
    """Return the description of the interface that is served at an address."""
    paths: dict[str, Any] = {"/": {"get": _operation("getAbout", "Which version and profile this is", _about(), True)}}
    for name, one, query, required in _LISTS:
        paths |= _list(name, one, query, required=required)
    return {
        "openapi": "3.1.0",
        "info": {"title": "HSDS read interface of a Handover hub", "version": VERSION},
        "servers": [{"url": address}],
        "tags": [{"name": "required"}, {"name": "optional"}],
        "paths": paths,
        "components": {"schemas": _components()},
    }


def _list(name: str, one: str, query: type[Schema], *, required: bool) -> dict[str, Any]:
    title = "".join(part.capitalize() for part in name.split("_"))
    single = "".join(part.capitalize() for part in one.split("_"))
    page = {"$ref": f"#/components/schemas/page_of_{name}"}
    body = {"required": True, "content": {"application/json": {"schema": _body(query)}}}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    parameters = [key]
    if one == "organization":
        parameters += _parameters(schemas.OneOrganization)
    summary = name.replace("_", " ")
    return {
        f"/{name}": {
            "get": _operation(f"list{title}", f"List {summary}", page, required, parameters=_parameters(query)),
            "post": _operation(f"search{title}", f"List {summary}, privately", page, False, requestBody=body),
        },
        f"/{name}/{{id}}": {
            "get": _operation(
                f"get{single}",
                "One, with all that belongs to it",
                {"$ref": f"#/components/schemas/{one}"},
                required,
                parameters=parameters,
            )
        },
    }


def _operation(name: str, summary: str, answer: dict[str, Any], required: bool, **more: Any) -> dict[str, Any]:  # noqa: FBT001  # the tag
    content = {"application/json": {"schema": answer}}
    if name.startswith(("list", "search")):
        content["application/x-ndjson"] = {"schema": {"type": "string"}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["required" if required else "optional"],
        **more,
        "responses": {"200": {"description": "The answer.", "content": content}, "default": _PROBLEM},
    }


def _about() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    publisher = {"type": "object", "required": ["name"], "properties": {"name": text, "website": text}}
    members = {"version": text, "profile": text, "openapi_url": text, "description": text, "publisher": publisher}
    return {"type": "object", "required": ["version", "profile", "openapi_url"], "properties": members}


def _components() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in objects():
        merged = schema(name)
        for part, value in merged.get("$defs", {}).items():
            made[f"profile_{part}"] = _local(value)
        made[name] = _local({key: value for key, value in merged.items() if key not in {"$schema", "$defs"}})
    for name, one, _query, _required in _LISTS:
        made[f"page_of_{name}"] = _page_of({"type": "object"} if one in {"service", "organization"} else _ref(one))
    made["problem"] = {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {"status": {"type": "integer"}, **{n: {"type": "string"} for n in ("type", "title", "detail")}},
    }
    return made


def _page_of(item: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: {"type": "integer", "minimum": 0} for name in _PAGE}
    flags = {name: {"type": "boolean"} for name in _FLAGS}
    return {
        "type": "object",
        "required": [*numbers, *flags, "contents"],
        "properties": {**numbers, **flags, "contents": {"type": "array", "items": item}},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _local(value: Any) -> Any:
    """Return a schema whose references lie in the description."""
    if isinstance(value, list):
        return [_local(part) for part in value]
    if not isinstance(value, dict):
        return value
    if isinstance(leads := value.get("$ref"), str):
        own = leads.startswith("#/$defs/")
        return _ref(f"profile_{leads.removeprefix('#/$defs/')}" if own else leads.removesuffix(".json"))
    return {name: _local(part) for name, part in value.items()}


def _parameters(query: type[Schema]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": False, "schema": said} for name, said in _said(query).items()]


def _body(query: type[Schema]) -> dict[str, Any]:
    return {"type": "object", "properties": _said(query), "additionalProperties": False}


def _said(query: type[Schema]) -> dict[str, dict[str, Any]]:
    return {name: _type(field) for name, field in sorted(query().fields.items())}


def _type(field: fields.Field[Any]) -> dict[str, Any]:
    kinds = {fields.Boolean: "boolean", fields.Integer: "integer", fields.Float: "number"}
    found: dict[str, Any] = {"type": kinds.get(type(field), "string")}
    for rule in field.validators:
        if isinstance(rule, validate.Range):
            found |= {"minimum": rule.min, "maximum": rule.max}
        elif isinstance(rule, validate.OneOf):
            found["enum"] = list(rule.choices)
        elif isinstance(rule, validate.Regexp):
            found["format"] = "uuid"
        elif isinstance(rule, validate.Length):
            found |= {"minLength": rule.min, "maxLength": rule.max}
    return found
