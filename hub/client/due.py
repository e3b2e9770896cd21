"""What is due of the cases that an agency follows, the share of benchmarks met, and what a sender may be told.

Reckoned from own records alone (`hub.client.aftercare`). `chase` lets the hub run after the days, through timers that
do not say what they are about. A progress report is a section in codes; whether a sender may have it, its consent says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from hub.aftercare import deadlines, schedule
from hub.aftercare.benchmarks import Risk
from hub.aftercare.schedule import Share
from hub.aftercare.visits import worst
from hub.client import aftercare, timers, visits
from hub.client.timers import About

if TYPE_CHECKING:
    from hub.client.aftercare import Followed
    from hub.client.member import Member

RULE: Final = "aftercare"
"""What timers of this room name as their rule, sealed."""
FIRST_VISIT: Final = "first_visit"
"""The task that a gate leaves (R32, `hub.client.gates.follow_up`) and only a meeting settles."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something of a case that has a day: a contact, a review, a term, a birthday."""

    case: str
    what: str
    day: date
    overdue: bool
    alert: bool = False
    missed: int = 0


def due(held: Followed, until: date | None = None) -> list[Due]:
    """Return what a case has days for, the first first; with `until` each contact up to that day."""
    day, plan = held.today, held.visited
    contacts: tuple[schedule.Contact, ...] = ()
    if plan is not None and until is None:
        contacts = schedule.next_contacts(plan, held.visits, day)
    elif plan is not None and until is not None:
        contacts = schedule.calendar(plan, held.visits, day, until)
    found = [Due(held.case, c.stream, c.due, c.overdue, c.alert and c.overdue, c.missed) for c in contacts]
    found += [Due(held.case, what, on, on < day) for what, on in _dates(held) if until is None or on <= until]
    return sorted(found, key=lambda row: (row.day, row.what))


def shares(member: Member, by: str = "case") -> dict[str, Share]:
    """Return how much of the benchmarks was met, by `case`, `agency` or `corridor`: the agency's own view of itself."""
    found: dict[str, Share] = {}
    for held in aftercare.followed(member):
        key = {"case": held.case, "agency": member.agency, "corridor": held.facts["corridor"] or "none"}[by]
        found[key] = found.get(key, Share()) + schedule.share(held.plan, held.visits, held.today)
    return found


def _dates(held: Followed) -> list[tuple[str, date]]:
    """Return the days of a case that no visit moves and nothing has settled."""
    since = {row.value["event"]: row.on for row in held.of("event")}
    terms = deadlines.terms(held.facts["country"], since) if held.facts["country"] else []
    found = [(term.id, term.due) for term in terms if f"done_{term.id}" not in since]
    if held.archived is not None:
        return []
    if held.closure is None:
        found += [
            ("review", held.review_due),
            ("target_24_months", deadlines.target(aftercare.first_day(held))),
        ]
    turns = deadlines.turning(date.fromisoformat(held.facts["born"])) if held.facts["born"] else None
    if turns and "transition_prepared" not in since:
        found.append(("prepare_for_18", turns.warn))
    if turns and "consent_taken_again" not in since:
        found.append(("consent_again_at_18", turns.on))
    return found


def chase(member: Member, held: Followed) -> list[str]:
    """Let the hub chase what is due: for each day that has no timer set one, end those that no day asks for.

    The first meeting face to face after arrival also ends the date that a gate set for it. Where somebody near should
    have given a sign and has not, an alert goes out, once. Run again it changes nothing. Return the timers that were
    set.
    """
    _warn(member, held)
    wanted = {(row.what, row.day.isoformat()): row for row in due(held)}
    seen = any(visit.in_person for visit in schedule.meetings(held.plan, held.visits, held.today))
    calendar, made = timers.calendar(member), []
    for timer in timers.listing(member, case=held.case):
        if timer.about is None:
            continue
        facts = timer.about.facts
        if timer.about.rule == RULE:
            settled = wanted.pop((str(facts.get("what")), str(facts.get("day"))), None) is None
        else:
            settled = seen and facts.get("task") == FIRST_VISIT
        if settled:
            timers.done(member, timer.handoff)
    for what, day in wanted:
        about = About(what.replace("_", " "), held.case, RULE, {"what": what, "day": day})
        urgency = "high" if held.plan.risk is Risk.HIGH else "routine"
        at = calendar.end_of(date.fromisoformat(day))
        made.append(timers.set_timer(member, about, at, urgency=urgency, owner=held.facts["lead"]))
    return made


def _warn(member: Member, held: Followed) -> None:
    """Raise an alert for each silence that nobody was warned of; first the alert, then the note that it was."""
    noted = {(row.value["event"], row.on) for row in held.of("event")}
    for row in due(held):
        said = f"silent_{row.what}"
        if row.alert and (said, row.day) not in noted:
            visits.alert(member, held.case, "no sign for too long", {"what": row.what, "day": row.day.isoformat()})
            visits.happened(member, held.case, said, row.day)


def progress_report(
    member: Member, case: str, since: date, words: str | None = None, section: str = "monitoring_plan"
) -> dict[str, Any]:
    """Return the section that tells a sender how a child is, who agreed that it may know: codes, days and `words`.

    Nobody's name stands in it, nor any single visit. Whoever sends it asks the consent about `section` as ever.
    """
    held = aftercare.read(member, case)
    day = held.today
    rows = [row for row in held.of("visit") if since <= row.on <= day]
    seen = [aftercare.as_visit(row) for row in rows]
    found = [row.value["themes"] for row in rows if row.value["themes"]]
    progress = {
        "from": since.isoformat(),
        "until": day.isoformat(),
        "risk": held.plan.risk.value,
        "contacts": sum(one.met for one in seen),
        "face_to_face": sum(one.met and one.in_person for one in seen),
        "met_percent": schedule.share(held.plan, held.visits, day).percent,
        "themes": worst(found),
        "next_review": held.review_due.isoformat(),
        "words": words,
    }
    return {section: {"v": 1, "progress": {name: said for name, said in progress.items() if said is not None}}}
