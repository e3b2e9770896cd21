"""States, grades and times in the words of people at work."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consent.reasons import message

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    "pre_arrival_inquiry": "a place was asked for",
    "assessment_requested": "an assessment was asked for",
    "assessment_returned": "the assessment came back",
    "offered": "offered, on its way",
    "in_transit": "on the way",
    "missing_on_arrival": "MISSING: not seen by the planned arrival",
    "arrived": "arrived, seen in person; the sender is still responsible",
    "released": "released, not yet taken; the sender is still responsible",
    "disputed": "disputed; the sender stays responsible",
    "frozen": "stands still: an appeal, a disagreement or a new risk",
    "responsibility_transferred": "handed over",
    "monitoring": "handed over, followed up",
    "onward": "moved on",
    "closed": "closed",
    "case_kept": "the register of a case",
    "noticed": "notice was given",
    "assumed": "assumed by the successor",
    "freeze_asked": "stands still until the agency decides",
    "kept": "decided: the consent is kept",
    "withdrawn": "decided: the consent is withdrawn",
    "capacity_asked": "asked, not yet answered",
    "capacity_answered": "answered",
    "capacity_unanswered": "nobody answered in time",
    "timer_runs": "runs",
    "alert_raised": "alert: nobody has acknowledged it",
    "timer_done": "done",
}
GRADES = {
    "signed": "signed by a member",
    "link": "answered by a link",
    "code_verified": "confirmed by a code read back",
    "reported": "reported by sender",
    "hub": "stated by a hub",
}
QUEUES = {
    "unacknowledged": "sent, and nobody there has acknowledged it",
    "undecided": "seen by a person, and not decided",
    "not_started": "accepted, and not begun",
    "no_outcome": "under way, and no outcome said",
    "info_asked": "the recipient asks for more: you answer",
    "tasks": "back with you: refer elsewhere, or write down the unmet need",
    "to_close": "an outcome is reported: ask the child, then close or dispute",
    "silent": "its hub is away: phone",
    "untold": "somebody could not be told of it",
    "new": "came, and nobody here has acknowledged it",
    "to_start": "you accepted it: make the first contact",
    "waitlist": "on your waiting list: look again by the day",
    "under_way": "you are at it: say the outcome",
    "to_stop": "the sender asks you to stop",
    "asked": "you asked: the sender answers",
    "due_today": "yours to do by the end of your day",
    "overdue": "yours, and past its time",
    "withdrawn": "say what became of your copy",
    "escalated": "supervisors of both sides were told",
    "paused": "its clock was put off",
    "third_question": "asked for the third time: talk",
    "said_no": "the number says no to a reported answer",
    "tenth": "a reported answer drawn by chance: look into it",
    "held": "frozen or withdrawn",
    "open": "all that is not over",
    "timers": "dates of cases that you answer for, within a week (hub timers list --mine)",
    "dates": "alerts, and dates that supervisors were told of (hub timers list --escalated)",
    "emergencies": "sent without consent to save life: review (hub tasks)",
    "lifted": "rules lifted on a consent: review (hub tasks)",
    "beside": "not accepted, or no help came: place it again (hub tasks)",
    "inquiries": "asked for a place, and not yet answered (hub inquiries)",
    "openings": "opened with a reason: review (hub access list --unreviewed)",
}
HOW = {
    "pinned": "known from before",
    "certified": "certified by two certifiers",
    "fingerprint": "fingerprint compared by phone",
    "first_seen": "not vouched for: compare its fingerprint",
}
LINKS = {
    "open": "nobody has opened it yet",
    "bound": "opened by one device, whose key is in the log",
    "locked": "locked after five wrong codes: make another one (hub link)",
    "revoked": "revoked",
    "expired": "its last day is past: make another one (hub link)",
}
COMMANDS = {
    "referral.report_outcome": "outcome",
    "consent.withdraw": "consent withdraw",
    "consent.unfreeze": "consent decide",
    "consent.holder_answer": "consent answer",
    "transfer.cosign": "confirm",
    "transfer.request_assessment": "ask-assessment",
}
"""Commands that are not called like their statement."""
_INSTEAD = {"consent.report": (), "referral.resolve": ("reroute", "unmet-need")}
"""What clients say by themselves has no command, or those that it comes with."""
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
_ASKS = re.compile(r"\b[Aa]sk (?!again)")
"""A sentence that says itself whom to ask."""


def state(name: str | None) -> str:
    """Return a state in plain words."""
    return STATES.get(name or "", name or "")


def grade(name: str | None) -> str:
    """Return how good the evidence is, in plain words."""
    return GRADES.get(name or "", name or "")


def why(rows: Iterable[tuple[str, Reason]], language: str = "en") -> list[str]:
    """Return why not and whom to ask, for reasons and the sections they are about; one line says the same of many."""
    found: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[str]] = {}
    for section, row in rows:
        about = tuple(sorted((name, fact) for name, fact in row.facts.items() if name != "section"))
        found.setdefault((row.rule, row.ask, about), []).append(section)
    lines = []
    for (rule, ask, about), sections in found.items():
        named = [name for name in dict.fromkeys(sections) if name]
        said = message(rule, {**dict(about), "section": ",".join(named)}, language)
        who = "" if language != "en" or _ASKS.search(said) else f"; ask {ASK[ask]}"
        lines.append(f"{', '.join(named)}{': ' if named else ''}{said} ({rule}{who})")
    return lines


def outline(value: Any, depth: int = 0) -> list[str]:
    """Return what people read of a JSON value: a line for each member that says something, inner ones further in."""
    if not isinstance(value, dict | list):
        value = [value]
    rows = value.items() if isinstance(value, dict) else (("-", item) for item in value)
    lines, pad = [], "  " * depth
    for name, item in rows:
        if isinstance(item, dict) or (isinstance(item, list) and any(isinstance(one, dict | list) for one in item)):
            inner = outline(item, depth + 1)
            lines += [f"{pad}{name}:" if name != "-" else f"{pad}-", *inner] if inner else []
        elif item not in (None, "", []):
            said = ", ".join(map(_word, item)) if isinstance(item, list) else _word(item)
            lines.append(f"{pad}{name}: {said}" if name != "-" else f"{pad}- {said}")
    return lines


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def plain(text: str) -> str:
    """Return a text in which agencies are named as name@host."""
    return text.replace(SCHEME, "")


def steps(statements: Iterable[str]) -> list[str]:
    """Return the commands for what is possible."""
    return [command for name in statements for command in _INSTEAD.get(name, (step(name),))]


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


def inline(found: object) -> str:
    """Return a value of a document as one line: a text as it is, all else as JSON."""
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def either(known: frozenset[str]) -> str:
    """Return the words that may be said, for the message about one that may not."""
    *most, last = sorted(known)
    return f"{', '.join(most)} or {last}"
