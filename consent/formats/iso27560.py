"""A consent record and the giver's receipt as ISO/IEC TS 27560 has them: JSON-LD in the words of W3C DPV, and back.

What DPV has no word for (the child's answer, the guardian's order, denials) is beside it in our own terms. On import
both must say the same: our part makes a draft, and what it would be exported as must be what stands there. Approvals of
exceptions and signatures are in no export; the giver's token is on the receipt alone.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent import policy
from consent.basis import BasisError
from consent.formats.imported import Imported, begun, imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TERMS: Final[dict[str, Any]] = json.loads(
    resources.files("consent").joinpath("formats", "iso27560.json").read_text(encoding="utf-8")
)
MANDATORY: Final[dict[str, list[str]]] = _TERMS["mandatory"]
"""The mandatory fields by the standard's names, and the path to each in our export."""
_RECORD, _RECEIPT = "dpv:ConsentRecord", "dpv:ConsentReceipt"
_GROUPS: Final = ("subject", "giver", "assent", "informing", "expression", "safety", "storage")
_ROWS: Final = ("grants", "denials", "refused", "controllers", "legal_basis")
_OURS: Final = {*_GROUPS, *_ROWS, "reconfirm_by", "withdrawal"}
_FREE: Final = {"dpv:hasConsentStatus", "rcp:event", "rcp:revision"}
"""What a renewed consent says otherwise than the draft that begins it anew."""


def record_to_iso(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked consent record as its agency would show it to an auditor or keep it elsewhere."""
    ours = {name: record[name] for name in (*_GROUPS, *_ROWS, "reconfirm_by")}
    ours["withdrawal"] = {"how": record["withdrawal"]["how"], "events": []}
    found = {**_common(record, _RECORD, record["record"]), "rcp:revision": record["revision"], "rcp:record": ours}
    found |= {"rcp:receipt": {"@type": _RECEIPT, "dct:identifier": record["receipt"]["id"]}}
    return {**found, "rcp:incomplete": list(_absent(found))}


def receipt_to_iso(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the giver's own copy: what was agreed, with whom, until when, how to withdraw, and the token.

    It names nobody who was refused and has no words, notes or reasons: it may be read over the giver's shoulder.
    """
    found = _common(record, _RECEIPT, record["receipt"]["id"])
    found |= {"rcp:of": record["record"], "rcp:token": record["receipt"]["token"]}
    same = {**found, "dct:identifier": record["record"], "rcp:receipt": {"dct:identifier": record["receipt"]["id"]}}
    return {**found, "rcp:incomplete": list(_absent(same))}


def record_from_iso(value: object) -> Imported:
    """Return the draft that a consent record makes; without our own part it is always incomplete.

    Raises:
        BasisError: the value is no consent record at all.
    """
    if not isinstance(value, dict) or value.get("@type") != _RECORD:
        raise BasisError("This is no consent record of ISO/IEC TS 27560 in JSON-LD.", "@type")
    ours, valid = value.get("rcp:record"), [_TERMS["status"][name] for name in policy.TABLES["statuses"]["valid"]]
    missing = [] if value.get("dpv:hasConsentStatus") in valid else ["dpv:hasConsentStatus"]
    if not isinstance(ours, dict) or set(ours) != _OURS or not all(isinstance(ours[name], dict) for name in _GROUPS):
        return Imported(None, (*missing, "rcp:record"))
    made, wrong = begun(ours, str(value.get("dct:identifier")))
    if made is None:
        return Imported(None, (*missing, *wrong))
    said = record_to_iso(made)
    unequal = [name for name in said if name not in _FREE and said[name] != value.get(name)]
    events = [[{**row, "dpv:hasConsentStatus": state} for row in said["rcp:event"]] for state in valid]
    unequal += [] if value.get("rcp:event") in events else ["rcp:event"]
    unequal += ["a term that could restrict"] if set(value) - set(said) else []
    return imported(ours, [*missing, *unequal])


def _common(record: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    subject, informing = record["subject"], record["informing"]
    minor = [] if subject["age_band"] == policy.TABLES["age_bands"]["adult"] else ["dpv:Child"]
    controllers = record["controllers"]
    law = [subject["law"], *(row["jurisdiction"] for row in controllers)]
    return {
        "@context": _TERMS["context"],
        "@type": kind,
        "dct:identifier": name,
        "dct:conformsTo": [_TERMS["standard"], record["schema"]],
        "dpv:hasDataSubject": {"@type": ["dpv:DataSubject", *minor], "dct:identifier": subject["pseudonym"]},
        "dpv:hasNotice": _notice(informing["notice"], informing["language"]),
        "dct:language": informing["language"],
        "dpv:hasLegalBasis": [{"@type": "dpv:LegalBasis", "dct:identifier": name} for name in record["legal_basis"]],
        "dpv:hasDataController": [_controller(row) for row in controllers],
        "dpv:hasJurisdiction": sorted(set(law)),
        "dpv:hasStorageCondition": _storage(record["storage"]),
        "dpv:hasConsentControl": [
            {"@type": "dpv:WithdrawConsent", "rcp:how": how} for how in record["withdrawal"]["how"]
        ],
        "dpv:hasProcess": [_process(row) for row in record["grants"]],
        "dpv:hasConsentStatus": _TERMS["status"][record["status"]],
        "rcp:event": list(_events(record)),
        "rcp:frozen": record["frozen"],
    }


def _notice(notice: Mapping[str, str] | None, language: str | None) -> dict[str, Any] | None:
    if notice is None:
        return None
    said = {"dct:identifier": notice["id"], "dct:hasVersion": notice["version"], "rcp:sha256": notice["sha256"]}
    return {"@type": "dpv:ConsentNotice", **said, "dct:language": language}


def _controller(row: Mapping[str, Any]) -> dict[str, Any]:
    where = {"dpv:hasAddress": row["address"], "dpv:hasJurisdiction": row["jurisdiction"]}
    who = {"dct:identifier": row["agency"], "dpv:hasName": row["name"], "dpv:hasContact": row["contact"]}
    return {"@type": "dpv:DataController", **who, **where}


def _storage(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"dpv:hasLocation": row["locations"], "dpv:hasDuration": row["until"], "rcp:rule": row["rule"]}


def _process(grant: Mapping[str, Any]) -> dict[str, Any]:
    """Return one grant: the disclosure of these categories to this recipient in this country for this purpose."""
    data = [_category(name) for name in grant["categories"]]
    recipient = {"@type": "dpv:Recipient", "dct:identifier": grant["recipient"], "dpv:hasLocation": grant["country"]}
    onward = [{"@type": "dpv:ThirdParty", "dct:identifier": name} for name in grant["onward"]]
    return {
        "@type": "dpv:Process",
        "dct:identifier": grant["id"],
        "dpv:hasProcessing": "dpv:Disclose",
        "dpv:hasPurpose": {"@type": "dpv:Purpose", "dct:identifier": grant["purpose"]},
        "dpv:hasPersonalData": data,
        "dpv:hasRecipient": [recipient],
        "dpv:hasThirdParty": onward,
        "dct:valid": f"{grant['from']}/{grant['until']}",
        "rcp:turnedOn": grant["turned_on"],
    }


def _category(name: str) -> dict[str, Any]:
    kind = "dpv:SensitivePersonalData" if name in policy.TIER_3 else "dpv:PersonalData"
    return {"@type": kind, "dct:identifier": name}


def _events(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the giving or refusing, and each withdrawal."""
    on, ended, statuses = record["expression"]["on"], record["withdrawal"]["events"], _TERMS["status"]
    state = statuses["ConsentGiven" if ended else record["status"]]
    kind = _TERMS["givers"][record["giver"]["capacity"]]
    yield _event(record, {"@type": kind, "dct:identifier": f"{record['record']}#giver"}, on, state)
    for row in ended:
        by = {"@type": "dpv:LegalEntity", "dct:identifier": f"{record['record']}#{row['by']}"}
        yield _event(record, by, row["on"], statuses["ConsentWithdrawn"])


def _event(record: Mapping[str, Any], by: Mapping[str, Any], on: str, state: str) -> dict[str, Any]:
    last = record["reconfirm_by"] if state in {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"} else on
    said = {"dct:date": on, "dct:valid": f"{on}/{last}", "dpv:isImplementedByEntity": by}
    return {**said, "dpv:hasLegalBasis": "dpv:ExplicitlyExpressedConsent", "dpv:hasConsentStatus": state}


def _absent(value: Mapping[str, Any]) -> Iterator[str]:
    for name, path in MANDATORY.items():
        if not all(_found(value, path)):
            yield name


def _found(value: Any, path: list[str]) -> Iterator[bool]:
    """Return whether something stands at each end of a path; a list that it goes through must not be empty."""
    if not path:
        yield value not in (None, "", [], {})
    elif path[0] != "*":
        yield from _found(value.get(path[0]) if isinstance(value, dict) else None, path[1:])
    elif isinstance(value, list) and value:
        for row in value:
            yield from _found(row, path[1:])
    else:
        yield False
