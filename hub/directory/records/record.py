"""Records of the service map: three kinds of JSON documents, each a profile of an HSDS 3.1 object. Pure.

A `provider` is an HSDS organization, a `service` a service, a `site` a location. What HSDS has keeps its name and
meaning; what we add is checked against `record.schema.json`; what nobody knows is let stand, so that a record leaves as
it came. Says what is wrong with a document; stores nothing.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import available_timezones

import jsonschema_rs

from hub.directory.records import hours as opening
from hub.directory.records import vocabulary as v
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROVIDER: Final = "provider"
SERVICE: Final = "service"
SITE: Final = "site"
KINDS: Final = (PROVIDER, SERVICE, SITE)
SYSTEM: Final = frozenset({"id", "verified", "source"})
"""Members that no edit sets: who calls `apply` for a check, an import or a peer does."""
MAX_DOCUMENT: Final = 256 * 1024
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMESPACE = uuid.UUID("6f1a7a0e-6f0c-5a53-9b1c-0d5a1f0c7c11")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a document: where, as `eligibility.bands.0.age_to`, and one sentence that repeats nothing."""

    field: str
    code: str
    message: str


def id_from(source: str, key: str) -> str:
    """Return the id of a record that its source names by something else than a UUID."""
    if UUID.fullmatch(key):
        return key
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, f"{source}\n{key}"))


def new_id() -> str:
    """Return a fresh id."""
    return str(uuid.uuid4())


def check(kind: str, document: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a document; nothing, if it is a record of its kind."""
    if kind not in KINDS:
        return [Problem("", "unknown_kind", "A record is a provider, a service or a site.")]
    found = [_problem(error) for error in _validator(kind).iter_errors(document)]
    return found or list(_meaning(kind, document))


def _problem(error: jsonschema_rs.ValidationError) -> Problem:
    missing = [error.kind.property] if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required) else []
    field = ".".join(str(step) for step in (*error.instance_path, *missing))
    if missing:
        return Problem(field, "missing", f"The field {field} is missing.")
    return Problem(field, "invalid", f"The field {field or 'of the record'} is unknown, or not of its form.")


def _meaning(kind: str, document: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        size = len(json.dumps(document, allow_nan=False).encode())
    except (ValueError, UnicodeError, RecursionError):
        yield Problem("", "invalid", "The record holds a value that no JSON can say.")
        return
    if size > MAX_DOCUMENT:
        yield Problem("", "too_large", "The record is larger than 256 KiB.")
    if kind == SERVICE:
        yield from _service(document)
    if kind == SITE and (document.get("latitude") is None) != (document.get("longitude") is None):
        yield Problem("longitude", "half_a_point", "A position has both latitude and longitude.")


def _service(document: Mapping[str, Any]) -> Iterator[Problem]:
    for place, band in enumerate(document.get("eligibility", {}).get("bands", [])):
        low, high = band.get("age_from"), band.get("age_to")
        if low is not None and high is not None and low > high:
            yield Problem(f"eligibility.bands.{place}.age_to", "ages_reversed", "The lowest age is above the highest.")
    low, high = document.get("minimum_age"), document.get("maximum_age")
    if low is not None and high is not None and low > high:
        yield Problem("maximum_age", "ages_reversed", "The lowest age is above the highest.")
    yield from _hours(document.get("hours"))


def _hours(hours: Mapping[str, Any] | None) -> Iterator[Problem]:
    if hours is None:
        return
    found = []
    if hours["zone"] not in _zones():
        found.append(Problem("hours.zone", "unknown_zone", "This is no time zone of the IANA database."))
    for place, row in enumerate(hours.get("exceptions", [])):
        if row["to"] < row["from"]:
            at = f"hours.exceptions.{place}.to"
            found.append(Problem(at, "days_reversed", "The last day is before the first."))
    yield from found
    try:
        opening.read(hours)
    except InvalidRequest as error:
        if not found:
            yield Problem("hours", "unreadable_hours", error.detail)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def definitions() -> dict[str, Any]:
    """Return the schemas of all kinds, and of what they are made of, by name."""
    text = resources.files("hub.directory.records").joinpath("record.schema.json").read_text(encoding="utf-8")
    return {**json.loads(text)["$defs"], **_code_lists()}


@cache
def _validator(kind: str) -> Any:
    schema = {"$defs": definitions(), "$ref": f"#/$defs/{kind}"}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _code_lists() -> dict[str, Any]:
    """Return the parts of the schema that are lists of codes."""
    one = {
        "visibility": v.LEVELS,
        "proof": v.codes("proofs"),
        "group": tuple(v.GROUPS),
        "translated": v.codes("translation_states"),
        "provider_kind": v.PROVIDER_KINDS,
        "tier": v.codes("tiers"),
        "assured": v.codes("assurance"),
        "attribute": v.codes("protected_attributes"),
        "extent": v.codes("extents"),
        "capacity_state": v.codes("capacity_states"),
        "next_step": v.codes("next_steps"),
        "response_time": v.codes("response_times"),
    }
    many = {
        "needs": tuple(v.NEEDS),
        "vulnerabilities": v.codes("vulnerabilities"),
        "dimensions": v.codes("dimensions"),
        "levels": v.codes("levels"),
        "methods": v.codes("referral_methods"),
        "intake": v.codes("intake"),
        "feedback": v.codes("feedback"),
        "access": v.codes("access"),
    }
    either = {
        "any_sexes": v.codes("sexes"),
        "any_situations": v.codes("situations"),
        "any_statuses": v.codes("statuses"),
        "any_documents": v.codes("documents"),
        "any_vulnerabilities": v.codes("vulnerabilities"),
    }
    return {
        **{name: {"enum": list(values)} for name, values in one.items()},
        **{name: _list_of(values) for name, values in many.items()},
        **{name: {"anyOf": [{"const": "any"}, _list_of(values)]} for name, values in either.items()},
    }


def _list_of(values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": list(values)}, "uniqueItems": True}
