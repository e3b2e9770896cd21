"""A case after arrival, at an agency's desk: the plan of visits, what was found, reviews, what is due.

Own records of kind `aftercare` name the case file and say days and codes; words of people stand in records of kind
`remark`, sealed and never indexed. A record counts if one member alone wrote it, in a role that may. The true day of a
visit and the time at which it was entered are both kept. What is due is reckoned here, from the visits
(`hub.aftercare`; `hub.client.due`). What happened is entered by `hub.client.visits`; `hub.client.closing` closes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from hub.aftercare import benchmarks, closing, deadlines, observer, visits
from hub.aftercare.benchmarks import By, Risk
from hub.aftercare.schedule import Excuse, Plan, Visit
from hub.client import cases, records, timers
from hub.client.careforms import FORMS, KEEPERS, KIND, OWN_SET, REMARK, ROLES
from hub.errors import InvalidRequest, Malformed, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.records import Record
    from hub.packets import shapes as a


@dataclass(frozen=True, slots=True)
class Row:
    """A record that counts: what it says, by whom, and when it was entered, whatever day it is about."""

    record: str
    what: str
    value: Mapping[str, Any] = field(repr=False)
    by: str
    role: str
    entered: int

    @property
    def on(self) -> date:
        """The day that it is about."""
        return date.fromisoformat(self.value["on"])


@dataclass(frozen=True, slots=True)
class Followed:
    """A case as it is followed since its newest plan began."""

    case: str
    plan: Plan
    rows: tuple[Row, ...]
    """All records of the case, what was entered first first; those of earlier plans too."""
    facts: Mapping[str, Any] = field(repr=False)
    """What the newest plan says."""
    today: date
    """The day where the agency works, when this was read."""
    closure: Row | None = None
    """By which record it is closed."""

    @property
    def visits(self) -> tuple[Visit, ...]:
        """The visits by their true days."""
        return tuple(as_visit(row) for row in self.of("visit"))

    @property
    def visited(self) -> Plan | None:
        """The plan by which somebody looks in now, after closing that of the months after; None where nobody does."""
        if self.closure is None or self.archived is not None:
            return None if self.archived else self.plan
        return closing.after_closure(self.closure.on, self.plan.risk, closing.Reason(self.closure.value["reason"]))

    @property
    def archived(self) -> Row | None:
        """By which record it is archived."""
        about = self.closure.record if self.closure else None
        return next((row for row in self.of("archived") if row.value["closure"] == about), None)

    @property
    def review_due(self) -> date:
        """By when the plan is to be reviewed."""
        reviews = [row.on for row in self.of("review")]
        return deadlines.review_due(self.plan.begins, reviews, self.extensions)

    @property
    def extensions(self) -> tuple[deadlines.Extension, ...]:
        """Reviews that a supervisor put off."""
        rows = [row.value for row in self.of("extension")]
        return tuple(deadlines.Extension(_day(row["of"]), _day(row["until"])) for row in rows)

    @property
    def discretion(self) -> observer.Discretion:
        """How not to draw attention to the family."""
        return observer.Discretion(**self.facts["discretion"])

    def of(self, what: str) -> tuple[Row, ...]:
        """Return the records of one sort."""
        return tuple(row for row in self.rows if row.what == what)


# Planning


def follow(
    member: Member,
    case: str,
    begins: date,
    risk: str,
    benchmark: str = "standard",
    *,
    bases: Collection[str] = (),
    **facts: Any,
) -> Followed:
    """Begin to follow a case from a day on, usually that of the handover; said twice alike it is said once.

    Args:
        member: who answers for the visits, unless `lead` names a colleague.
        case: the case file's record.
        begins: the first day.
        risk: high, medium or low.
        benchmark: the name of a set.
        bases: records of the consents under which others were asked about this child: their referrals keep it open.
        facts: `lead`, `country`, `corridor`, `born` (date), `exploited`, `discretion`; what is not said stays open.

    Raises:
        NotFound: no such case file or set. InvalidRequest: a fact is not of its form.
    """
    records.get(member, case, cases.KIND)
    benchmarks.named(benchmark, own_sets(member))
    known = _newest(rows_of(member, case), "plan")
    value: dict[str, Any] = {
        "benchmarks": benchmark,
        "risk": risk,
        "lead": facts.get("lead") or member.id,
        "country": facts.get("country"),
        "corridor": facts.get("corridor"),
        "born": facts["born"].isoformat() if facts.get("born") else None,
        "exploited": bool(facts.get("exploited")),
        "mark": known.value["mark"] if known else _mark(),
        "bases": sorted(set(bases)),
        "discretion": {"caller": "", "texts": True, "note": "", **(facts.get("discretion") or {})},
    }
    if known is None or {**known.value, **value} != known.value or known.on != begins:
        put(member, "plan", case, begins, value)
    return read(member, case)


def planned(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the sections of a case file say already of how it is to be followed, as `follow` takes it.

    Of a birth of which only the year is known the earliest day counts: better too early than too late (H15).
    """
    found: dict[str, Any] = {}
    plan = _section(sections, "monitoring_plan")
    found |= {name: plan[name] for name in ("risk", "benchmark") if isinstance(plan.get(name), str)}
    quiet = _section(plan, "low_visibility")
    if quiet:
        texts = quiet.get("texts") is not False
        found["discretion"] = {"caller": str(quiet.get("caller_name", "")), "texts": texts, "note": ""}
    found["born"] = _born(_section(_section(sections, "identity"), "born"))
    country = _section(sections, "status").get("country_of_origin")
    found["country"] = country if isinstance(country, str) else None
    return {**found, "exploited": bool(_section(sections, "exploitation"))}


def names_in(sections: Mapping[str, Any]) -> list[str]:
    """Return the names that no text to a family may show: the child's, as its case file has them."""
    names = _section(_section(sections, "identity"), "names")
    found = [one for value in names.values() for one in (value if isinstance(value, list) else [value])]
    return [one for one in found if isinstance(one, str)]


def assess(member: Member, case: str, risk: str, words: str | None = None, on: date | None = None) -> Followed:
    """Say that the level of risk is another one since a day; contacts are planned anew (H1)."""
    held = read(member, case)
    put(member, "risk", case, on or today(member), {"risk": risk}, words)
    return read(member, held.case)


def adopt(member: Member, name: str, value: Mapping[str, Any]) -> str:
    """Keep a set of benchmarks of the agency, a network or a corridor under a name; return its record.

    Raises:
        InvalidRequest: it is none. Forbidden: the member is neither supervisor, coordinator nor focal point.
    """
    benchmarks.read_set(name, value)
    held = {"what": "benchmarks", "name": name, "set": dict(value)}
    check(OWN_SET, held)
    return records.put(member, KIND, held, roles=KEEPERS)


def own_sets(member: Member) -> dict[str, Mapping[str, Any]]:
    """Return the agency's own sets by name, of each the newest."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in records.listing(member, KIND):
        if records.of_form(row, OWN_SET) and row.by.role in KEEPERS:
            found.setdefault(row.value["name"], row.value["set"])
    return found


# What is due


def read(member: Member, case: str) -> Followed:
    """Return a case as it is followed.

    Raises:
        NotFound: nobody has said that it is.
    """
    rows = rows_of(member, case)
    newest = _newest(rows, "plan")
    if newest is None:
        raise NotFound("Nobody follows this case yet.", todo="Begin with `hub aftercare plan`.")
    return _followed(case, rows, newest, own_sets(member), today(member))


def followed(member: Member) -> list[Followed]:
    """Return all cases of the agency that are followed, whether open or closed."""
    every, sets, day, found = rows(member), own_sets(member), today(member), []
    for case in sorted({str(row.value["case"]) for row in every}):
        own = tuple(row for row in every if row.value["case"] == case)
        newest = _newest(own, "plan")
        if newest is not None:
            found.append(_followed(case, own, newest, sets, day))
    return found


# Records


def put(
    member: Member,
    what: str,
    case: str,
    on: date,
    value: Mapping[str, Any],
    words: str | None = None,
    papers: Sequence[Path] = (),
) -> Row:
    """Keep a record about a case, with what was said in words and the pages that show it in a record of their own.

    Raises:
        InvalidRequest: it is not of its form. Forbidden: the member has no role that may.
    """
    role = member.role(ROLES[what])
    whole: dict[str, Any] = {"what": what, "case": case, "on": on.isoformat(), "words": None, **value}
    check(FORMS[what], whole)
    if words and words.strip():
        said = {"case": case, "words": words.strip()}
        whole["words"] = records.put(member, REMARK, said, attachments=papers)
    record = records.put(member, KIND, whole, roles=ROLES[what])
    return Row(record, what, whole, member.id, role, member.clock.now())


def reason(words: str) -> str:
    """Return a reason that was given.

    Raises:
        InvalidRequest: it was not.
    """
    if not words.strip():
        raise InvalidRequest("Say why.")
    return words


def rows_of(member: Member, case: str) -> tuple[Row, ...]:
    """Return the records about a case that count, what was entered first first."""
    return tuple(row for row in rows(member) if row.value["case"] == case)


def said(member: Member, row: Row) -> str:
    """Return the words that belong to a record, or nothing."""
    name = row.value.get("words")
    return str(records.get(member, name, REMARK).value["words"]) if name else ""


def today(member: Member) -> date:
    """Return the day where the agency works."""
    return timers.calendar(member).local(member.clock.now()).date()


def rows(member: Member) -> list[Row]:
    """Return all records of this room that count, what was entered first first."""
    found = [as_row(row) for row in records.listing(member, KIND) if _counts(row)]
    return sorted(found, key=lambda row: (row.entered, row.on, row.record))


def _counts(row: Record) -> bool:
    """Whether a record is of its form, and one member alone wrote it, in a role that may."""
    what, named = str(row.value.get("what")), {(author.member, author.role) for author in row.authors}
    return what in FORMS and len(named) == 1 and row.by.role in ROLES[what] and records.of_form(row, FORMS[what])


def as_row(row: Record) -> Row:
    """Return a record about a case as this room reads it."""
    return Row(row.handoff, str(row.value["what"]), row.value, row.begun_by.member, row.begun_by.role, row.began)


def _newest(rows: Sequence[Row], what: str) -> Row | None:
    return next((row for row in reversed(rows) if row.what == what), None)


def _followed(
    case: str, rows: Sequence[Row], newest: Row, sets: Mapping[str, Mapping[str, Any]], day: date
) -> Followed:
    own = benchmarks.named(newest.value["benchmarks"], sets)
    risks = [(newest.on, Risk(newest.value["risk"]))]
    risks += [(row.on, Risk(row.value["risk"])) for row in rows if row.what == "risk" and row.entered >= newest.entered]
    excuses = tuple(
        Excuse(row.value["stream"], row.on, _day(row.value["until"])) for row in rows if row.what == "excuse"
    )
    closed = closed_by(rows)
    plan = Plan(newest.on, own, tuple(risks), closed.on if closed else None, excuses)
    return Followed(case, plan, tuple(rows), newest.value, day, closed)


def closed_by(rows: Sequence[Row]) -> Row | None:
    """Return by which record a case is closed now: a supervisor's, of what somebody else recommended (R43)."""
    recommended = {row.record: row.by for row in rows if row.what == "recommended"}
    opened = {row.value["closure"] for row in rows if row.what == "reopened"}
    closures = [row for row in rows if row.what == "authorised" and row.record not in opened]
    apart = [row for row in closures if recommended.get(row.value["recommendation"], row.by) != row.by]
    return apart[-1] if apart else None


def first_day(held: Followed) -> date:
    """Return the day since which a case is followed, the plans before a re-opening included."""
    return min(row.on for row in held.of("plan"))


def as_visit(row: Row) -> Visit:
    """Return a visit as the schedule counts it: under its true day."""
    value = row.value
    in_person = value["method"] in visits.IN_PERSON
    return Visit(row.on, By(value["by"]), in_person=in_person, met=value["met"], about=value["about"])


def _mark() -> str:
    return "".join(secrets.choice(observer.LETTERS) for _ in range(observer.MARK_LENGTH))


def _born(said: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(f"{said['on']}" if "on" in said else f"{said['year']}-01-01")
    except (KeyError, ValueError):  # what another agency wrote is kept as it came
        return None


def _section(sections: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = sections.get(name)
    return found if isinstance(found, dict) else {}


def _day(text: str) -> date:
    return date.fromisoformat(text)


def check(form: a.Check, value: object) -> None:
    """Return if a value is of a form.

    Raises:
        InvalidRequest: it is not.
    """
    try:
        form(value)
    except Malformed as error:
        raise InvalidRequest("What was said of the case is not in the words of its lists.") from error
