"""What the steps of a leg say: their guards, what they change besides the state, and when one was said before. Pure.

`hub.transfer.domain` decides which step is possible; here is one small function for each step that says more than its
row of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.handoffs.domain import DESTROY, HOLDER_ANSWER, WITHDRAW
from hub.statements.grammar import MemberActor
from hub.transfer.table import ACKNOWLEDGE_CHANGE, COSIGN, Side, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.statements.grammar import Statement
    from hub.transfer.domain import Leg

TRAVELLING = frozenset({State.ACCEPTED, State.IN_TRANSIT, State.DISPUTED})
"""The states in which a planned arrival raises the alarm when it has passed and nobody has seen the child."""
_FARTHEST = 366 * 86_400
FREEZE, UNFREEZE = "consent.freeze", "consent.unfreeze"
ARRIVE, TAKE = "transfer.arrive", "transfer.take"


@dataclass(frozen=True, slots=True)
class Plan:
    """When a child leaves, and from when to when it may arrive, in Unix seconds."""

    depart: int
    begins: int
    until: int

    @classmethod
    def of(cls, body: dict[str, Any]) -> Plan | None:
        """Return the plan that a statement's body holds, if any."""
        plan = body.get("plan")
        return None if plan is None else cls(plan["depart"], plan["from"], plan["until"])

    def to_value(self) -> dict[str, int]:
        """Return the JSON object."""
        return {"depart": self.depart, "from": self.begins, "until": self.until}


@dataclass(frozen=True, slots=True)
class Pending:
    """A statement of one side that waits for the other side's signature or acknowledgement."""

    type: str
    hash: str
    side: Side


def facts(leg: Leg, statement: Statement, name: str, now: int) -> dict[str, Any]:
    """Return the members of a leg that a statement, whose hash is `name`, changes besides state and position."""
    says = _SAYS.get(statement.type)
    return {} if says is None else says(leg, statement, name, now)


def _members(statement: Statement) -> list[str]:
    return [actor.member for actor in statement.by if isinstance(actor, MemberActor)]


def _first(statement: Statement) -> str | None:
    return next(iter(_members(statement)), None)


def _side(leg: Leg, statement: Statement) -> Side:
    return Side.SENDER if statement.agency == leg.from_agency else Side.RECIPIENT


def _planned(_leg: Leg, statement: Statement, _now: int) -> bool:
    """By when it was signed, so that both hubs say the same, however late it came."""
    plan = Plan.of(statement.body)
    return plan is not None and plan.until <= statement.at + _FARTHEST


def _accepts(leg: Leg, statement: Statement, now: int) -> bool:
    ahead = statement.body["plan"]["until"] > statement.at
    return leg.searchable and ahead and _planned(leg, statement, now)


def _offered(_leg: Leg, statement: Statement, _name: str, _now: int) -> dict[str, Any]:
    return {"due": statement.body["due"], "plan": Plan.of(statement.body), "sent_by": _first(statement)}


def _acknowledged(leg: Leg, statement: Statement, _name: str, _now: int) -> dict[str, Any]:
    return {"owner": None if statement.agency == leg.from_agency else _first(statement)}


def _accepted(_leg: Leg, statement: Statement, _name: str, _now: int) -> dict[str, Any]:
    body = statement.body
    plan = Plan.of(body)
    return {"owner": body["worker"], "duty": tuple(body["duty"]), "plan": plan, "agreed": plan and plan.until}


def _changed(leg: Leg, statement: Statement, name: str, _now: int) -> dict[str, Any]:
    return {"plan": Plan.of(statement.body), "change": Pending(statement.type, name, _side(leg, statement))}


def _departed(leg: Leg, statement: Statement, name: str, now: int) -> dict[str, Any]:
    """Whoever says with the departure that it takes longer changes the plan: the other side acknowledges that."""
    plan = Plan.of(statement.body)
    longer = plan is not None and leg.agreed is not None and plan.until > leg.agreed
    return _changed(leg, statement, name, now) if longer else {"plan": plan}


def _cosigned(leg: Leg, _statement: Statement, _name: str, _now: int) -> dict[str, Any]:
    return {"seen": leg.seen or (leg.claim is not None and leg.claim.type == ARRIVE)}


def _taken(_leg: Leg, statement: Statement, _name: str, _now: int) -> dict[str, Any]:
    return {"next": statement.body["first_contact"], "frozen_from": None, "frozen_by": None}


_SAYS: dict[str, Callable[[Leg, Statement, str, int], dict[str, Any]]] = {
    "transfer.offer": _offered,
    "transfer.request_assessment": lambda _leg, said, _name, _now: {"due": said.body["due"]},
    "transfer.answer_inquiry": lambda *_: {"inquiry_answered": True},
    "transfer.deliver": lambda *_: {"delivered": True},
    "transfer.search": lambda *_: {"searchable": True},
    "transfer.acknowledge": _acknowledged,
    "transfer.accept": _accepted,
    "transfer.depart": _departed,
    "transfer.change": _changed,
    ACKNOWLEDGE_CHANGE: lambda leg, *_: {"change": None, "agreed": leg.plan and leg.plan.until},
    ARRIVE: lambda *_: {"seen": True},
    COSIGN: _cosigned,
    "transfer.release": lambda _leg, said, name, _now: {"release": name, "release_by": _first(said)},
    "transfer.unrelease": lambda *_: {"release": None, "release_by": None},
    TAKE: _taken,
    "transfer.intake": lambda _leg, said, _name, _now: {"next": said.body["next"], "owner": _first(said)},
    "transfer.first_contact": lambda _leg, said, _name, _now: {"next": said.body["next"]},
    "transfer.follow_up": lambda _leg, said, _name, _now: {"next": said.body["next"]},
    "transfer.freeze": lambda leg, said, _name, _now: {"frozen_from": leg.state, "frozen_by": _first(said)},
    "transfer.unfreeze": lambda *_: {"frozen_from": None, "frozen_by": None},
    "transfer.succeeded": lambda _leg, said, _name, _now: {"succeeded_by": said.body["by"]},
    WITHDRAW: lambda *_: {"locked": True, "frozen": None},
    FREEZE: lambda _leg, _said, _name, now: {"frozen": now},
    UNFREEZE: lambda *_: {"frozen": None},
}


def _takes(leg: Leg, statement: Statement, _now: int) -> bool:
    return statement.body["release"] == leg.release and leg.release_by not in _members(statement)


def _missing(leg: Leg, _statement: Statement, now: int) -> bool:
    return leg.alarm_at is not None and now >= leg.alarm_at


def _halts(leg: Leg, _statement: Statement, now: int) -> bool:
    """No one signature takes a child off the list of those who are late."""
    return leg.state is not State.ACCEPTED or leg.alarm_at is None or now < leg.alarm_at


def _arrives(leg: Leg, _statement: Statement, _now: int) -> bool:
    return leg.state is not State.FROZEN or leg.frozen_from in TRAVELLING


GUARDS: dict[str, Callable[[Leg, Statement, int], bool]] = {
    "transfer.accept": _accepts,
    TAKE: _takes,
    "transfer.unfreeze": lambda leg, said, _now: leg.frozen_by in _members(said),
    "transfer.halt": _halts,
    "transfer.cancel": _halts,
    "transfer.release": lambda leg, _said, _now: leg.state is not State.DISPUTED or leg.seen,
    "transfer.report_missing": _missing,
    ARRIVE: _arrives,
    "transfer.change": _planned,
    "transfer.depart": _planned,
    "transfer.succeeded": lambda leg, said, _now: leg.succeeded_by in {None, said.body["by"]},
    FREEZE: lambda leg, _said, _now: not leg.locked,
    DESTROY: lambda leg, _said, _now: leg.locked,
    HOLDER_ANSWER: lambda leg, _said, _now: leg.locked,
    ACKNOWLEDGE_CHANGE: lambda leg, said, _now: leg.waits(leg.change, said),
}
"""What the table's column `guard` asks of a leg; who takes a case is never who released it."""
DONE: dict[str, Callable[[Leg, Statement], bool]] = {
    WITHDRAW: lambda leg, _said: leg.locked,
    FREEZE: lambda leg, _said: leg.frozen is not None,
    UNFREEZE: lambda leg, _said: leg.frozen is None,
    "transfer.succeeded": lambda leg, said: leg.succeeded_by == said.body["by"],
    ARRIVE: lambda leg, _said: leg.seen,
}
"""Steps that stay in their state and move nothing when what they say is so already."""
