"""The invented case of the demonstration (scenario S1). Nobody in it exists; every person is marked SYN-."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from consent.basis import Consent, Giver, Grant, MandatoryProtection
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


def protection(authority: str, now: int) -> MandatoryProtection:
    """The duty to tell the child-protection authority before any guardian exists; the child agreed."""
    day = today(now)
    return MandatoryProtection(frozenset({authority}), "agreed", day, day + timedelta(days=30), _form("duty"))


def guardian_consent(now: int, *grants: Grant) -> Consent:
    """Consent of the appointed guardian, with the child's own yes beside it."""
    day = today(now)
    return Consent(
        situation="unaccompanied",
        giver=Giver("guardian", day + timedelta(days=365)),
        assent="agreed",
        explained_in="ti",
        given=day,
        expression=_form("guardian"),
        grants=grants,
    )


def grant(now: int, to: str, country: str, purposes: set[str], categories: set[str]) -> Grant:
    """Permission for one recipient, for half a year."""
    day = today(now)
    return Grant(
        categories=frozenset(categories),
        recipients=frozenset({to}),
        purposes=frozenset(purposes),
        countries=frozenset({country}),
        start=day,
        until=day + timedelta(days=180),
    )


def letter(folder: Path) -> Path:
    """Write the invented school certificate that travels as an attachment, large enough for a file of its own."""
    path = folder / "school-certificate.txt"
    line = f"{CHILD_ID} {CHILD} Tekle completed grade 7 at Adigrat Agazi school. (invented)\n"
    path.write_text(line * 16_000, encoding="utf-8")
    return path


def _form(name: str) -> str:
    return b64u(sha256(f"invented signed form: {name}".encode()))
