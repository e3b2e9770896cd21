"""May this step of a transfer be taken? `evaluate` asks every gate; it is pure, total and fails closed.

What is missing, unknown or of a strange form is not clear, so it blocks; a gate that may be lifted is lifted only by an
approval of this leg, in its days, with a reason, by who may. Whether an approval was signed by who it names is verified
by the caller (`hub.client.gates`), who passes on only what was. `web/rules/gates.js` is the same in JavaScript.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from consent.basis import SHORTEST_REASON
from consent.evaluate import day
from hub.casefile.gates import policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from consent.evaluate import Scope
    from hub.casefile.gates.policy import Gate

_AGENCY = re.compile(r"urn:rcp:agency:([a-z0-9-]{1,63}@[a-z0-9.:-]{1,260})")
_COUNTRY = re.compile(r"[A-Z]{2}")


class Found(StrEnum):
    """What a gate found."""

    CLEAR = "clear"
    BLOCKED = "blocked"
    OVERRIDDEN = "overridden"
    NOT_APPLICABLE = "not_applicable"


class Purpose(StrEnum):
    """What a leg is for. One that ends with the family is `reunification`, whatever border it crosses.

    One over a border is asked what a return is asked, whatever it is called.
    """

    RETURN = "return"
    REUNIFICATION = "reunification"
    PLACEMENT = "placement"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What is known of the leg besides the sections. None is unknown, and unknown is not clear."""

    leg: str
    """The handoff of the leg, or the case file's own word for it before it has one; approvals name it."""
    purpose: str
    state: str | None = None
    """The leg's state (`transfer-states.csv`); None before the offer."""
    situation: str | None = None
    """`unaccompanied`, `separated`, `in_family` or `adult`."""
    final: bool | None = None
    """Whether the child is to live where this leg ends."""
    crosses_border: bool | None = None
    return_mode: str | None = None
    """`assisted_voluntary`, `spontaneous` or `forced`."""
    interim: bool | None = None
    """Whether a placement is for the time until something lasting is decided."""
    accepted: bool | None = None
    duty_receiver: str | None = None
    departs: str | None = None
    arrives: str | None = None
    """The planned days; `arrived` is the day on which somebody saw the child at the end of this leg."""
    arrived: str | None = None
    returned: str | None = None
    """The day on which the child was seen after the return: of the return leg, whichever leg this is."""
    holder: str | None = None
    """Who is responsible by the register: `sender` or `receiver` of this leg."""
    released: bool | None = None
    disagreement: bool | None = None
    """Whether a disagreement about this child is open in the own records."""
    adult_from: str | None = None
    receiver: str | None = None
    country: str | None = None
    """Where the leg leads, as ISO 3166-1 alpha-2."""
    handover: Mapping[str, Any] | None = None
    """The record of the handover meeting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who lifts a gate for one leg, for how long and why; R24 is the approval of an exception.

    `by` holds members and their certified roles, each verified; `people` who else was there, as role (`panel`,
    `witness`, `clinician`) and name.
    """

    gate: str
    leg: str
    begins: str
    ends: str
    reason: str = field(repr=False)
    by: tuple[tuple[str, str], ...]
    mode: str | None = None
    bia_due: str | None = None
    bid_due: str | None = None
    plan: str = field(default="", repr=False)
    people: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def facts(self) -> dict[str, Any]:
        """Return what the gates are told of it."""
        return {
            "gate": self.gate,
            "leg": self.leg,
            "begins": self.begins,
            "ends": self.ends,
            "reasoned": len(self.reason.strip()) >= SHORTEST_REASON,
            "members": len({member for member, _ in self.by}),
            "roles": sorted({role for _, role in self.by}),
            "mode": self.mode,
            "bia_due": self.bia_due,
            "bid_due": self.bid_due,
            "planned": len(self.plan.strip()) >= SHORTEST_REASON,
            **{said: len({name for each, name in self.people if each == role and name}) for role, said in _PEOPLE},
        }


_PEOPLE: Final = (("panel", "panel"), ("witness", "witnesses"), ("clinician", "clinicians"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one gate found. `failed` are its checks that are not true; `unseen`: each of them for want of a section."""

    gate: str
    found: str
    failed: tuple[str, ...] = ()
    unseen: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    """The facts of its message: days, countries, agencies; nothing that somebody typed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What has to be done because of how a gate was passed: `bia`, `bid`, `first_visit`."""

    gate: str
    task: str
    due: str


@dataclass(frozen=True, slots=True)
class Result:
    """What every gate found at a step, in the policy's order, and what is due because of it."""

    step: str
    outcomes: tuple[Outcome, ...]
    tasks: tuple[Task, ...] = ()

    @property
    def permitted(self) -> bool:
        """Whether the step may be taken. Arrival and monitoring always may: there the gates only tell."""
        return self.step in policy.ADVISORY or not self.blocked

    @property
    def blocked(self) -> tuple[Outcome, ...]:
        """The gates that block."""
        return tuple(row for row in self.outcomes if row.found == Found.BLOCKED)


def evaluate(
    step: str,
    sections: Mapping[str, Any],
    journey: Journey,
    approvals: Iterable[Approval] = (),
    *,
    now: int,
) -> Result:
    """Return what the gates find before a step.

    Args:
        step: one of `policy.STEPS`.
        sections: the sections of the case by name, as this client has them.
        journey: what is known of the leg.
        approvals: what lifts gates, each verified; those of other legs do not count.
        now: the time that is judged (Unix seconds).
    """
    return judge(facts(step, sections, journey, approvals, now=now))


def facts(
    step: str,
    sections: Mapping[str, Any],
    journey: Journey,
    approvals: Iterable[Approval] = (),
    *,
    now: int,
) -> dict[str, Any]:
    """Return all that the gates are asked about, as JSON."""
    return {
        "step": step,
        "case": dict(sections),
        "journey": {**asdict(journey), "handover": journey.handover},
        "approvals": [row.facts() for row in approvals],
        "now": {"day": datetime.fromtimestamp(now, UTC).date().isoformat()},
    }


def judge(asked: Mapping[str, Any]) -> Result:
    """Return what the gates find of facts that `facts` made; a strange step or purpose blocks everything."""
    step = str(asked["step"])
    if step not in policy.STEPS or asked["journey"].get("purpose") not in policy.PURPOSES:
        return Result(step, tuple(Outcome(gate, Found.BLOCKED) for gate in policy.GATES))
    scope = {**asked, "policy": policy.TABLES}
    judged = [_judge(gate, scope) for gate in policy.ALL]
    return Result(step, tuple(outcome for outcome, _ in judged), tuple(task for _, tasks in judged for task in tasks))


def _judge(gate: Gate, scope: Scope) -> tuple[Outcome, tuple[Task, ...]]:
    if scope["step"] not in gate.at or gate.when(scope) is False:
        return Outcome(gate.id, Found.NOT_APPLICABLE), ()
    failed = [check for check in gate.checks if check.when(scope) is not False and check.must(scope) is not True]
    if not failed:
        return Outcome(gate.id, Found.CLEAR), _tasks(gate, scope, _lifting(gate, scope, ended=True))
    told = {name: text for name, ask in gate.tells.items() if (text := _told(name, ask(scope)))}
    row = None if any(check.firm for check in failed) else _lifting(gate, scope)
    found = Found.BLOCKED if row is None else Found.OVERRIDDEN
    unseen = all(any(scope["case"].get(name) is None for name in check.reads) for check in failed)
    outcome = Outcome(gate.id, found, tuple(check.id for check in failed), unseen, told)
    return outcome, () if row is None else _tasks(gate, scope, row)


def _tasks(gate: Gate, scope: Scope, row: dict[str, Any] | None) -> tuple[Task, ...]:
    days = ((due.task, due.day({**scope, "approval": row})) for due in gate.dues)
    return tuple(Task(gate.id, task, found) for task, found in days if day(found) is not None)


def _lifting(gate: Gate, scope: Scope, *, ended: bool = False) -> dict[str, Any] | None:
    """Return the first approval that lifts a gate: for this leg, today or whenever, with a reason, by who may."""
    if gate.override is None:
        return None
    today, leg = scope["now"]["day"], scope["journey"].get("leg")
    for row in scope["approvals"]:
        if row.get("gate") != gate.lifted_by or row.get("leg") != leg or row.get("reasoned") is not True:
            continue
        begins, ends = row.get("begins"), row.get("ends")
        if day(begins) is None or day(ends) is None or not (begins <= today <= ends or ended):
            continue
        if gate.override({**scope, "approval": row}) is True:
            return dict(row)
    return None


def _told(name: str, value: Any) -> str | None:
    """Return a fact as a message may repeat it, or None: a day, a country, an agency's address."""
    if not isinstance(value, str):
        return None
    if name == "date":
        return value if day(value) else None
    if name == "country":
        return value if _COUNTRY.fullmatch(value) else None
    found = _AGENCY.fullmatch(value)
    return found[1] if found else None
