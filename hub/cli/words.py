"""States, grades and times in the words of people at work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consent.reasons import Reason

STATES = {
    "submitted": "sent, on its way",
    "delivered": "delivered, not yet acknowledged",
    "acknowledged": "seen by a person, no answer yet",
    "info_needed": "the recipient asks for more",
    "accepted": "accepted, not yet begun",
    "waitlisted": "on a waiting list",
    "on_hold": "paused by the recipient",
    "in_progress": "under way",
    "info_needed_active": "under way, the recipient asks for more",
    "cancel_requested": "the sender asks to stop",
    "outcome_reported": "outcome reported, loop not yet closed",
    "not_completed": "could not be delivered, back with the sender",
    "declined": "declined, back with the sender",
    "expired": "nobody answered in time, back with the sender",
    "loop_closed": "closed, the child was asked",
    "closed_disputed": "closed, the child got no help",
    "closed_unmet": "closed, the need is unmet",
    "closed_declined": "closed after a decline",
    "closed_expired": "closed after no answer",
    "cancelled": "taken back",
    "consent_withdrawn": "consent withdrawn",
    "entered_in_error": "sent by mistake",
    "freeze_asked": "stands still until the agency decides",
    "kept": "decided: the consent is kept",
    "withdrawn": "decided: the consent is withdrawn",
}
GRADES = {
    "signed": "signed by a member",
    "link": "answered by a link",
    "code_verified": "confirmed by a code read back",
    "reported": "reported by sender",
    "hub": "stated by a hub",
}
HOW = {
    "pinned": "known from before",
    "certified": "certified by two certifiers",
    "fingerprint": "fingerprint compared by phone",
    "first_seen": "not vouched for: compare its fingerprint",
}
COMMANDS = {
    "referral.report_outcome": "outcome",
    "consent.withdraw": "consent withdraw",
    "consent.unfreeze": "consent decide",
    "consent.holder_answer": "consent answer",
    "consent.report": "consent report",
}
"""Commands that are not called like their statement."""
ASK = {
    "giver": "whoever gave the consent",
    "guardian": "the appointed guardian, or who appoints one",
    "child": "the child",
    "caseworker": "the caseworker",
    "supervisor": "your supervisor",
    "coordinator": "the coordinator",
    "data_officer": "the data officers of both agencies",
    "provider": "the provider, by phone",
    "child_protection_authority": "the child-protection authority",
    "nobody": "nobody: this is never lifted",
}
OBLIGED = {
    "protect_location": "Location is protected: places, numbers and what photos know of them are taken out first.",
    "leave_out_not_for_reader": "What is not for this reader is left out.",
}
SCHEME = "urn:rcp:agency:"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def state(name: str | None) -> str:
    """Return a state in plain words."""
    return STATES.get(name or "", name or "")


def grade(name: str | None) -> str:
    """Return how good the evidence is, in plain words."""
    return GRADES.get(name or "", name or "")


def why(reason: Reason) -> str:
    """Return why not, and whom to ask."""
    return f"{reason.message} ({reason.rule}; ask {ASK[reason.ask]})"


def plain(text: str) -> str:
    """Return a text in which agencies are named as name@host."""
    return text.replace(SCHEME, "")


def step(statement: str) -> str:
    """Return a statement type as the command that makes it."""
    return COMMANDS.get(statement, statement.rpartition(".")[2].replace("_", "-"))


def when(at: int | None) -> str:
    """Return a time in this machine's zone."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).astimezone().strftime("%a %d %b %Y %H:%M %Z")


def by_when(at: int | None, now: int) -> str:
    """Return a due time in this machine's zone, and how far away it is."""
    if at is None:
        return ""
    away = abs(at - now)
    unit = (
        f"{away // _DAY} d" if away >= 2 * _DAY else f"{away // _HOUR} h" if away >= _HOUR else f"{away // _MINUTE} min"
    )
    return f"{when(at)} ({'in ' + unit if at >= now else unit + ' late'})"


def either(known: frozenset[str]) -> str:
    """Return the words that may be said, for the message about one that may not."""
    *most, last = sorted(known)
    return f"{', '.join(most)} or {last}"
