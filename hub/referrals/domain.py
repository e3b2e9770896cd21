"""The referral state machine: `referral-states.csv`, read once, and one function that applies a statement.

Pure: no storage, no log, no clock of its own. It trusts that a statement was verified (`hub.statements.verify`) and
does not look into packets, so the guards about what a packet says (a coded reason, an outcome) are the clients'. Guards
about time (a ladder that is exhausted) are those of `hub.followup`, by which the ordering hub signs expiry.

Rules: the table is the one truth; who may do a step is the side (by agency or host), a role of the row and the grade of
the evidence. The same step by the same party again moves nothing; an impossible step raises and never returns quietly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.errors import Forbidden, IllegalTransition
from hub.followup.domain import Owner, Urgency, owner_of
from hub.handoffs.domain import GIVES_UP, HOLDERS
from hub.ids import host_of
from hub.referrals.table import table
from hub.statements.bodies import PROXY
from hub.statements.grammar import Grade, MemberActor

if TYPE_CHECKING:
    from hub.statements.grammar import Statement


class State(StrEnum):
    """Where a referral stands: the states of the table, word for word."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    INFO_NEEDED = "info_needed"
    ACCEPTED = "accepted"
    WAITLISTED = "waitlisted"
    ON_HOLD = "on_hold"
    IN_PROGRESS = "in_progress"
    INFO_NEEDED_ACTIVE = "info_needed_active"
    CANCEL_REQUESTED = "cancel_requested"
    OUTCOME_REPORTED = "outcome_reported"
    NOT_COMPLETED = "not_completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    LOOP_CLOSED = "loop_closed"
    CLOSED_DISPUTED = "closed_disputed"
    CLOSED_UNMET = "closed_unmet"
    CLOSED_DECLINED = "closed_declined"
    CLOSED_EXPIRED = "closed_expired"
    CANCELLED = "cancelled"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    ENTERED_IN_ERROR = "entered_in_error"


START = State.DRAFT
"""What `referral.submit` starts from. A draft is an own record: no hub ever holds a referral in this state."""


class Side(StrEnum):
    """Who does a step."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    ORDERING_HUB = "ordering_hub"
    RECIPIENT_HUB = "recipient_hub"
    EITHER = "either"


class Guard(StrEnum):
    """The guards of the table that can be checked on a referral alone."""

    NONE = ""
    NOT_SIGNED_YET = "present grade is not signed"
    NOT_DELIVERED_YET = "delivered after a reported answer"
    ANOTHER_CLOSES = "another member closes"
    LOCKS = "data locked"
    FREEZES = "not frozen"
    THAWS = "frozen"
    WITHDRAWN = "consent was withdrawn"
    STANDS = "consent was not withdrawn"


HUB_SIDES = frozenset({Side.ORDERING_HUB, Side.RECIPIENT_HUB})
WITHDRAW, FREEZE, UNFREEZE = "consent.withdraw", "consent.freeze", "consent.unfreeze"
HOLDER_ANSWER, DESTROY, OVERDUE = "consent.holder_answer", "packet.destroy", "referral.overdue"
REPORT, ASK, ANSWER, CHANGE_URGENCY = "consent.report", "referral.ask", "referral.answer", "referral.change_urgency"
LOCK_LINK, ACCEPT = "referral.lock_link", "referral.accept"
LOOPS = 3
"""The question at which supervisors are told: two rounds should do (domain/referral-states.csv, E4)."""
_GRADES = {
    Side.SENDER: frozenset({Grade.SIGNED}),
    Side.RECIPIENT: frozenset({Grade.SIGNED, Grade.LINK}),
    Side.ORDERING_HUB: frozenset({Grade.HUB}),
    Side.RECIPIENT_HUB: frozenset({Grade.HUB}),
    Side.EITHER: frozenset({Grade.SIGNED}),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the table from one state."""

    type: str
    source: State
    target: State
    side: Side
    roles: frozenset[str]
    """Empty where the table says "any member", and for hubs."""
    grades: frozenset[Grade]
    guard: Guard = Guard.NONE

    @property
    def reported(self) -> bool:
        """Whether the sender takes this step for the recipient."""
        return not self.grades.isdisjoint(PROXY)

    def fits(self, sides: frozenset[Side], roles: frozenset[str], grade: Grade) -> bool:
        """Say whether somebody on these sides, in these roles and with this grade, may take the step."""
        if self.side not in sides or grade not in self.grades:
            return False
        if grade is Grade.LINK and "provider" not in roles:
            return False
        return not self.roles or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Maker:
    """Which step made the present state, and whose it was: what tells a repeated step from a new one."""

    type: str
    party: str


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral as one hub holds it."""

    id: str
    from_agency: str
    to_agency: str
    urgency: Urgency
    submitted_at: int
    due: int | None
    needed_from: str | None
    state: State
    grade: Grade
    made_by: Maker
    position: int = 0
    version: int = 1
    delivered: bool = False
    asked: int = 0
    """How often the recipient has asked; the third loop goes to supervisors."""
    owner: str | None = None
    """The recipient's member who acknowledged or accepted last: the named person there."""
    sent_by: str | None = None
    """The sender's member who owns it: every referral has one named owner (requirement E4)."""
    reported_by: str | None = None
    """The sender's member who reported the outcome, and so cannot close alone."""
    locked: bool = False
    """Whether consent was withdrawn, or it was sent by mistake: data are deleted or locked, whatever the state."""
    promised: str | None = None
    """The day of the first contact that the recipient promised last."""
    frozen: int | None = None
    """Since when nothing of it moves, until the sender has asked the giver of the consent (protocol §7.6)."""

    @property
    def from_host(self) -> str:
        """The host of the hub that orders this referral."""
        return host_of(self.from_agency)

    @property
    def to_host(self) -> str:
        """The host of the recipient's home hub."""
        return host_of(self.to_agency)

    def apply(self, statement: Statement, now: int) -> Applied:
        """Return what becomes of this referral by a verified statement that takes effect at `now`.

        Raises:
            Forbidden: the signer is no party to this referral.
            IllegalTransition: no such step from here for this signer; `possible` lists those there are.
        """
        sides = self.sides_of(statement)
        steps = [t for t in TRANSITIONS if t.type == statement.type and t.fits(sides, statement.roles, statement.grade)]
        for step in steps:
            if step.source is self.state and self._may(step, statement):
                return Applied(self._after(step, statement, now), moved=True, transition=step)
        again = next((step for step in steps if self._again(step, statement)), None)
        if again is None:
            raise self._illegal(sides, statement.roles)
        return Applied(self, moved=False, transition=again)

    def sides_of(self, statement: Statement) -> frozenset[Side]:
        """Return the sides that the signer of a statement is on; two when one hub is home to both agencies.

        Raises:
            Forbidden: on none.
        """
        who = {
            Side.SENDER: statement.agency == self.from_agency,
            Side.RECIPIENT: statement.agency == self.to_agency,
            Side.EITHER: statement.agency in {self.from_agency, self.to_agency},
            Side.ORDERING_HUB: statement.hub == self.from_host,
            Side.RECIPIENT_HUB: statement.hub == self.to_host,
        }
        sides = frozenset(side for side, true in who.items() if true)
        if not sides:
            raise Forbidden("Only the sender and the recipient of a referral, and their hubs, take its steps.")
        return sides

    def _may(self, step: Transition, statement: Statement) -> bool:
        match step.guard:
            case Guard.NOT_SIGNED_YET:
                said_so = self.grade is statement.grade and self.made_by == Maker(statement.type, _party(statement))
                return (self.grade is not Grade.SIGNED and not said_so) or self.corrects(statement)
            case Guard.NOT_DELIVERED_YET:
                return not self.delivered
            case Guard.ANOTHER_CLOSES:
                return any(member != self.reported_by for member in _acting(step, statement))
            case _:
                return self.lets(step.guard)

    def corrects(self, statement: Statement) -> bool:
        """Whether an acceptance names another day of the first contact than was promised."""
        another = self.promised != statement.body.get("first_contact")
        return another and statement.type == ACCEPT and self.state is State.ACCEPTED

    def lets(self, guard: Guard) -> bool:
        """Whether a guard about withdrawal or freezing is met; the others are not looked at."""
        frozen, locked = self.frozen is not None, self.locked
        met = {Guard.LOCKS: not locked, Guard.STANDS: not locked, Guard.WITHDRAWN: locked, Guard.THAWS: frozen}
        return {**met, Guard.FREEZES: not (locked or frozen)}.get(guard, True)

    def _again(self, step: Transition, statement: Statement) -> bool:
        if step.guard is Guard.LOCKS:
            return self.locked and self.state in {step.source, step.target}
        if step.guard in {Guard.FREEZES, Guard.THAWS}:
            return step.source is self.state and (self.frozen is not None) == (step.guard is Guard.FREEZES)
        if step.guard is Guard.NOT_DELIVERED_YET:
            return self.delivered and step.source is self.state
        return step.target is self.state and self.made_by == Maker(statement.type, _party(statement))

    def _after(self, step: Transition, statement: Statement, now: int) -> Referral:
        moved = replace(self, position=self.position + 1, version=self.version + 1)
        if step.target is not self.state or step.guard is Guard.NOT_SIGNED_YET:
            made_by = Maker(statement.type, _party(statement))
            moved = replace(moved, state=step.target, grade=statement.grade, made_by=made_by)
        return _with_facts(moved, step, statement, now)

    def _illegal(self, sides: frozenset[Side], roles: frozenset[str]) -> IllegalTransition:
        steps = sorted({name for side in sides for name in possible(self, side, roles)})
        return IllegalTransition(
            f"A referral that is {self.state} has no such step for this signer.", state=self.state.value, possible=steps
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What a statement did. `moved`: it takes the next position; False means the same step again, and nothing new."""

    referral: Referral
    moved: bool
    transition: Transition

    @property
    def changed_state(self) -> bool:
        """Whether the referral is in a new state, so that its clock starts anew."""
        return self.moved and self.transition.source is not self.transition.target


def submit(statement: Statement, *, to_agency: str, now: int) -> Referral:
    """Return the referral that a verified `referral.submit` begins.

    Raises:
        IllegalTransition: not a submission, or not by a caseworker's own signature.
    """
    step = next(t for t in TRANSITIONS if t.source is START and t.target is State.SUBMITTED)
    sender = frozenset({Side.SENDER, Side.EITHER})
    if statement.type != step.type or not step.fits(sender, statement.roles, statement.grade):
        raise IllegalTransition(
            "A referral begins with a submission by a caseworker.", state=START.value, possible=[step.type]
        )
    return Referral(
        id=statement.handoff,
        from_agency=statement.agency or "",
        to_agency=to_agency,
        urgency=Urgency(statement.body["urgency"]),
        submitted_at=now,
        due=statement.body["due"],
        needed_from=statement.body["needed_from"],
        state=step.target,
        grade=statement.grade,
        made_by=Maker(statement.type, _party(statement)),
        sent_by=_acting(step, statement)[0],
    )


def possible(referral: Referral, side: Side, roles: frozenset[str]) -> tuple[str, ...]:
    """Return what a side's members can sign now in these roles, sorted; the reported ones included, a link's not."""
    sides = {side} | ({Side.EITHER} if side not in HUB_SIDES else set())
    return tuple(
        sorted(
            {
                step.type
                for step in TRANSITIONS
                if step.source is referral.state
                and step.side in sides
                and step.grades != _BY_LINK
                and (not step.roles or not step.roles.isdisjoint(roles))
                and not (step.guard is Guard.NOT_SIGNED_YET and referral.grade is Grade.SIGNED)
                and not (step.guard is Guard.NOT_DELIVERED_YET and referral.delivered)
                and referral.lets(step.guard)
            }
        )
    )


def ball(state: State) -> Side | None:
    """Return the side that has to act next, or None where nobody has: the referral is over."""
    owner = owner_of(state)
    return None if owner is None else Side.SENDER if owner is Owner.SENDER else Side.RECIPIENT


def _party(statement: Statement) -> str:
    return statement.agency or statement.hub or ""


def _acting(step: Transition, statement: Statement) -> list[str]:
    actors = [actor for actor in statement.by if isinstance(actor, MemberActor)]
    return [actor.member for actor in actors if not step.roles or actor.role in step.roles]


def _with_facts(referral: Referral, step: Transition, statement: Statement, now: int) -> Referral:
    facts: dict[str, Any] = {}
    match statement.type:
        case "referral.deliver":
            facts = {"delivered": True}
        case "referral.ask":
            facts = {"asked": referral.asked + 1}
        case "referral.acknowledge" | "referral.accept":
            facts = {"owner": None if step.reported else _acting(step, statement)[0]}
            facts |= {"promised": statement.body["first_contact"]} if statement.type == ACCEPT else {}
        case "referral.change_urgency":
            facts = {"urgency": Urgency(statement.body["urgency"]), "due": statement.body["due"]}
        case "referral.report_outcome":
            facts = {"reported_by": _acting(step, statement)[0] if step.reported else None}
        case "referral.pause_clock":
            facts = {"due": max(now, statement.body["due"])}
        case _:
            pass
    return stop(replace(referral, **facts), statement.type, now)


def stop(referral: Referral, kind: str, now: int) -> Referral:
    """Return a referral as a statement of this type leaves it that stops its packets or lets them go, in any state."""
    if kind in GIVES_UP:
        return replace(referral, locked=True, frozen=None)
    if kind == FREEZE and not referral.locked:
        return replace(referral, frozen=referral.frozen or now)
    return replace(referral, frozen=None) if kind == UNFREEZE else referral


# The table


def _side(who: str) -> Side:
    for text, side in (
        ("recipient's home hub", Side.RECIPIENT_HUB),
        ("ordering hub", Side.ORDERING_HUB),
        ("any member of sender or recipient", Side.EITHER),
        ("sender ", Side.SENDER),
        ("recipient ", Side.RECIPIENT),
    ):
        if who.startswith(text):
            return side
    raise AssertionError(who)


def _roles(who: str, side: Side) -> frozenset[str]:
    if side in HUB_SIDES or side is Side.EITHER:
        return frozenset()
    return frozenset(re.sub(r" \(.*\)$", "", who).partition(" ")[2].split("|"))


def _guard(row: dict[str, str]) -> Guard:
    if row["statement"] == WITHDRAW:
        return Guard.LOCKS
    if row["statement"] == "referral.close":
        return Guard.ANOTHER_CLOSES
    if row["guard"].startswith(Guard.NOT_SIGNED_YET):
        return Guard.NOT_SIGNED_YET
    return Guard.NOT_DELIVERED_YET if row["event"] == Guard.NOT_DELIVERED_YET else Guard.NONE


def _transitions(row: dict[str, str]) -> list[Transition]:
    side = _side(row["who"])
    grades = PROXY if row["who"].endswith("(proxy)") else _GRADES[side]
    return [
        Transition(
            type=row["statement"],
            source=State(source),
            target=State(source if row["to"].startswith("(same") else row["to"]),
            side=side,
            roles=_roles(row["who"], side),
            grades=grades,
            guard=_guard(row),
        )
        for source in row["from"].split("|")
    ]


_ANYBODY = frozenset[str]()
_BY_LINK = frozenset({Grade.LINK})
_OWNERS = frozenset({"caseworker", "supervisor"})
BEGUN = tuple(state for state in State if state is not START)
OPEN = tuple(state for state in BEGUN if owner_of(state) is not None)
"""The states in which somebody has to act."""


def _beside(
    name: str, side: Side, roles: frozenset[str] = _ANYBODY, guard: Guard = Guard.NONE, **given: Any
) -> list[Transition]:
    states, grades = given.get("states", BEGUN), given.get("grades", _GRADES[side])
    return [Transition(name, state, state, side, roles, grades, guard) for state in states]


_BESIDE = (
    *_beside(FREEZE, Side.ORDERING_HUB, guard=Guard.FREEZES),
    *_beside(UNFREEZE, Side.SENDER, frozenset({"supervisor"}), Guard.THAWS),
    *_beside(HOLDER_ANSWER, Side.RECIPIENT, HOLDERS, Guard.WITHDRAWN),
    *_beside(REPORT, Side.RECIPIENT, HOLDERS, Guard.STANDS),
    *_beside(DESTROY, Side.ORDERING_HUB, guard=Guard.WITHDRAWN),
    *_beside(DESTROY, Side.RECIPIENT_HUB, guard=Guard.WITHDRAWN),
    *_beside(OVERDUE, Side.ORDERING_HUB, guard=Guard.WITHDRAWN),
    *_beside(CHANGE_URGENCY, Side.SENDER, _OWNERS, Guard.STANDS, states=OPEN),
    *_beside("referral.asked_back", Side.ORDERING_HUB),
    *_beside("referral.link", Side.SENDER, frozenset({"caseworker"}), Guard.STANDS, states=OPEN),
    *_beside("referral.unlink", Side.SENDER, _OWNERS),
    *_beside(LOCK_LINK, Side.RECIPIENT_HUB),
    *_beside("referral.bind", Side.RECIPIENT, frozenset({"provider"}), Guard.STANDS, states=OPEN, grades=_BY_LINK),
)
"""Steps that lead to no other state, and stand in no table of states of any standard."""

TRANSITIONS: tuple[Transition, ...] = (*(t for row in table() for t in _transitions(row)), *_BESIDE)
