"""Helpers for tests of HSDS: what a file says as records, objects compared order aside, packages of tables."""

from __future__ import annotations

import io
import json
import zipfile

from hub.directory.formats.hsds import read_hsds
from hub.directory.formats.hsds_objects import own_members
from hub.directory.formats.items import Origin, Records

KINDS = {"provider": "providers", "service": "services", "site": "sites"}


def read(data, form="json", source="tests"):
    """The items of a file; `data` may also be the value that a JSON file holds."""
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return list(read_hsds(data, Origin(source), form))


def records(items):
    found = {name: {} for name in KINDS.values()}
    for item in items:
        if item.kind in KINDS:
            found[KINDS[item.kind]][item.document["id"]] = item.document
    return Records(**found)


def rest(items):
    return [item for item in items if item.kind not in KINDS]


def problems(items):
    return {(item.row, problem.field, problem.code) for item in items for problem in item.problems}


def alike(value):
    """A value whose lists have no order."""
    if isinstance(value, dict):
        return {name: alike(part) for name, part in value.items()}
    if isinstance(value, list):
        return sorted((alike(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    return value


def package(tables):
    """A zip file of CSV tables, given as texts by file name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, text in tables.items():
            file.writestr(name, text)
    return made.getvalue()


def plain(value, name="service"):
    """An object without what our profile adds, at every depth."""
    nested = {"organization": "organization", "location": "location", "service": "service"}
    nested |= {"locations": "location", "services": "service", "service_at_locations": "service_at_location"}

    def inside(member, part):
        if member not in nested:
            return part
        return [plain(one, nested[member]) for one in part] if isinstance(part, list) else plain(part, nested[member])

    return {member: inside(member, part) for member, part in value.items() if member not in own_members(name)}
