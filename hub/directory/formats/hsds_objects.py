"""HSDS 3.1 as data: its objects and their members, the tables of its tabular form, and what our profile adds.

`schemas/fields.json` holds the field list of the specification. Our profile is what the schema of records says beyond
it, as a patch of each object's schema (RFC 7386); the merged schemas are made of both. Reads and writes no records.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any, Final

from hub.directory.records.record import definitions, id_from

VERSION: Final = "3.2"
"""The read interface; the records are those of 3.1.3, which 3.2 did not change."""
PROFILED: Final = {"organization": "provider", "service": "service", "location": "site"}
"""The objects that our profile extends, and the kind of record that each is."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

FOREIGN: Final = {
    "organization_id": "organizations",
    "parent_organization_id": "organizations",
    "service_id": "services",
    "location_id": "locations",
    "service_at_location_id": "service_at_location",
    "program_id": "programs",
    "contact_id": "contacts",
    "phone_id": "phones",
    "unit_id": "units",
    "taxonomy_term_id": "taxonomy_terms",
    "taxonomy_id": "taxonomies",
    "parent_id": "taxonomy_terms",
}
"""The table that a key leads to."""
_TABLE_OF_MEMBER: Final = {
    "organization": "organizations",
    "service": "services",
    "location": "locations",
    "program": "programs",
    "service_at_locations": "service_at_location",
    "unit": "units",
    "taxonomy_term": "taxonomy_terms",
    "taxonomy_detail": "taxonomies",
    "additional_urls": "url",
    "additional_websites": "url",
    "capacities": "service_capacity",
}
CHILDREN: Final[dict[str, dict[str, str]]] = {
    "languages": {"service_id": "languages", "location_id": "languages", "phone_id": "languages"},
    "phones": {
        "location_id": "phones",
        "service_id": "phones",
        "organization_id": "phones",
        "contact_id": "phones",
        "service_at_location_id": "phones",
    },
    "contacts": {
        "organization_id": "contacts",
        "service_id": "contacts",
        "service_at_location_id": "contacts",
        "location_id": "contacts",
    },
    "schedules": {"service_id": "schedules", "location_id": "schedules", "service_at_location_id": "schedules"},
    "service_areas": {"service_id": "service_areas", "service_at_location_id": "service_areas"},
    "addresses": {"location_id": "addresses"},
    "accessibility": {"location_id": "accessibility"},
    "cost_options": {"service_id": "cost_options"},
    "required_documents": {"service_id": "required_documents"},
    "funding": {"organization_id": "funding", "service_id": "funding"},
    "programs": {"organization_id": "programs"},
    "organization_identifiers": {"organization_id": "organization_identifiers"},
    "service_capacity": {"service_id": "capacities"},
    "url": {"organization_id": "additional_websites", "service_id": "additional_urls"},
    "attributes": {"link_id": "attributes"},
    "metadata": {"resource_id": "metadata"},
}
"""Tables whose rows hang on others, leaves first: by which key, and as which member there."""
RECORDS: Final = {"organizations": "provider", "services": "service", "locations": "site"}
"""The tables that are records here."""


def table_of(member: str) -> str:
    """Return the table of the objects that stand as a member."""
    return _TABLE_OF_MEMBER.get(member, member)


def key_of(table: str, key: object) -> str:
    """Return the key of a source's object among all its objects: a UUID is one already."""
    text = str(key)
    return text.lower() if id_from("", text) == text.lower() else f"{table}/{text}"


def with_ids(value: Any, source: str, table: str) -> Any:
    """Return an object in which every id and key is a UUID; others are made of the source and the key."""
    if isinstance(value, list):
        return [with_ids(row, source, table) for row in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, part in value.items():
        if isinstance(part, str | int) and part != "" and (name == "id" or name in FOREIGN):
            leads = table if name == "id" else FOREIGN[name]
            found[name] = part if _UUID.fullmatch(str(part)) else id_from(source, key_of(leads, part))
        else:
            found[name] = with_ids(part, source, table_of(name)) if isinstance(part, dict | list) else part
    return found


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` as a JSON Merge Patch (RFC 7386) changes it."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


@cache
def objects() -> dict[str, Any]:
    """Return each object of HSDS by its name: what it requires, and its fields."""
    loaded: dict[str, Any] = json.loads(_file("fields.json"))["objects"]
    return loaded


@cache
def profile(name: str) -> dict[str, Any]:
    """Return what our profile changes of an object's schema, as a merge patch; nothing, for most."""
    if name not in PROFILED:
        return {}
    found = definitions()
    known = {**found["common"]["properties"], **found[PROFILED[name]]["properties"]}
    own = {member: said for member, said in known.items() if member not in objects()[name]["fields"]}
    parts: dict[str, Any] = {}
    _collect(own, found, parts)
    return {"properties": own, "$defs": parts}


def _collect(value: Any, found: dict[str, Any], parts: dict[str, Any]) -> None:
    """Add to `parts` every definition that a schema refers to."""
    if isinstance(value, dict):
        name = str(value.get("$ref", "")).removeprefix("#/$defs/")
        if name in found and name not in parts:
            parts[name] = found[name]
            _collect(found[name], found, parts)
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _collect(part, found, parts)


def own_members(name: str) -> frozenset[str]:
    """Return the members that our profile adds to an object."""
    return frozenset(profile(name).get("properties", {}))


@cache
def structured(name: str) -> frozenset[str]:
    """Return the members of our profile that are no plain text: a cell of a table holds them as JSON."""
    found = profile(name)
    return frozenset(one for one, said in found.get("properties", {}).items() if not _is_text(said, found["$defs"]))


def _is_text(said: dict[str, Any], parts: dict[str, Any]) -> bool:
    if "$ref" in said:
        return _is_text(parts[said["$ref"].removeprefix("#/$defs/")], parts)
    return said.get("type") == "string" or all(isinstance(one, str) for one in said.get("enum", (None,)))


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the schema of an object, with our profile merged in; it refers to others as `name.json`."""
    listed = objects()[name]
    properties = {field: _property(said) for field, said in listed["fields"].items()}
    base = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "type": "object",
        "required": listed["required"],
        "properties": properties,
    }
    merged: dict[str, Any] = merge_patch(base, profile(name))
    return merged


def _property(said: str) -> dict[str, Any]:
    """Return the schema of a field of the list: `type`, `type:format`, `=one|other`, an object or `[object]`."""
    if said.startswith("="):
        return {"type": "string", "enum": said[1:].split("|")}
    if said.startswith("["):
        return {"type": "array", "items": {"$ref": f"{said[1:-1]}.json"}}
    kind, _colon, form = said.partition(":")
    if kind in {"string", "number", "boolean"}:
        return {"type": kind, **({"format": form} if form else {})}
    return {"$ref": f"{kind}.json"}


def _file(name: str) -> str:
    return resources.files("hub.directory.formats").joinpath(f"schemas/{name}").read_text(encoding="utf-8")
