"""The forms of the sections: one JSON Schema (2020-12) for each, published, versioned by `v`.

Says where a document leaves its form, never what stands there. What a form does not name is allowed and kept: another
program, or a later release, may have written it. A section whose `v` is newer than the form here is kept and shown, and
not changed. A file holds its own part of a form; `schema` puts in what the sections share, so that what is published
needs nothing else.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from consent.policy import TABLES
from hub.casefile.sections.data import load
from hub.errors import HubError, InvalidRequest, NotFound
from hub.packets.encoding import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION: Final = 1
NAMES: Final = (
    "minimal_contact",
    "identity",
    "status",
    "family_links",
    "child_views",
    "bia_bid",
    "coo_home_study",
    "needs_risk",
    "health",
    "mhpss",
    "education_skills",
    "documents",
    "safety_plan",
    "care_guardianship",
    "plan",
    "economic",
    "legal",
    "exploitation",
    "travel_arrival",
    "monitoring_plan",
)
"""The sections that have a form, in the order in which a file is read."""
KNOWN: Final = frozenset({*NAMES, *TABLES["categories"]["tiers"]})
"""All sections that a consent can name: `hiv` and `sogi` have no form, so that nobody is made to fill one in."""
MAX_SECTION: Final = 1024 * 1024
_REF: Final = re.compile(r'"#/\$defs/([a-z0-9_]+)"')


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a section leaves its form: a JSON pointer (RFC 6901), a code, and a sentence that repeats nothing."""

    pointer: str
    code: str
    message: str


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the form of a section, whole, as it is published.

    Raises:
        NotFound: there is no form of this name.
    """
    if name not in NAMES:
        raise NotFound("There is no form for a section of this name.", todo="See `hub case schema` for the names.")
    form = load(f"schemas/{name}-v{VERSION}.json")
    return {**form, "$defs": {**_shared(form), **form.get("$defs", {})}}


def check(name: str, document: object) -> list[Problem]:
    """Return where a document leaves the form of its section; nothing, if it is one."""
    if name not in KNOWN:
        return [Problem("", "unknown_section", "No consent and no form knows a section of this name.")]
    if not isinstance(document, dict) or isinstance(document.get("v"), bool) or document.get("v") != VERSION:
        return [Problem("/v", "unknown_version", f"A section is an object whose v is {VERSION}.")]
    try:
        if len(canonical(document)) > MAX_SECTION:
            return [Problem("", "too_large", "A section is at most 1 MiB; put papers into attachments.")]
    except HubError:
        return [Problem("", "not_canonical", "The section holds fractions, half characters or too deep nesting.")]
    return [_problem(error) for error in _validator(name).iter_errors(document)] if name in NAMES else []


def is_newer(document: object) -> bool:
    """Whether a section was written in a form that is newer than this program: it is shown, and never changed."""
    v = document.get("v") if isinstance(document, dict) else None
    return isinstance(v, int) and v > VERSION


def changed(name: str, kept: object, change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section after a change, which says only what is different (RFC 7386: null takes a member away).

    A list is said whole; its rows are matched by `id`, so that what the change does not name in a row stays in it.

    Raises:
        InvalidRequest: the outcome is not of its form, with `fields`; or the section is newer, or none at all.
    """
    if kept is not None and is_newer(kept):
        raise InvalidRequest(
            "This section was written by a newer release, and is not changed here.", todo="Install the newer release."
        )
    if kept is not None and not isinstance(kept, dict):
        raise InvalidRequest("This section came as something that is no section, and is kept as it came.")
    done: dict[str, Any] = _merged(kept or {"v": VERSION}, dict(change))
    problems = check(name, done)
    if problems:
        fields = [row.pointer for row in problems]
        raise InvalidRequest(problems[0].message, todo="See `hub case schema` for the form.", fields=fields)
    return done


def pointer(path: Iterable[object]) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _merged(kept: Any, change: Any) -> Any:
    if isinstance(change, dict):
        base = kept if isinstance(kept, dict) else {}
        gone = {name for name, item in change.items() if item is None}
        said = {name: _merged(base.get(name), item) for name, item in change.items() if item is not None}
        return {name: item for name, item in {**base, **said}.items() if name not in gone}
    if isinstance(change, list):
        rows = {row["id"]: row for row in kept or () if _has_id(row)} if isinstance(kept, list) else {}
        return [_merged(rows.get(row["id"]) if _has_id(row) else None, row) for row in change]
    return change


def _has_id(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("id"), str)


def _problem(error: jsonschema_rs.ValidationError) -> Problem:
    missing = [error.kind.property] if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required) else []
    at = pointer([*error.instance_path, *missing])
    if missing:
        return Problem(at, "missing", f"{at} is missing.")
    return Problem(at, "invalid", f"{at or 'The section'} is not of its form.")


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name), validate_formats=True)


def _shared(form: object) -> dict[str, Any]:
    """Return what a form uses of the parts that all share, and what these use."""
    common, found = load("schemas/common.json")["$defs"], dict[str, Any]()
    wanted = _REF.findall(json.dumps(form))
    while wanted:
        name = wanted.pop()
        if name in common and name not in found:
            found[name] = common[name]
            wanted += _REF.findall(json.dumps(common[name]))
    return {name: found[name] for name in sorted(found)}
