"""A handover meeting in Ethiopia: what is said of it, by both sides."""

from __future__ import annotations

from hub.client.handover import CHECKLIST, Side, change, draft, tick
from tests.conftest import NOW

WITNESS = {"name": "SYN Tsehay", "role": "neighbour"}
FAMILY = {"read": True, "language": "ti", "how": "thumbprint", "on": "2026-11-20", "witnesses": [WITNESS]}
SAID = {
    "when": NOW,
    "where": "Kebele 01 office",
    "accompanied_by": [{"name": "SYN Sara", "role": "escort"}],
    "papers": [{"document": "A" * 43, "title": "Birth record", "seen": True, "form": "copy", "legible": True}],
    "official": {"reason": "The office was closed for the feast."},
    "family": FAMILY,
    "child": {"present": True, "told": True, "reason": None},
    "safety_card": {"given_to": "the child"},
    "next_contact": {"on": "2026-11-24", "who": "SYN Abel", "how": "in_person"},
}
PLAN = {
    "v": 1,
    "actions": [
        {
            "id": "a1",
            "need": "education",
            "dimension": "social",
            "level": "individual",
            "responsible": "SYN Abel",
            "provider": "School of Kebele 01",
            "due": "2026-12-01",
            "horizon": "immediate",
            "status": "open",
            "objective": "Back in grade seven",
        },
        {
            "id": "a2",
            "need": "mental_health",
            "dimension": "psychosocial",
            "level": "individual",
            "responsible": "SYN Counsellor",
            "due": "2026-12-05",
            "horizon": "short_term",
            "status": "open",
            "objective": "Talk about what the uncle did",
            "not_for": ["family"],
        },
        {
            "id": "a3",
            "need": "health",
            "dimension": "social",
            "level": "individual",
            "responsible": "SYN Nurse",
            "due": "2026-12-09",
            "horizon": "short_term",
            "status": "open",
            "objective": "Antiretroviral medicine every day",
        },
        {
            "id": "a4",
            "need": "livelihood",
            "dimension": "economic",
            "level": "individual",
            "responsible": "SYN Dropped",
            "due": "2026-12-10",
            "horizon": "short_term",
            "status": "dropped",
            "objective": "A kiosk",
        },
    ],
    "explained": {"economic": "The family has its field."},
    "household": [{"relationship": "mother", "name": "SYN Letay", "note": "drinks"}],
}
SAFETY_PLAN = {
    "v": 1,
    "contacts": [
        {"name": "Sara", "phone": "+251 11 155 00 00", "reachable": True, "note": "Red Cross"},
        {"name": "Ato Kebede", "phone": "+251 14 440 11 11", "reachable": True, "relationship": "teacher"},
        {"name": "Uncle", "phone": "+251 91 122 33 44", "reachable": False},
    ],
    "steps": ["Go to the clinic"],
    "signs": ["The uncle comes back"],
}


def both(facts=SAID):
    """Two documents of one meeting, each with all that its side has to say."""
    mine = tick(change(draft(Side.SENDER), facts), CHECKLIST, "amina", NOW)
    theirs = tick(draft(Side.RECEIVER, mine["meeting"]), CHECKLIST, "hana", NOW)
    return mine, theirs
