"""Closing a case, visits after it, archiving, keeping, destroying: what stands in the way, and until when. Pure.

Each hindrance is a code with the rule that it comes from, and a sentence. Nothing lifts the
separation of who recommends and who authorises. Who signed what is read from records by `hub.client.closing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.aftercare.benchmarks import Risk, published
from hub.aftercare.deadlines import rules, target
from hub.aftercare.schedule import Plan
from hub.followup.calendar import months_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from hub.aftercare.schedule import Visit

PARTS: tuple[str, ...] = tuple(rules()["closure"]["parts"])
"""The four parts of the checklist (H10)."""
NEEDS: tuple[str, ...] = tuple(sorted({n for row in rules()["closure"]["reasons"].values() for n in row["needs"]}))
"""What some reasons need besides."""


class Reason(StrEnum):
    """Why a case is closed (H9)."""

    PLAN_COMPLETE = "plan_complete"
    NO_LONGER_WANTS = "no_longer_wants"
    TURNED_18 = "turned_18"
    DEATH = "death"
    MOVED_ON = "moved_on"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a case on the day on which it may be closed."""

    begins: date
    today: date
    risk: Risk
    open_referrals: int = 0
    open_alerts: int = 0
    review_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the one who recommends says. `early`: why before 24 months; `panel`: that a panel accepted it without."""

    reason: Reason
    parts: frozenset[str]
    besides: frozenset[str] = frozenset()
    early: str = field(default="", repr=False)
    panel: bool = False


@dataclass(frozen=True, slots=True)
class Hindrance:
    """One thing that stands in the way, its rule, and the day or name that belongs to it."""

    code: str
    rule: str
    about: str = ""

    @property
    def text(self) -> str:
        """A sentence for people."""
        return str(rules()["hindrances"][self.code]).format(about=self.about.replace("_", " "))


def to_closing(said: Proposal, case: Standing) -> list[Hindrance]:
    """Return what stands in the way of closing a case, in the order in which people look at it (R43)."""
    row = rules()["closure"]["reasons"][said.reason]
    parts = [part for part in PARTS if part not in said.parts and part not in row.get("spares", ())]
    found = [Hindrance("part_missing", "R43", part) for part in parts]
    found += [Hindrance("needed_for_reason", "R43", need) for need in row["needs"] if need not in said.besides]
    if case.open_referrals:
        found.append(Hindrance("open_referrals", "R43", str(case.open_referrals)))
    if case.open_alerts:
        found.append(Hindrance("open_alerts", "R43", str(case.open_alerts)))
    if case.review_overdue and said.reason is Reason.PLAN_COMPLETE:
        found.append(Hindrance("review_overdue", "R42"))
    if case.risk not in row["risk"]:
        found.append(Hindrance("risk_too_high", "R43", case.risk))
    early = row["early"] and case.today < target(case.begins)
    if early and not said.early.strip() and not said.panel:
        found.append(Hindrance("before_24_months", "R43", target(case.begins).isoformat()))
    return found


def apart(recommended_by: str, authorised_by: str) -> list[Hindrance]:
    """Return that one member did both: nobody may ever (R43)."""
    return [Hindrance("same_member", "R43")] if recommended_by == authorised_by else []


def after_closure(closed: date, risk: Risk, reason: Reason) -> Plan | None:
    """Return the visits of the months after closing; None after a death (R44)."""
    if rules()["closure"]["reasons"][reason].get("no_visits"):
        return None
    return Plan(closed, published()["after_closure"], ((closed, risk),))


def to_archiving(closed: date, reason: Reason, visits: Iterable[Visit], today: date) -> list[Hindrance]:
    """Return what stands in the way of archiving a closed case (R44)."""
    if rules()["closure"]["reasons"][reason].get("no_visits"):
        return []
    row = rules()["after_closure"]
    until = months_after(closed, row["months"])
    days = {visit.day for visit in visits if visit.met and closed < visit.day <= today}
    found = [Hindrance("visits_run_to", "R44", until.isoformat())] if today < until else []
    short = int(row["least_visits"]) - len(days)
    return [*found, Hindrance("visits_missing", "R44", str(short))] if short > 0 else found


def kept_until(closed: date, born: date | None, retention: Mapping[str, Any] | None = None) -> date:
    """Return until when a closed case is kept: of both terms the later one (B7, R45)."""
    row = retention or rules()["retention"]["default"]
    days = [months_after(closed, 12 * int(row["years"]))]
    if born is not None:
        grown = int(rules()["majority"]["age"]) + int(row.get("after_majority_years", 0))
        days.append(months_after(born, 12 * grown))
    return max(days)


def to_destroying(until: date, today: date, *, held: bool, archived: bool, legal_basis: bool) -> list[Hindrance]:
    """Return what stands in the way of destroying a case: a legal hold always does, the term unless a law says so."""
    found = [] if archived or legal_basis else [Hindrance("not_archived", "R45")]
    if held:
        found.append(Hindrance("legal_hold", "R45"))
    if today <= until and not legal_basis:
        found.append(Hindrance("kept_until", "R45", until.isoformat()))
    return found
