"""What a form leaves open: the values that a consent record has where a worker's draft says nothing.

Nothing here answers for the giver or the child: who, what, whether, and whether a place is protected must be said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from consent import policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

BLANKS: Final[dict[str, dict[str, Any]]] = {
    "subject": {"pseudonym": "child", "age_band": "unknown", "languages": []},
    "giver": dict.fromkeys(("years", "instead_of", "order", "relationship", "party", "reason")),
    "assent": dict.fromkeys(("because", "asked_by", "how", "language", "words", "maturity", "at")),
    "informing": {
        "notice": None,
        "language": None,
        "interpreter": {"used": False, "kind": None, "ref": None, "confidentiality_signed": None},
        "format": [],
        "explained": [],
        "understanding": "not_checked",
        "time_to_think": False,
        "by": None,
    },
    "expression": {"witness": None, "artefact": None},
    "safety": {"allowed": [], "prohibited": [], "note": None, "non_disclosure": None},
    "receipt": {"given_as": "paper", "because": None},
}


def given(draft: Mapping[str, Any], day: date) -> date:
    """Return the day on which a draft says that consent was given, today at the latest."""
    said = draft.get("expression")
    found = policy.day(said.get("on")) if isinstance(said, dict) else None
    return day if found is None else min(found, day)


def blank(day: date, given: date) -> dict[str, Any]:
    """Return what a record says where its draft says nothing."""
    return {
        "informing": {},
        "safety": {},
        "receipt": {},
        "grants": [],
        "denials": [],
        "refused": [],
        "overrides": [],
        "controllers": [],
        "legal_basis": ["consent"],
        "storage": {"locations": [], "until": policy.ask_again(day.isoformat()), "rule": "agency_schedule"},
        "withdrawal": {"how": ["worker", "any_agency"], "events": []},
        "frozen": None,
        "reconfirm_by": policy.ask_again(given.isoformat()),
    }


def rows(value: Any) -> list[Any]:
    """Return the rows of a group, or one that no check lets pass."""
    return value if isinstance(value, list) else [None]


def row(name: str, n: int, row: Any, day: date) -> Any:
    """Return a row of a group with what it leaves open."""
    blanks: dict[str, dict[str, Any]] = {
        "grants": {"id": f"g{n + 1}", "onward": [], "turned_on": [], "from": day.isoformat()},
        "denials": {"categories": None, "recipient": None, "party": None, "purpose": None, "because": "not_said"},
        "overrides": {},
    }
    return {**blanks.get(name, blanks["denials"]), **row} if isinstance(row, dict) else row


def countries(value: Mapping[str, Any]) -> list[str]:
    """Return where the data will lie: with the agency that keeps the record, and with each recipient."""
    law = value["subject"].get("law") if isinstance(value.get("subject"), dict) else None
    named = [law, *(row.get("country") for row in value["grants"] if isinstance(row, dict))]
    return sorted({str(name) for name in named if name})
