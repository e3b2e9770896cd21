"""The steps of a transfer's leg: `transfer-states.csv`, read once, and what each of its words means here.

Pure. The table says who signs (`who`); some steps are signed by two members of one agency, some are claimed by one side
and take effect when the other side co-signs. What a row's guard means stands in `hub.transfer.domain`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING

from hub.handoffs.domain import HOLDERS
from hub.statements.bodies import PROXY
from hub.statements.grammar import Grade, MemberActor

if TYPE_CHECKING:
    from hub.statements.grammar import Statement


class State(StrEnum):
    """Where a leg stands: the states of the table, word for word."""

    DRAFT = "draft"
    PRE_ARRIVAL_INQUIRY = "pre_arrival_inquiry"
    ASSESSMENT_REQUESTED = "assessment_requested"
    ASSESSMENT_RETURNED = "assessment_returned"
    OFFERED = "offered"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    INFO_NEEDED = "info_needed"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    MISSING_ON_ARRIVAL = "missing_on_arrival"
    ARRIVED = "arrived"
    RELEASED = "released"
    DISPUTED = "disputed"
    FROZEN = "frozen"
    RESPONSIBILITY_TRANSFERRED = "responsibility_transferred"
    MONITORING = "monitoring"
    ONWARD = "onward"
    CLOSED = "closed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CLOSED_DECLINED = "closed_declined"
    CLOSED_EXPIRED = "closed_expired"
    CONSENT_WITHDRAWN = "consent_withdrawn"


class Side(StrEnum):
    """Who does a step."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    EITHER = "either"
    ORDERING_HUB = "ordering_hub"
    RECIPIENT_HUB = "recipient_hub"


OWN = frozenset({"case.open", "transfer.notice", "transfer.assume"})
"""Rows of the table that begin a handoff of another kind: they are no steps of a leg."""
BEFORE = "(state before)"
_WORKERS = frozenset({"caseworker"})
_SUPERVISORS = frozenset({"supervisor"})
_ON_DUTY = frozenset({"focal_point", "supervisor", "deputy"})
"""Who co-signs for the other side that an alarm has ended: whoever is on duty there in one of these roles."""
_CASE = frozenset({"caseworker", "supervisor"})
_ANYBODY = frozenset[str]()
_Who = tuple[Side, tuple[frozenset[str], ...], frozenset[str] | None]
_WHO: dict[str, list[_Who]] = {
    "ordering hub": [(Side.ORDERING_HUB, (), None)],
    "receiver's home hub": [(Side.RECIPIENT_HUB, (), None)],
    "sender caseworker": [(Side.SENDER, (_WORKERS,), None)],
    "sender caseworker + supervisor": [(Side.SENDER, (_WORKERS, _SUPERVISORS), None)],
    "sender supervisor": [(Side.SENDER, (_SUPERVISORS,), None)],
    "receiver caseworker": [(Side.RECIPIENT, (_WORKERS,), None)],
    "receiver caseworker (named)": [(Side.RECIPIENT, (_WORKERS,), None)],
    "receiver caseworker + supervisor": [(Side.RECIPIENT, (_WORKERS, _SUPERVISORS), None)],
    "receiver supervisor": [(Side.RECIPIENT, (_SUPERVISORS,), None)],
    "receiver focal point": [(Side.RECIPIENT, (frozenset({"focal_point", "caseworker"}),), None)],
    "sender supervisor or receiver supervisor": [(Side.EITHER, (_SUPERVISORS,), None)],
    "sender supervisor|receiver supervisor": [(Side.EITHER, (_SUPERVISORS,), None)],
    "either supervisor": [(Side.EITHER, (_SUPERVISORS,), None)],
    "either side": [(Side.EITHER, (_CASE,), None)],
    "both supervisors": [(Side.EITHER, (_SUPERVISORS,), _SUPERVISORS)],
    "any member of sender or receiver": [(Side.EITHER, (_ANYBODY,), None)],
    "any member of receiver": [(Side.RECIPIENT, (_ANYBODY,), None)],
    "receiver caseworker (named), co-signed by the other side's focal point or supervisor on duty": [
        (Side.RECIPIENT, (_WORKERS,), _ON_DUTY)
    ],
    "sender caseworker (named) who saw the child, co-signed by the other side's focal point or supervisor on duty": [
        (Side.SENDER, (_WORKERS,), _ON_DUTY)
    ],
}
"""What the table's column `who` means: side; the roles that have to sign, one member for each; who of the other side
co-signs before the step takes effect."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the table from one state; `target` None is the state before a freeze."""

    type: str
    source: State
    target: State | None
    side: Side
    roles: tuple[frozenset[str], ...] = ()
    cosigned: frozenset[str] | None = None
    grades: frozenset[Grade] = frozenset({Grade.SIGNED})

    def fits(self, sides: frozenset[Side], statement: Statement) -> bool:
        """Say whether the signers of a statement, who are on these sides, may take the step."""
        return self.side in sides and statement.grade in self.grades and signed_by(statement, self.roles)

    def suits(self, sides: frozenset[Side], roles: frozenset[str]) -> bool:
        """Say whether members of these sides in these roles can take the step, perhaps with one another."""
        return self.side in sides and all(not wanted or not wanted.isdisjoint(roles) for wanted in self.roles)


def signed_by(statement: Statement, wanted: tuple[frozenset[str], ...]) -> bool:
    """Say whether different members sign, one in each of the wanted roles; an empty set is any role."""
    actors = [actor for actor in statement.by if isinstance(actor, MemberActor)]
    if not wanted:
        return not actors
    first, *rest = wanted
    for actor in actors:
        if first and actor.role not in first:
            continue
        others = {one.role for one in actors if one.member != actor.member}
        if all(not others.isdisjoint(roles) for roles in rest):
            return True
    return False


def table() -> tuple[dict[str, str], ...]:
    """Return the rows of `transfer-states.csv` as they stand."""
    text = resources.files("hub.transfer").joinpath("transfer-states.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _states(text: str) -> list[State]:
    return [State.DRAFT] if text == "(none)" else [State(name) for name in text.split("|")]


def _transitions(row: dict[str, str]) -> list[Transition]:
    found = []
    for side, roles, cosigned in _WHO[row["who"]]:
        grades = frozenset({Grade.HUB}) if not roles else frozenset({Grade.SIGNED})
        for source in _states(row["from"]):
            same = row["to"].startswith("(same")
            target = source if same else None if row["to"] == BEFORE else State(row["to"])
            found.append(Transition(row["statement"], source, target, side, roles, cosigned, grades))
    return found


BEGUN = tuple(state for state in State if state is not State.DRAFT)
UNTIL_HANDOVER = (
    State.ACCEPTED,
    State.IN_TRANSIT,
    State.MISSING_ON_ARRIVAL,
    State.ARRIVED,
    State.RELEASED,
    State.DISPUTED,
    State.FROZEN,
)
_HELD = (State.RESPONSIBILITY_TRANSFERRED, State.MONITORING)
_OFFERED = (State.OFFERED, State.DELIVERED, State.ACKNOWLEDGED, State.INFO_NEEDED)


def _beside(
    name: str, states: tuple[State, ...], side: Side, *roles: frozenset[str], grades: frozenset[Grade] | None = None
) -> list[Transition]:
    given = grades or frozenset({Grade.SIGNED if roles else Grade.HUB})
    return [Transition(name, state, state, side, roles, None, given) for state in states]


COSIGN, ACKNOWLEDGE_CHANGE = "transfer.cosign", "transfer.acknowledge_change"
BESIDE = (
    *_beside("transfer.search", (*_OFFERED, *UNTIL_HANDOVER), Side.SENDER, _CASE),
    *_beside("transfer.verify", (*UNTIL_HANDOVER[3:], *_HELD), Side.RECIPIENT, _WORKERS),
    *_beside("transfer.message", UNTIL_HANDOVER, Side.EITHER, _CASE),
    *_beside(COSIGN, BEGUN, Side.EITHER, _ON_DUTY),
    *_beside(ACKNOWLEDGE_CHANGE, BEGUN, Side.EITHER, _CASE),
    *_beside("transfer.arrive", (State.DISPUTED,), Side.RECIPIENT, _WORKERS),
    Transition(
        "transfer.report_missing",
        State.DISPUTED,
        State.MISSING_ON_ARRIVAL,
        Side.ORDERING_HUB,
        grades=frozenset({Grade.HUB}),
    ),
    *_beside("transfer.succeeded", (*_HELD, State.ONWARD, State.CLOSED), Side.RECIPIENT_HUB),
    *_beside("consent.freeze", BEGUN, Side.ORDERING_HUB),
    *_beside("consent.unfreeze", BEGUN, Side.SENDER, _SUPERVISORS),
    *_beside("consent.holder_answer", BEGUN, Side.RECIPIENT, HOLDERS),
    *_beside("consent.report", BEGUN, Side.RECIPIENT, HOLDERS),
    *_beside("packet.destroy", BEGUN, Side.ORDERING_HUB),
    *_beside("packet.destroy", BEGUN, Side.RECIPIENT_HUB),
    *_beside("referral.overdue", BEGUN, Side.ORDERING_HUB),
    *_beside("referral.asked_back", BEGUN, Side.ORDERING_HUB),
)
"""Steps that stand in no table of states of any standard: all but one lead to no other state. A child who was halted on
the way may be seen, or not: neither the halt nor the dispute ends the wait for it."""
_REPORTED = Transition("transfer.acknowledge", State.DELIVERED, State.ACKNOWLEDGED, Side.SENDER, (_CASE,), None, PROXY)
"""An acknowledgement that came by phone, SMS or paper: the sender brings it, with evidence (scenario S7)."""
TRANSITIONS: tuple[Transition, ...] = (
    *(step for row in table() if row["statement"] not in OWN for step in _transitions(row)),
    *BESIDE,
    _REPORTED,
)
