"""What a record says in members of our profile, said again in those of HSDS, so that any reader understands it. Pure.

Where our own member is there, it is the truth, and the HSDS member is made of it; where it is absent, the HSDS member
stands as it came. What is made here has ids that follow from the record's, so that reading an export takes it off
again and leaves the record as it was.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.hours import to_schedules
from hub.directory.records.record import PROVIDER, SERVICE, SITE, id_from
from hub.directory.records.vocabulary import NEEDS, PROVIDER_KINDS, codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SOURCE: Final = "handover"
"""The name that ids of our own taxonomies and of derived rows are made of."""
_REPLACED: Final = frozenset({"schedules", "capacities", "minimum_age", "maximum_age", "application_process"})
_TERMS: Final = {SERVICE: {"needs": "needs", "specialisms": "vulnerabilities"}, PROVIDER: {"kind": "provider_kinds"}}
_LISTS: Final = (
    "needs",
    "vulnerabilities",
    "provider_kinds",
    "dimensions",
    "levels",
    "statuses",
    "documents",
    "access",
)


def words_of(code: str) -> str:
    """Return a code as words."""
    return code.replace("_", " ").capitalize()


def taxonomies() -> list[dict[str, Any]]:
    """Return our lists of codes as taxonomies of HSDS."""
    return [_taxonomy(name) for name in _LISTS]


def terms(name: str) -> list[dict[str, Any]]:
    """Return the codes of a list as taxonomy terms."""
    return [_term(name, code) for code in _codes_of(name)]


def derived(kind: str, document: Mapping[str, Any], names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the HSDS members that a record's own members make; None says that there is none. `names`: of areas."""
    found: dict[str, Any] = {}
    if kind == SERVICE:
        found |= _ages(document) | _capacities(document) | _hours(document) | _areas(document, names or {})
        found |= _documents(document) | _contact(document)
        checked = (document.get("verified") or {}).get("offer", {})
        if (
            checked.get("on") and checked.get("how") != "source"
        ):  # a source vouches in its own assured_date, or not at all
            found["assured_date"] = checked["on"]
        if steps := (document.get("pathway") or {}).get("steps"):
            found["application_process"] = "\n".join(steps)
    elif kind == SITE and document.get("access"):
        rows = [{"id": _of(document, "access", code), "description": words_of(code)} for code in document["access"]]
        found["accessibility"] = rows
    if attributes := list(_attributes(kind, document)):
        found["attributes"] = attributes
    return found


def with_derived(kind: str, document: Mapping[str, Any], names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a record with the HSDS members that its own make."""
    made = dict(document)
    for member, value in derived(kind, document, names).items():
        if value is None:
            made.pop(member, None)
        elif isinstance(value, list) and member not in _REPLACED:
            made[member] = [*(document.get(member) or ()), *value]
        else:
            made[member] = value
    return made


def without_derived(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return a record that was read, without what an export had made of its own members."""
    try:
        made = derived(kind, document)
    except (TypeError, ValueError, KeyError, AttributeError):  # not of our form: whoever checks the record says where
        return document
    for member, value in made.items():
        held = document.get(member)
        if isinstance(value, list) and isinstance(held, list):
            ids = {row["id"] for row in value}
            left = [row for row in held if not isinstance(row, dict) or row.get("id") not in ids]
            document[member] = left
            if not left:
                del document[member]
        elif held == value:
            document.pop(member, None)
    return document


@lru_cache(maxsize=4096)  # the few ids of terms stand in every record
def _id(*parts: str) -> str:
    return id_from(SOURCE, "/".join(parts))


def _of(document: Mapping[str, Any], *parts: str) -> str:
    return _id(str(document["id"]), *parts)


def _codes_of(name: str) -> Iterable[str]:
    if name == "needs":
        return NEEDS
    return PROVIDER_KINDS if name == "provider_kinds" else codes(name)


def _taxonomy(name: str) -> dict[str, Any]:
    about = "Codes of the service map."
    return {"id": _id("taxonomy", name), "name": name, "description": about, "version": "1"}


def _term(name: str, code: str) -> dict[str, Any]:
    return {
        "id": _id("term", name, code),
        "code": code,
        "name": words_of(code),
        "description": words_of(code),
        "taxonomy": name,
        "taxonomy_detail": _taxonomy(name),
        "language": "eng",
    }


def _attributes(kind: str, document: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for member, name in _TERMS.get(kind, {}).items():
        said = document.get(member) or ()
        for code in [said] if isinstance(said, str) else said:
            if code in _codes_of(name):
                where = {"link_type": name, "link_entity": "organization" if kind == PROVIDER else kind}
                yield {"id": _of(document, member, code), **where, "value": code, "taxonomy_term": _term(name, code)}


def _ages(document: Mapping[str, Any]) -> dict[str, Any]:
    bands = (document.get("eligibility") or {}).get("bands")
    if not bands:
        return {}
    lows, highs = ([band.get(side) for band in bands] for side in ("age_from", "age_to"))
    lowest, highest = (None if None in side else side for side in (lows, highs))
    return {"minimum_age": lowest and min(lowest), "maximum_age": highest and max(highest)}


def _capacities(document: Mapping[str, Any]) -> dict[str, Any]:
    said = document.get("capacity") or {}
    if said.get("available") is None or not said.get("as_of"):
        return {}
    unit = said.get("unit") or "place"
    row = {"id": _of(document, "capacity"), "unit": {"id": _id("unit", unit), "name": unit}}
    row |= {"available": said["available"], "updated": f"{said['as_of']}T00:00:00Z"}
    return {"capacities": [row | ({"maximum": said["maximum"]} if "maximum" in said else {})]}


def _hours(document: Mapping[str, Any]) -> dict[str, Any]:
    if not document.get("hours"):
        return {}
    rows = to_schedules(document["hours"])
    return {"schedules": [{"id": _of(document, "hours", str(number)), **row} for number, row in enumerate(rows)]}


def _areas(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = (document.get("coverage") or {}).get("areas") or ()
    rows = [
        {"id": _of(document, "area", code), "name": names.get(code, code), "extent": code, "extent_type": "text"}
        for code in found
    ]
    return {"service_areas": rows} if rows else {}


def _documents(document: Mapping[str, Any]) -> dict[str, Any]:
    said = (document.get("eligibility") or {}).get("documents")
    if not isinstance(said, list) or not said:
        return {}
    rows = [{"id": _of(document, "document", code), "document": words_of(code)} for code in said]
    return {"required_documents": rows}


def _contact(document: Mapping[str, Any]) -> dict[str, Any]:
    said = document.get("focal_point") or {}
    row = {name: said[name] for name in ("title", "email") if said.get(name)}
    if said.get("phone"):
        row["phones"] = [{"id": _of(document, "focal_phone"), "number": said["phone"]}]
    return {"contacts": [{"id": _of(document, "focal_point"), **row}]} if row else {}
