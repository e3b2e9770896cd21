"""Consent records for tests, as a caseworker would draft them: who gave what for whom, the rest filled in."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

from consent import policy, record
from consent.decide import Deny, Permit, Recipient, Request, decide
from hub.packets.encoding import b64u

TODAY = date(2026, 11, 22)
NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
SECRET = b"s" * 32
OWN = "urn:rcp:agency:shelter@dj.example"
HASH = b64u(hashlib.sha256(b"form").digest())
MEMBER, SECOND = "m" * 21 + "A", "n" * 21 + "A"


def agency(name: str) -> str:
    return f"urn:rcp:agency:{name}@et.example"


def recipient(name: str = "addis", kind: str = "io", country: str = "ET", **more: Any) -> Recipient:
    known = {"active": True, "firewall_until": "2027-12-31", "safeguarding_until": "2027-12-31"}
    return Recipient(agency(name), kind, country, **{**known, **more})


ADDIS = recipient()
SCHOOL = recipient("school", "school")
CLINIC = recipient("clinic", "health")
COALITION = recipient("ccc", "community_structure", person="p" * 21 + "A")
AUTHORITY = recipient("desk", "authority", "DJ")


def grant(to: Recipient | str, *categories: str, purpose: str = "reception", **more: Any) -> dict[str, Any]:
    whom = to.agency if isinstance(to, Recipient) else to
    country = to.country if isinstance(to, Recipient) else "ET"
    row = {"categories": list(categories), "recipient": whom, "purpose": purpose, "country": country}
    return {**row, "from": "2026-11-01", "until": "2027-02-10", **more}


def draft(*grants: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A guardian's consent for an unaccompanied boy of 16 in Djibouti, who agrees."""
    value = {
        "subject": {"situation": "unaccompanied", "age_band": "15-17", "languages": ["ti"], "law": "DJ"},
        "giver": {"capacity": "guardian", "order": order()},
        "assent": {"answer": "agreed", "asked_by": "worker", "how": "spoken", "language": "ti"},
        "informing": informed(),
        "expression": {"method": "written", "on": "2026-11-01", "place": "DJ", "artefact": HASH},
        "safety": {"location_protected": False},
        "grants": list(grants),
    }
    for name, row in more.items():
        both = isinstance(row, dict) and isinstance(value.get(name), dict)
        value[name] = {**value[name], **row} if both else row
    giver, assent, said = value["giver"], value["assent"], value["expression"]
    known = policy.day(said.get("on")) if isinstance(said, dict) else None
    value.setdefault("reconfirm_by", policy.ask_again(str(known or TODAY)))
    if isinstance(giver, dict) and giver.get("instead_of"):
        giver.setdefault("reason", "SYN the guardian cannot be reached")
    if isinstance(assent, dict) and assent.get("because") == "not_able":
        assent.setdefault("maturity", {"assessed": "SYN unconscious", "reasons": "SYN a doctor says so"})
    return deepcopy(value)


def order(**more: Any) -> dict[str, Any]:
    known = {"body": "Court of Obock", "reference": "SYN-7", "from": "2026-10-01", "until": "2027-06-30", "scope": None}
    return {**known, **more}


def informed(**more: Any) -> dict[str, Any]:
    known = {"language": "ti", "explained": list(policy.TOPICS), "understanding": "teach_back", "by": "SYN worker"}
    return {**known, **more}


def consent(*grants: dict[str, Any], at: int = NOW, **more: Any) -> dict[str, Any]:
    return record.begin(draft(*grants, **more), record="r" * 21 + "A", agency=OWN, member=MEMBER, at=at, token="TOKEN")


def asks(to: Recipient, *categories: str, purpose: str = "reception", **more: Any) -> Request:
    return Request(to, frozenset(categories), purpose, **more)


def protocol(*categories: str, **more: Any) -> dict[str, Any]:
    known = {"countries": ["DJ", "ET"], "agencies": None, "from": "2026-01-01", "until": "2027-12-31"}
    return {**known, "categories": sorted(categories or policy.CATEGORIES), **more}


def around(**more: Any) -> dict[str, Any]:
    """What a sender in Djibouti knows besides: a sharing protocol for every category."""
    return {"sender": {"agency": OWN, "country": "DJ"}, "protocols": [protocol()], **more}


def override(rule: str, *categories: str, to: Recipient | None = None, **more: Any) -> dict[str, Any]:
    by = [{"member": MEMBER, "role": "supervisor"}, {"member": SECOND, "role": "caseworker"}]
    known = {
        "from": "2026-11-01",
        "until": "2026-12-31",
        "code": "best_interests",
        "reason": "SYN reason, written down",
    }
    told = {"child_told": True, "child_agreed": True, "by": by, "proof": []}
    whom = {"recipient": to.agency if to else None, "categories": list(categories) or None}
    return {"rule": rule, **known, **told, **whom, **more}


def day(n: int) -> str:
    return (TODAY + timedelta(days=n)).isoformat()


def at(when: date | str, hour: int = 0) -> int:
    day = date.fromisoformat(str(when))
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


def mandatory(to: Recipient = AUTHORITY, **more: Any) -> dict[str, Any]:
    """The duty to tell a child-protection authority, before any guardian exists."""
    known = {"assent": "agreed", "given": TODAY.isoformat(), "until": day(14), "expression": HASH}
    return {"v": 1, "kind": "mandatory_protection", "recipients": [to.agency], **known, **more}


def vital(to: Recipient = CLINIC, **more: Any) -> dict[str, Any]:
    """A supervisor's note that life or health cannot wait."""
    known = {"supervisor": SECOND, "reason": "fever, no papers", "made": NOW - 60, "review_by": NOW + 2 * 86_400}
    return {"v": 1, "kind": "vital_interest", "recipients": [to.agency], **known, **more}


def sends(basis: Any, request: Any, now: int = NOW, **more: Any) -> Permit | Deny:
    """What the sender's side is answered; `more` is what it knows besides."""
    return decide(basis, request, now, around(**more))


def blocked(answer: Permit | Deny) -> set[str]:
    """Return the rules that said no; fails if the answer is yes."""
    assert isinstance(answer, Deny), answer
    return {reason.rule for reason in answer.reasons}


def found(answer: Permit | Deny, rule: str) -> set[str]:
    """Return what a rule found, over all sections."""
    return {row.found for row in answer.findings if row.rule == rule}
