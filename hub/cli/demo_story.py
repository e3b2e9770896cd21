"""The invented case of the demonstration (scenario S1). Nobody in it exists; every person is marked SYN-."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from consent.policy import CATEGORIES, TIER_3, TOPICS
from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from pathlib import Path

CHILD = "Hagos"
CHILD_ID = "SYN-ET-001"
EMERGENCY_SECTIONS: dict[str, Any] = {
    "minimal_contact": {"reference": CHILD_ID, "given_name": CHILD, "age": 16, "sex": "m", "languages": ["ti"]},
    "needs_risk": {"needs": ["guardian", "shelter"], "risk": "medium", "note": "Stopped before a boat at Obock."},
    "child_views": {"words": "I want somebody to speak for me.", "asked_in": "ti"},
}
CASE_SECTIONS: dict[str, Any] = {
    "minimal_contact": EMERGENCY_SECTIONS["minimal_contact"],
    "identity": {"family_name": "Tekle", "given_name": CHILD, "born": "2010-04-17", "born_at": "Adigrat"},
    "family_links": {"mother": "Letay Tekle", "last_known": "Adigrat", "contact": "unknown since March"},
    "needs_risk": EMERGENCY_SECTIONS["needs_risk"],
    "child_views": {"words": "I want to go home if my mother is there.", "asked_in": "ti", "weight": "with reasons"},
    "travel_arrival": {"by": "escorted flight", "planned": "two weeks from now"},
}
ANSWER: dict[str, Any] = {"child_views": {"words": "Omar from the shelter comes with me.", "asked_in": "ti"}}
COMMUNITY_SECTIONS: dict[str, Any] = {
    "minimal_contact": {"reference": CHILD_ID, "given_name": CHILD, "meet_at": "Kebele social work office"},
    "economic": {"need": "Kiosk start-up loan for the caregiver", "amount": "to be agreed with her"},
}


def today(now: int) -> Any:
    """Return the day of a Unix time."""
    return datetime.fromtimestamp(now, UTC).date()


def protection(authority: str, now: int) -> dict[str, Any]:
    """The duty to tell the child-protection authority before any guardian exists; the child agreed."""
    day = today(now)
    last = (day + timedelta(days=30)).isoformat()
    told = {"recipients": [authority], "assent": "agreed", "given": day.isoformat(), "until": last}
    return {"v": 1, "kind": "mandatory_protection", **told, "expression": _form("duty")}


def guardian_consent(now: int, law: str, *grants: dict[str, Any]) -> dict[str, Any]:
    """Consent of the appointed guardian, with the child's own yes beside it, as a caseworker writes it down."""
    day = today(now).isoformat()
    last = (today(now) + timedelta(days=365)).isoformat()
    order = {"body": "Juvenile court (invented)", "reference": "SYN-GD-11", "from": day, "until": last, "scope": None}
    return {
        "subject": {"pseudonym": CHILD_ID, "situation": "unaccompanied", "languages": ["ti"], "law": law},
        "born": "2010-04-17",
        "giver": {"capacity": "guardian", "order": order},
        "assent": {"answer": "agreed", "asked_by": "caseworker", "how": "spoken", "language": "ti", "at": day},
        "informing": {
            "language": "ti",
            "by": "caseworker",
            "explained": list(TOPICS),
            "understanding": "teach_back",
            "format": ["read_aloud"],
            "time_to_think": True,
        },
        "expression": {"method": "written", "on": day, "place": law, "artefact": _form("guardian")},
        "safety": {"location_protected": False},
        "receipt": {"given_as": "paper"},
        "grants": list(grants),
    }


def grant(now: int, to: str, purpose: str, categories: set[str]) -> dict[str, Any]:
    """Permission for one recipient in Ethiopia, for half a year."""
    day = today(now)
    span = {"from": day.isoformat(), "until": (day + timedelta(days=180)).isoformat()}
    return {"categories": sorted(categories), "recipient": to, "purpose": purpose, "country": "ET", **span}


def sharing_protocol(now: int) -> dict[str, Any]:
    """The agreement of the two countries on what may cross their border, tier 3 left out."""
    day = today(now)
    span = {"from": day.isoformat(), "until": (day + timedelta(days=365)).isoformat()}
    return {"label": "Djibouti-Ethiopia", "countries": ["DJ", "ET"], "categories": sorted(CATEGORIES - TIER_3), **span}


def letter(folder: Path) -> Path:
    """Write the invented school certificate that travels as an attachment, large enough for a file of its own."""
    path = folder / "school-certificate.txt"
    line = f"{CHILD_ID} {CHILD} Tekle completed grade 7 at Adigrat Agazi school. (invented)\n"
    path.write_text(line * 16_000, encoding="utf-8")
    return path


def _form(name: str) -> str:
    return b64u(sha256(f"invented signed form: {name}".encode()))
