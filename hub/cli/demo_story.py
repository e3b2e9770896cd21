"""The invented case of the demonstration (scenario S1). Nobody in it exists; every person is marked SYN-."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from consent.policy import CATEGORIES, TIER_3, TOPICS
from hub.cli import words
from hub.cli.demo_case import HAGOS, TURNED_ON
from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hub.cli.demo_case import Child

_GUARDIANS = {"DJ": "SYN-GD-11", "ET": "SYN-GD-12"}

EMERGENCY_SECTIONS: dict[str, Any] = {
    "minimal_contact": {
        "v": 1,
        "reference": HAGOS.reference,
        "given_name": HAGOS.name,
        "age_band": "15-17",
        "sex": "male",
        "language": "ti",
    },
    "needs_risk": {
        "v": 1,
        "risk": "medium",
        "needs": [{"id": "n1", "need": "guardianship"}, {"id": "n2", "need": "shelter"}],
        "note": "Stopped before a boat at Obock.",
    },
    "child_views": {"v": 1, "views": [], "words": "I want somebody to speak for me."},
}
STATUS: dict[str, Any] = {"v": 1, "statuses": ["returnee"], "host_country": "DJ", "country_of_origin": "ET"}


def plain_name(agency: str) -> str:
    """Return the name of an agency without its hub."""
    return words.plain(agency).partition("@")[0]


def today(now: int) -> Any:
    """Return the day of a Unix time."""
    return datetime.fromtimestamp(now, UTC).date()


def protection(authority: str, now: int) -> dict[str, Any]:
    """The duty to tell the child-protection authority before any guardian exists; the child agreed."""
    day = today(now)
    last = (day + timedelta(days=30)).isoformat()
    told = {"recipients": [authority], "assent": "agreed", "given": day.isoformat(), "until": last}
    return {"v": 1, "kind": "mandatory_protection", **told, "expression": _form("duty")}


def guardian_consent(now: int, law: str, *grants: dict[str, Any], child: Child = HAGOS) -> dict[str, Any]:
    """Consent of the guardian appointed under a law, with the child's own yes, as a caseworker writes it down."""
    day = today(now).isoformat()
    last = (today(now) + timedelta(days=365)).isoformat()
    order = {"body": "Court (invented)", "reference": _GUARDIANS[law], "from": day, "until": last, "scope": None}
    return {
        "subject": {"pseudonym": child.reference, "situation": "unaccompanied", "languages": ["ti"], "law": law},
        "born": child.born_on,
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


def grant(now: int, to: str, purpose: str, categories: set[str], turned_on: Sequence[str] = ()) -> dict[str, Any]:
    """Permission for one recipient in Ethiopia, for half a year."""
    day = today(now)
    span = {"from": day.isoformat(), "until": (day + timedelta(days=180)).isoformat()}
    asked = {"categories": sorted(categories), "turned_on": list(turned_on)}
    return {**asked, "recipient": to, "purpose": purpose, "country": "ET", **span}


def sharing_protocol(now: int) -> dict[str, Any]:
    """The agreement of the two countries on what may cross their border, tier 3 left out but for the return status."""
    day = today(now)
    span = {"from": day.isoformat(), "until": (day + timedelta(days=365)).isoformat()}
    return {
        "label": "Djibouti-Ethiopia",
        "countries": ["DJ", "ET"],
        "categories": sorted(CATEGORIES - TIER_3 | {*TURNED_ON}),
        **span,
    }


def letter(folder: Path, child: Child) -> Path:
    """Write the invented school certificate that travels as an attachment, large enough for a file of its own."""
    path = folder / "school-certificate.txt"
    line = f"{child.reference} {child.name} {child.family_name} completed grade 7 at Adigrat Agazi school. (invented)\n"
    path.write_text(line * 16_000, encoding="utf-8")
    return path


def _form(name: str) -> str:
    return b64u(sha256(f"invented signed form: {name}".encode()))
