"""A consent record as a FHIR R4 Consent: what others may be told of it, without names, notes or reasons.

The projection says what excerpts say, of all grants at once, and how the giver was informed. Deny is the base rule;
each grant is a nested permit and each denial a nested deny. R4 has no place for country, onward recipients, the child's
assent and so on: these are extensions. Reading is `consent.formats.fhir_import`'s.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent import policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TERMS: Final[dict[str, Any]] = json.loads(
    resources.files("consent").joinpath("formats", "fhir.json").read_text(encoding="utf-8")
)
BASE: Final = str(TERMS["base"])
AGENCY, PARTY, PSEUDONYM = f"{BASE}/agency", f"{BASE}/party", f"{BASE}/pseudonym"
PURPOSE, CATEGORY = f"{BASE}/purpose", f"{BASE}/data-category"
WHOLE: Final = "*"
"""The scope of an order that has none."""
_PERFORMERS: Final = {"self": "Patient", "authority": "Organization", "court": "Organization"}


def url(name: str) -> str:
    """Return the address of one of our extensions."""
    return f"{BASE}/StructureDefinition/{name}"


def to_fhir(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked consent record as an R4 Consent resource."""
    on, informing = record["expression"]["on"], record["informing"]
    patient = {"identifier": {"system": PSEUDONYM, "value": record["subject"]["pseudonym"]}}
    by = {"type": _PERFORMERS.get(record["giver"]["capacity"], "RelatedPerson"), "display": record["giver"]["capacity"]}
    source = {
        "title": "the signed form or recording",
        "extension": [_extension("sha-256", "String", _artefact(record))],
    }
    return {
        "resourceType": "Consent",
        "extension": list(_extensions(record)),
        "identifier": [{"system": f"{BASE}/record", "value": record["record"]}],
        "status": _status(record),
        "scope": {"coding": [_coding(TERMS["scope"])]},
        "category": [{"coding": [_coding(TERMS["categories"][0])]}],
        "patient": patient,
        "dateTime": on,
        "performer": [by],
        "organization": [{"identifier": {"system": AGENCY, "value": record["recorded_by"]["agency"]}}],
        **({"sourceAttachment": source} if _artefact(record) else {}),
        "policy": [{"uri": TERMS["policies"][0]}],
        "policyRule": {"coding": [_coding(TERMS["policies"][1])]},
        "verification": [{"verified": informing["understanding"] != "not_checked", "verificationDate": on}],
        "provision": _provision(record),
    }


def leaf(group: Any, path: str) -> Any:
    """Return what stands at a path such as `order.from`, or None."""
    for name in path.split("."):
        group = group.get(name) if isinstance(group, dict) else None
    return group


def word(path: str) -> str:
    """Return the name of a leaf in an extension."""
    return path.replace(".", "-").replace("_", "-")


def _status(record: Mapping[str, Any]) -> str:
    valid = record["status"] in policy.TABLES["statuses"]["valid"]
    stopped = record["frozen"] is not None or (valid and bool(record["withdrawal"]["events"]))
    return "inactive" if stopped else str(TERMS["status"][record["status"]])


def _extensions(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, spec in TERMS["groups"].items():
        group = _group(record, spec["group"])
        rows = [row for path, kind in spec["leaves"].items() for row in _leaves(word(path), kind, leaf(group, path))]
        yield {"url": url(name), "extension": rows}
    yield _extension("status", "Code", record["status"])


def _group(record: Mapping[str, Any], name: str) -> Any:
    """Return a group of a record. Whether an order has a scope must be said: silence would be none, and wider."""
    group = record[name] if name else record
    if name != "giver" or group["order"] is None or group["order"]["scope"] is not None:
        return group
    return {**group, "order": {**group["order"], "scope": [WHOLE]}}


def _leaves(name: str, kind: str, value: Any) -> Iterator[dict[str, Any]]:
    many = value if isinstance(value, list) else [] if value is None else [value]
    for item in many:
        yield {"url": name, f"value{kind.removesuffix('*')}": item}


def _artefact(record: Mapping[str, Any]) -> str | None:
    """Return the hash of what was signed. R4 defines `Attachment.hash` as SHA-1, so ours stands in an extension."""
    found: str | None = record["expression"]["artefact"]
    return found


def _provision(record: Mapping[str, Any]) -> dict[str, Any]:
    rows = [_permit(row) for row in record["grants"]]
    rows += [_deny(row, refused=name == "refused") for name in ("denials", "refused") for row in record[name]]
    return {"type": "deny", **({"provision": rows} if rows else {})}


def _permit(grant: Mapping[str, Any]) -> dict[str, Any]:
    onward = [_extension("onward", "Uri", name) for name in grant["onward"]]
    turned_on = [_extension("tier-3", "Code", name) for name in grant["turned_on"]]
    return {
        "id": grant["id"],
        "extension": [_extension("country", "Code", grant["country"]), *onward, *turned_on],
        "type": "permit",
        "period": {"start": grant["from"], "end": grant["until"]},
        "actor": [_actor(AGENCY, grant["recipient"])],
        "action": [{"coding": [_coding(TERMS["disclose"])]}],
        **_what(grant["categories"], grant["purpose"]),
    }


def _deny(denial: Mapping[str, Any], *, refused: bool) -> dict[str, Any]:
    said = [_extension("because", "Code", denial["because"]), _extension("refused", "Boolean", refused)]
    to = [_actor(system, denial[name]) for system, name in ((AGENCY, "recipient"), (PARTY, "party")) if denial[name]]
    named = {"actor": to} if to else {}
    return {"extension": said, "type": "deny", **named, **_what(denial["categories"], denial["purpose"])}


def _what(categories: list[str] | None, purpose: str | None) -> dict[str, Any]:
    labels = [{"system": CATEGORY, "code": name} for name in categories or ()]
    found: dict[str, Any] = {"securityLabel": labels} if labels else {}
    return found | ({"purpose": [{"system": PURPOSE, "code": purpose}]} if purpose else {})


def _actor(system: str, value: str) -> dict[str, Any]:
    role = {"coding": [_coding(TERMS["recipient"])]}
    return {"role": role, "reference": {"identifier": {"system": system, "value": value}}}


def _extension(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"url": url(name), f"value{kind}": value}


def _coding(key: str) -> dict[str, str]:
    system, code = key.split("|")
    return {"system": system, "code": code}
