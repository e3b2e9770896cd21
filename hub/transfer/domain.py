"""The state machine of one leg of a transfer: the table's steps, and one function that applies a statement.

Pure: no storage, no log, no clock of its own. It trusts that a statement was verified, reads no packet, and knows
nothing of the register (`hub.transfer.register`): who is responsible is decided there, in the same transaction.

Rules: who may do a step is the side, the roles and the grade of the row. A step that the other side has to co-sign is
claimed, and takes effect by `transfer.cosign`, which names it. Nothing but that ends the alarm about a missing child.
While a leg is frozen nothing moves but arrival and alarms (requirement C15, rule R26).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.errors import Forbidden, IllegalTransition
from hub.followup.domain import Urgency
from hub.handoffs.domain import HOLDER_ANSWER, WITHDRAW
from hub.ids import host_of
from hub.statements.grammar import MemberActor
from hub.transfer.facts import DONE, GUARDS, TAKE, TRAVELLING, Pending, Plan, facts
from hub.transfer.table import ACKNOWLEDGE_CHANGE, COSIGN, TRANSITIONS, Side, State, Transition, signed_by

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.statements.grammar import Statement

ACKNOWLEDGE = "transfer.acknowledge"
_AFTER_HANDOVER = frozenset({State.RESPONSIBILITY_TRANSFERRED, State.MONITORING, State.ONWARD, State.CLOSED})
_ON_THE_WAY = frozenset({State.IN_TRANSIT, State.DISPUTED})
_STILL = _ON_THE_WAY | {State.MISSING_ON_ARRIVAL, State.FROZEN}
_SAW = frozenset({"transfer.arrive", "transfer.return", COSIGN})
"""What the receiver signs before a child who is on the way to it is there, or is the sender's again."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a transfer as one hub holds it."""

    id: str
    from_agency: str
    to_agency: str
    urgency: Urgency
    began_at: int
    state: State
    made_by: str
    """The statement type and the party that made the present state, `type party`."""
    due: int | None = None
    position: int = 0
    version: int = 1
    delivered: bool = False
    inquiry_answered: bool = False
    searchable: bool = False
    """Whether the pre-sealed search sections are held: no acceptance without them."""
    plan: Plan | None = None
    agreed: int | None = None
    """The end of the arrival window that both sides know: a later one that nobody acknowledged silences no alarm."""
    seen: bool = False
    """Whether the receiver has seen the child."""
    frozen_from: State | None = None
    """The state that a freeze by appeal, disagreement or new risk stopped; it stays on record through an alarm."""
    frozen_by: str | None = None
    release: str | None = None
    """The hash of the release that is open on this leg, or by which the case was taken."""
    release_by: str | None = None
    """The member who released: nobody hands over to themselves."""
    claim: Pending | None = None
    change: Pending | None = None
    next: str | None = None
    """The day of the next contact after the handover."""
    owner: str | None = None
    """The receiver's named worker."""
    sent_by: str | None = None
    duty: tuple[str, ...] = ()
    """The receiver's members on duty at arrival."""
    locked: bool = False
    frozen: int | None = None
    """Since when nothing of its packets moves, until the giver of the consent was asked (docs/protocol.md §7.6)."""
    succeeded_by: str | None = None
    """The agency that assumed the case after the receiver died."""

    @property
    def from_host(self) -> str:
        """The host of the hub that orders this leg."""
        return host_of(self.from_agency)

    @property
    def to_host(self) -> str:
        """The host of the receiver's home hub."""
        return host_of(self.to_agency)

    @property
    def alarm_at(self) -> int | None:
        """When the child is missing if nobody has seen it by then: with or without a departure, frozen or halted."""
        state = self.frozen_from if self.state is State.FROZEN else self.state
        if self.plan is None or self.seen or state not in TRAVELLING:
            return None
        return self.plan.until if self.agreed is None else min(self.plan.until, self.agreed)

    @property
    def accepted(self) -> bool:
        """Whether the receiver has accepted, whatever came of it: it has named who is on duty."""
        return bool(self.duty) or self.handed_over

    @property
    def brought(self) -> bool:
        """Whether the sender brought the receiver's acknowledgement, and the receiver has signed nothing since."""
        return self.made_by == f"{ACKNOWLEDGE} {self.from_agency}"

    @property
    def handed_over(self) -> bool:
        """Whether the receiver has taken the case on this leg."""
        return self.state in _AFTER_HANDOVER

    def apply(self, statement: Statement, name: str, now: int) -> Applied:
        """Return what becomes of this leg by a verified statement, whose hash is `name`, that takes effect at `now`.

        Raises:
            Forbidden: the signer is no party to this leg.
            IllegalTransition: no such step from here for this signer; `possible` lists those there are.
        """
        sides = self.sides_of(statement)
        if statement.type == COSIGN:
            return self._cosigned(statement, sides, now)
        for step in TRANSITIONS:
            if step.type == statement.type and step.source is self.state and step.fits(sides, statement):
                self._check(step, statement, now)
                if self._done(step, statement, now):
                    return Applied(self, moved=False, transition=step)
                if step.cosigned is not None:
                    return self._claimed(step, name, sides)
                return Applied(self._after(step, statement, name, now), moved=True, transition=step)
        again = self._again(statement, sides)
        if again is None:
            raise self._illegal(sides, statement.roles)
        return Applied(self, moved=False, transition=again)

    def sides_of(self, statement: Statement) -> frozenset[Side]:
        """Return the sides that the signer of a statement is on.

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
            raise Forbidden("Only the sender and the receiver of a transfer, and their hubs, take its steps.")
        return sides

    # -- guards

    def _check(self, step: Transition, statement: Statement, now: int) -> None:
        """Raise if what the table's guard says of this leg is not so."""
        guard = GUARDS.get(step.type)
        if guard is not None and not guard(self, statement, now):
            raise self._illegal(self.sides_of(statement), statement.roles)

    def waits(self, pending: Pending | None, statement: Statement) -> bool:
        """Whether the signer is of the side that a pending statement of the other side waits for."""
        if pending is None or statement.body["statement"] != pending.hash:
            return False
        if self.from_agency == self.to_agency:
            return True
        other = Side.RECIPIENT if pending.side is Side.SENDER else Side.SENDER
        return other in self.sides_of(statement)

    def _done(self, step: Transition, statement: Statement, now: int) -> bool:
        """Whether a step that leads to no other state has been done before, so that it moves nothing."""
        done = DONE.get(step.type)
        return done is not None and self._target(step, now) is self.state and done(self, statement)

    def _again(self, statement: Statement, sides: frozenset[Side]) -> Transition | None:
        """Return the step that made the present state, if this is the same by the same party once more."""
        if self.made_by != _made_by(statement):
            return None
        return next(
            (
                step
                for step in TRANSITIONS
                if step.type == statement.type and step.fits(sides, statement) and step.target in {self.state, None}
            ),
            None,
        )

    # -- what a step does

    def _claimed(self, step: Transition, name: str, sides: frozenset[Side]) -> Applied:
        side = Side.SENDER if Side.SENDER in sides else Side.RECIPIENT
        claim = Pending(step.type, name, side)
        return Applied(replace(self._moved(), claim=claim), moved=True, transition=step, claimed=True)

    def _cosigned(self, statement: Statement, sides: frozenset[Side], now: int) -> Applied:
        """Let a claimed step take effect by the other side's signature."""
        claim = self.claim
        step = claim and next((s for s in TRANSITIONS if s.type == claim.type and s.source is self.state), None)
        if not claim or not step or not self.waits(claim, statement) or not step.cosigned:
            raise self._illegal(sides, statement.roles)
        if not signed_by(statement, (step.cosigned,)):
            raise self._illegal(sides, statement.roles)
        return Applied(self._after(step, statement, claim.hash, now), moved=True, transition=step)

    def _after(self, step: Transition, statement: Statement, name: str, now: int) -> Leg:
        moved = replace(self._moved(), **facts(self, statement, name, now))
        target = self._target(step, now)
        if target is self.state:
            return moved
        return replace(moved, state=target, made_by=_made_by(statement), claim=None)

    def _target(self, step: Transition, now: int) -> State:
        if step.target is None or (step.type == WITHDRAW and self._may_travel(now)):
            return self.frozen_from or self.state
        frozen_on_record = step.type == "transfer.arrive" and self.frozen_from is not None
        return State.DISPUTED if frozen_on_record else step.target

    def _may_travel(self, now: int) -> bool:
        """Whether a child may be on the way, though nobody said that it left: then a withdrawal ends no alarm."""
        return self.state is State.ACCEPTED and self.plan is not None and now >= self.plan.depart

    def _moved(self) -> Leg:
        return replace(self, position=self.position + 1, version=self.version + 1)

    def _illegal(self, sides: frozenset[Side], roles: frozenset[str]) -> IllegalTransition:
        steps = sorted({step for side in sides for step in possible(self, side, roles)})
        return IllegalTransition(
            f"A transfer that is {self.state} has no such step for this signer.",
            state=self.state.value,
            possible=steps,
            position=self.position,
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What a statement did. `moved`: it takes the next position. `claimed`: the other side has to co-sign it."""

    leg: Leg
    moved: bool
    transition: Transition
    claimed: bool = False


BEGINS = frozenset({"transfer.inquire", "transfer.offer", "transfer.intake"})
"""The statements with which a leg begins."""


def begin(statement: Statement, *, to_agency: str, now: int) -> Leg:
    """Return the leg that a verified statement begins.

    Raises:
        IllegalTransition: it begins none, or others have to sign it.
    """
    sides = frozenset({Side.SENDER, Side.EITHER, Side.RECIPIENT})
    steps = [t for t in TRANSITIONS if t.source is State.DRAFT and t.type == statement.type]
    step = next((t for t in steps if t.fits(sides, statement)), None)
    if step is None or step.target is None:
        raise IllegalTransition(
            "A transfer begins with an inquiry, an offer by a worker and a supervisor, or an intake by both.",
            state=State.DRAFT.value,
            possible=sorted(BEGINS),
        )
    urgency = Urgency(statement.body.get("urgency", Urgency.HIGH))
    first = next(actor.member for actor in statement.by if isinstance(actor, MemberActor))
    leg = Leg(
        id=statement.handoff,
        from_agency=statement.agency or "",
        to_agency=to_agency,
        urgency=urgency,
        began_at=now,
        state=step.target,
        made_by=_made_by(statement),
        sent_by=first,
    )
    return replace(leg, **facts(leg, statement, "", now))


def outcomes(kind: str) -> frozenset[State]:
    """Return each state in which a step of a type can leave a leg: another hub that names another one lies."""
    if kind == COSIGN:
        return frozenset({State.DISPUTED, *(step.target for step in TRANSITIONS if step.cosigned and step.target)})
    steps = [step for step in TRANSITIONS if step.type == kind]
    left = {step.target for step in steps if step.target} | {step.source for step in steps if step.cosigned}
    if any(step.target is None for step in steps):
        left |= {step.source for step in TRANSITIONS if step.type == "transfer.freeze"}
    return frozenset(left | ({State.ACCEPTED} if kind == WITHDRAW else set()))


def believable(before: Leg | None, state: State, signed: Collection[str]) -> bool:
    """Say whether the receiver's hub takes the ordering hub's word for a state, given what its own people signed.

    Nobody is handed a case, and no child who is on the way is struck off, by the other side's word alone.
    """
    if state in _AFTER_HANDOVER and (before is None or not before.handed_over):
        return TAKE in signed
    now = before and (before.frozen_from if before.state is State.FROZEN else before.state)
    if now is State.MISSING_ON_ARRIVAL:
        return state is now or not _SAW.isdisjoint(signed)
    return now not in _ON_THE_WAY or state in _STILL or not _SAW.isdisjoint(signed)


def possible(leg: Leg, side: Side, roles: frozenset[str]) -> tuple[str, ...]:
    """Return what a side's members can sign now in these roles, alone or with one another, sorted."""
    sides = frozenset({side} | ({Side.EITHER} if side in {Side.SENDER, Side.RECIPIENT} else set()))
    return tuple(
        sorted(
            {
                step.type
                for step in TRANSITIONS
                if step.source is leg.state and step.suits(sides, roles) and _offered(leg, step, side)
            }
        )
    )


def _offered(leg: Leg, step: Transition, side: Side) -> bool:
    """Whether a step is worth showing to a side: what its guard or the other side's word rules out is not."""
    other = {Side.SENDER: Side.RECIPIENT, Side.RECIPIENT: Side.SENDER}.get(side)
    shown = {
        COSIGN: leg.claim is not None and leg.claim.side is other,
        ACKNOWLEDGE_CHANGE: leg.change is not None and leg.change.side is other,
        HOLDER_ANSWER: leg.locked,
        "consent.unfreeze": leg.frozen is not None,
        WITHDRAW: not leg.locked,
        "consent.report": not leg.locked,
        "transfer.accept": leg.searchable,
        "transfer.arrive": leg.state is not State.DISPUTED or not leg.seen,
        "transfer.release": leg.state is not State.DISPUTED or leg.seen,
    }
    return shown.get(step.type, True)


_SENDER_ACTS = frozenset(
    {
        State.ASSESSMENT_RETURNED,
        State.OFFERED,
        State.INFO_NEEDED,
        State.ACCEPTED,
        State.ARRIVED,
        State.DISPUTED,
        State.FROZEN,
        State.DECLINED,
        State.EXPIRED,
    }
)
_RECEIVER_ACTS = frozenset(
    {
        State.ASSESSMENT_REQUESTED,
        State.DELIVERED,
        State.ACKNOWLEDGED,
        State.IN_TRANSIT,
        State.MISSING_ON_ARRIVAL,
        State.RELEASED,
        State.RESPONSIBILITY_TRANSFERRED,
        State.MONITORING,
    }
)


def ball(leg: Leg) -> Side | None:
    """Return the side that has to act next, or None where nobody has: the leg is over."""
    if leg.state is State.PRE_ARRIVAL_INQUIRY:
        return Side.SENDER if leg.inquiry_answered else Side.RECIPIENT
    if leg.state in _SENDER_ACTS:
        return Side.SENDER
    return Side.RECIPIENT if leg.state in _RECEIVER_ACTS and leg.succeeded_by is None else None


def acts(leg: Leg, agency: str, *, take_waits: bool) -> bool:
    """Whether an agency acts as responsible for the child on this leg.

    The sender until the register has the take; the receiver from the moment its take is stored durably.
    """
    if agency == leg.to_agency:
        return leg.handed_over or take_waits
    return agency == leg.from_agency and not leg.handed_over


def stop(leg: Leg, kind: str, now: int) -> Leg:
    """Return a leg as a statement leaves it that stops its packets or lets them go, in any state."""
    if kind == WITHDRAW:
        return replace(leg, locked=True, frozen=None)
    if kind == "consent.freeze" and not leg.locked:
        return replace(leg, frozen=leg.frozen or now)
    return replace(leg, frozen=None) if kind == "consent.unfreeze" else leg


def _made_by(statement: Statement) -> str:
    return f"{statement.type} {statement.agency or statement.hub or ''}"
