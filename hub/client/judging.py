"""What the gates are told of a leg at the desk, and what leaves it: the journey, its signed words, the verdict.

`hub.casefile.gates` decides, `hub.client.gates` seals and commits. Here is what a client knows of a leg: what it is
for, in codes that the sender seals for the receiver, and where it stands by what members signed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hub.casefile.gates import ask, verdict
from hub.casefile.gates.ask import Result
from hub.casefile.gates.verdict import Agreed
from hub.client import gates, meetings
from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.casefile.gates.ask import Journey, Outcome
    from hub.casefile.gates.verdict import Compared
    from hub.client.cases import CaseFile
    from hub.client.gates import Judged
    from hub.client.member import Member
    from hub.client.reading import Shown

JOURNEY: Final = "journey"
"""The section that says what the leg is for, in codes."""
_CODES = a.object_of(
    {
        "v": a.integer(1, 1),
        "purpose": a.one_of(*ask.Purpose),
        "situation": a.one_of(None, "unaccompanied", "separated", "in_family", "adult"),
        "final": a.null_or(a.flag),
        "interim": a.null_or(a.flag),
        "return_mode": a.one_of(None, "assisted_voluntary", "spontaneous", "forced"),
        "returned": a.null_or(a.date),
    }
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a leg is for, in the words of the gates; the receiver is told, sealed."""

    purpose: str
    final: bool | None = None
    interim: bool | None = None
    return_mode: str | None = None
    returned: str | None = None
    """The day on which the child was seen after the return, where another leg brought it back."""

    def to_value(self, situation: str | None) -> dict[str, Any]:
        """Return the section `journey`."""
        said = {name: getattr(self, name) for name in Purpose.__slots__}
        return {"v": 1, **said, "situation": situation}


@dataclass(frozen=True, slots=True)
class Plan:
    """When a child leaves, and from when to when it may arrive (Unix seconds)."""

    depart: int
    begins: int
    until: int

    def to_value(self) -> dict[str, int]:
        """Return the JSON object of a statement."""
        return {"depart": self.depart, "from": self.begins, "until": self.until}


def check_journey(value: object) -> None:
    """Check a section `journey`.

    Raises:
        Malformed: it holds anything but its codes.
    """
    _CODES(value)


def journey(
    member: Member, purpose: Mapping[str, Any], leg: str, to: str, shown: Shown | None = None, **facts: Any
) -> Journey:
    """Return what the gates are told of a leg: what it is for, where it stands, and `facts` of this step."""
    known: dict[str, Any] = {"leg": leg, **{name: purpose.get(name) for name in _TOLD}}
    known["crosses_border"] = _country(member, to) != _country(member, shown.from_agency if shown else member.agency)
    known |= {"receiver": to, "country": _country(member, to), "disagreement": None}
    if shown is not None:
        known |= _standing(shown)
    meeting = meetings.of_leg(member, leg)
    return ask.Journey(**{**known, "handover": meeting and meeting.document, **facts})


_TOLD = ("purpose", "situation", "final", "interim", "return_mode", "returned")


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the sender found before the step that is answered: sealed, and committed to by its statement."""

    document: object
    body: Mapping[str, Any]
    agency: str
    at: int


def evaluate(
    member: Member,
    step: str,
    sections: Mapping[str, Any],
    known: Journey,
    case: str | None,
    theirs: Theirs | None = None,
) -> Result:
    """Ask the gates before a step, with the approvals of this agency and, of one that answers, those of the other.

    What the receiver was not shown stands on the sender's word, to which a member's signature is bound.

    Raises:
        BadSignature: the sender's findings are not those that its statement commits to.
    """
    rows, now = _approved(member, known, case), member.clock.now()
    lifted = [*gates.proven(member, rows, member.agency, now)]
    if theirs is None:
        return ask.evaluate(step, sections, known, lifted, now=now)
    said = gates.opened(theirs.document, theirs.body)
    shown: Any = theirs.document
    lifted += gates.proven(member, shown["approvals"], theirs.agency, theirs.at)
    ours = ask.evaluate(step, sections, known, lifted, now=now)
    rows_of = {row.gate: row for row in verdict.recheck(list(said), ours).rows}
    outcomes = tuple(_on_word(rows_of[outcome.gate]) for outcome in ours.outcomes)
    return Result(ours.step, outcomes, ours.tasks)


def judge(
    member: Member,
    step: str,
    sections: Mapping[str, Any],
    known: Journey,
    case: str | None,
    theirs: Theirs | None = None,
) -> tuple[Result, Judged]:
    """Ask the gates before a step and return what leaves the desk.

    Raises:
        GateClosed: a gate blocks; `gates` in its facts say which.
    """
    result = evaluate(member, step, sections, known, case, theirs)
    return result, gates.judged(result, _approved(member, known, case))


def _approved(member: Member, known: Journey, case: str | None) -> list[Mapping[str, Any]]:
    return [kept.row for kept in gates.listing(member, case, known.leg)] if case else []


def _on_word(row: Compared) -> Outcome:
    if row.stops and row.theirs == ask.Found.BLOCKED:
        return replace(row.ours, found=ask.Found.BLOCKED)
    return replace(row.ours, found=row.theirs) if row.agreed == Agreed.ON_WORD else row.ours


def _country(member: Member, agency: str) -> str:
    return str(member.trust.agency(agency).entry.country)


def _standing(shown: Shown) -> dict[str, Any]:
    """Return what the signed words of a leg say that gates ask for."""
    placed = [line for line in shown.lines if line.position is not None]
    said = {line.statement.type: line.statement for line in placed}
    accepted, arrived = said.get("transfer.accept"), said.get("transfer.arrive")
    plans = [line.statement.body["plan"] for line in placed if line.statement.body.get("plan")]
    plan = plans[-1] if plans else None
    taken = "transfer.take" in said
    return {
        "state": shown.state,
        "accepted": accepted is not None,
        "duty_receiver": accepted.body["duty"][0] if accepted else None,
        "departs": plan and day_of(plan["depart"]),
        "arrives": plan and day_of(plan["until"]),
        "arrived": day_of(arrived.body["seen"]) if arrived else None,
        "holder": "receiver" if taken else "sender",
        "released": shown.state == "released",
    }


def day_of(at: int) -> str:
    """Return the day of a time, in UTC."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def situation(held: CaseFile) -> str | None:
    """Return with whom the child is, as its case file says."""
    care = held.sections.get("care_guardianship")
    said = care.get("situation") if isinstance(care, dict) else None
    return said if isinstance(said, str) else None


def planned(plan: Plan | None) -> dict[str, Any]:
    """Return the days of a plan, as the gates are told them."""
    return {} if plan is None else {"departs": day_of(plan.depart), "arrives": day_of(plan.until)}
