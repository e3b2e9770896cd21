"""The use cases of a leg: begin, step, mirror. Each runs inside the transaction of the intake that calls it.

Knows no SQL, no HTTP and no peer: it gets a unit of work and a verified statement. Rules: state, clocks, register and
notices change together; only the ordering hub acts on a clock, the other one shows it (docs/protocol.md §7.5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.errors import IllegalTransition, Malformed
from hub.followup.domain import (
    CHANGE,
    STATE,
    Owner,
    Urgency,
    go_on,
    heard,
    hold,
    rung_of,
    start,
    start_beside,
    start_dated,
)
from hub.notify.roles import DUTY, NAMED
from hub.notify.templates import MISSING, OVERDUE, TASK, WAITS
from hub.transfer.domain import ball, begin, believable, outcomes, stop
from hub.transfer.ports import Word
from hub.transfer.table import ACKNOWLEDGE_CHANGE, Side, State

if TYPE_CHECKING:
    from hub.followup.domain import FollowUp
    from hub.handoffs.ports import Step
    from hub.statements.grammar import Statement
    from hub.transfer.domain import Applied, Leg
    from hub.transfer.ports import Work

RUNGS = frozenset({"referral.overdue", "transfer.not_departed"})
ANSWERED = "inquiry_answered"
"""The clock of an inquiry that was answered: its state stays, the ball goes to whoever asked."""
_WARN = 86_400
"""A day before a departure or an arrival both sides hear of it."""
_DATED = {State.ACCEPTED: "depart", State.IN_TRANSIT: "until"}
_BACK_AS_TASK = frozenset({State.DECLINED, State.EXPIRED, State.DISPUTED})
_WHO_ACTS = {Side.SENDER: ("caseworker", "supervisor"), Side.RECIPIENT: ("caseworker", "supervisor", "focal_point")}
ALARM = frozenset({NAMED, DUTY, "supervisor", "focal_point", "deputy"})
"""Who hears at once, on both sides, that a child has not arrived."""
_WHOSE = {Side.SENDER: Owner.SENDER, Side.RECIPIENT: Owner.RECIPIENT}


def take(statement: Statement, to_agency: str, work: Work, now: int) -> Leg:
    """Begin a leg at the hub that orders it.

    Raises:
        IllegalTransition: others have to sign what begins it, or an offer is of no case that the sender holds.
    """
    leg = begin(statement, to_agency=to_agency, now=now)
    work.legs.add(leg)
    if statement.type == "transfer.intake":
        work.open(statement.body["case"], leg)
    _in_register(leg, statement, work)
    work.clocks.replace(leg.id, _clock(leg, work, now))
    return leg


def apply(statement: Statement, name: str, work: Work, now: int) -> Applied:
    """Apply a statement at the ordering hub: state, register, clocks and notices. `name` is the statement's hash.

    Raises:
        IllegalTransition: the step is not possible now; the facts say the state, its position and what is possible.
    """
    before = work.legs.get(statement.handoff)
    applied = before.apply(statement, name, now)
    if applied.moved:
        _in_register(before, statement, work, name)
        work.legs.save(applied.leg, was=before.version)
        _reclock(before, applied.leg, statement, work, now, runs=True)
        _tell(before, applied.leg, statement, name, work, now)
    return applied


def expect(statement: Statement, name: str, waiting: list[tuple[Statement, str]], work: Work, now: int) -> None:
    """Check a step away from the ordering hub: on the known state and what is on its way to that hub.

    Raises:
        IllegalTransition: it cannot be possible.
    """
    leg = work.legs.get(statement.handoff)
    for earlier, called in waiting:
        try:
            leg = leg.apply(earlier, called, now).leg
        except IllegalTransition:
            continue
    leg.apply(statement, name, now)


def mirror(statement: Statement, name: str, to_agency: str, step: Step, work: Work, now: int) -> Leg:
    """Write down what the ordering hub made of a statement.

    A word that others overtook changes neither state nor position; what it says of plans and packets holds all the
    same, so the leg is told again from its beginning.

    Raises:
        Malformed: that hub names a state that does not exist, or that cannot be.
    """
    before, state, position = work.legs.find(statement.handoff), _state(step.state), step.position or 0
    signed = work.signed(statement.handoff, to_agency)
    if (step.moved and state not in outcomes(statement.type)) or not believable(before, state, signed):
        raise Malformed("The ordering hub names a state to which this statement cannot lead.")
    if before is None:
        leg = replace(begin(statement, to_agency=to_agency, now=now), state=state, position=position)
        work.legs.add(leg)
        work.clocks.replace(leg.id, _shown(_clock(leg, work, now), runs=False))
        _tell_arrived(leg, work, now)
        return leg
    newer, after = position > before.position, before
    if step.moved and not newer:
        after = _replayed(before, Word(statement, name, state, position), work, now)
    elif step.moved:
        after = stop(_as_far_as_known(before, statement, name, now), statement.type, now)
    if newer:
        after = replace(after, state=state, position=position)
    if after == before:
        return before
    after = replace(after, version=before.version + 1)
    work.legs.save(after, was=before.version)
    _reclock(before, after, statement, work, now, runs=False)
    if newer:
        _tell(before, after, statement, f"{statement.handoff}:{position}", work, now)
    return after


def _replayed(leg: Leg, late: Word, work: Work, now: int) -> Leg:
    """Return a leg as all words leave it that are known here, in the order of the hub that gave them places."""
    words = sorted([*work.history(leg.id), late], key=lambda word: word.position)
    first, *later = words
    told = begin(first.statement, to_agency=leg.to_agency, now=leg.began_at)
    for word in later:
        known = stop(_as_far_as_known(told, word.statement, word.name, now), word.statement.type, now)
        told = replace(known, state=word.state, position=word.position)
    return replace(told, state=leg.state, position=leg.position, version=leg.version)


def _state(name: str) -> State:
    try:
        return State(name)
    except ValueError as error:
        raise Malformed("The ordering hub names a state that a transfer cannot have.") from error


def _as_far_as_known(leg: Leg, statement: Statement, name: str, now: int) -> Leg:
    """Return the leg after a statement that the ordering hub found possible, whatever is known here."""
    try:
        return leg.apply(statement, name, now).leg
    except IllegalTransition:
        return leg


# -- the register


def _in_register(leg: Leg, statement: Statement, work: Work, name: str = "") -> None:
    """Let the register decide in the same transaction: it refuses what is no longer possible, and the step with it."""
    match statement.type:
        case "transfer.offer":
            work.holds(leg)
        case "transfer.release":
            work.release(leg, name)
        case "transfer.unrelease":
            work.unrelease(leg)
        case "transfer.take":
            work.hand_over(leg, statement.body["release"], name)
        case _:
            pass


# -- clocks


def _reclock(before: Leg, after: Leg, statement: Statement, work: Work, now: int, *, runs: bool) -> None:
    clocks = work.clocks
    if after.frozen != before.frozen and after.state is before.state:
        clocks.replace(after.id, _shown(_held(before, after, work, now), runs=runs))
    elif _moves_clock(before, after):
        clocks.replace(after.id, _shown(_clock(after, work, now), runs=runs))
    elif statement.type in RUNGS and not runs:
        said = str(statement.body["clock"]), int(statement.body["rung"]), now
        for track in (STATE, CHANGE):
            running = clocks.get(after.id, track)
            if running:
                clocks.replace(after.id, heard(running, *said), track)
    if after.change is not None and after.change != before.change:
        beside = start_beside(after.id, f"transfer.changed_by_{after.change.side.value}", now, CHANGE)
        clocks.replace(after.id, _shown(beside, runs=runs), CHANGE)
    elif statement.type == ACKNOWLEDGE_CHANGE or ball(after) is None:
        clocks.replace(after.id, None, CHANGE)


def _moves_clock(before: Leg, after: Leg) -> bool:
    """Whether the clock of the state starts anew: another state, another plan, another day, somebody else's ball."""
    same = (after.state, after.plan, after.next, after.inquiry_answered, after.succeeded_by)
    return same != (before.state, before.plan, before.next, before.inquiry_answered, before.succeeded_by)


def _clock(leg: Leg, work: Work, now: int) -> FollowUp | None:
    if ball(leg) is None:
        return None
    name = ANSWERED if leg.state is State.PRE_ARRIVAL_INQUIRY and leg.inquiry_answered else leg.state.value
    state, calendar = f"transfer.{name}", work.calendar(leg.to_agency)
    dated = _DATED.get(leg.state)
    if dated and leg.plan is not None:
        due, urgency = getattr(leg.plan, dated), Urgency.URGENT
        return start_dated(leg.id, state, urgency, now, due=due, warn=_WARN, calendar=calendar)
    clock = start(leg.id, state, leg.urgency, now, calendar=calendar, due=leg.due, date=leg.next)
    return hold(clock) if clock is not None and leg.frozen is not None else clock


def _held(before: Leg, after: Leg, work: Work, now: int) -> FollowUp | None:
    """Return the clock as a freeze of the giver, or its end, leaves it: nobody is chased for what they cannot open."""
    running = work.clocks.get(after.id)
    if running is None:
        return None
    return hold(running) if after.frozen is not None else go_on(running, before.frozen or now, now)


def _shown(clock: FollowUp | None, *, runs: bool) -> FollowUp | None:
    return clock if clock is None or runs else clock.mirrored()


# -- notices


def _tell(before: Leg, leg: Leg, statement: Statement, key: str, work: Work, now: int) -> None:
    """Promise notices to whoever has the ball now, hears of a rung, of a change, or that a child is missing."""
    agencies = {Side.SENDER: leg.from_agency, Side.RECIPIENT: leg.to_agency}
    if statement.type in RUNGS:
        _tell_rung(leg, statement, key, work, now)
    elif leg.state is State.MISSING_ON_ARRIVAL and before.state is not leg.state:
        for side, agency in agencies.items():
            raise_alarm(leg, side, agency, work, now)
    elif leg.claim is not None and leg.claim != before.claim:
        other = Side.RECIPIENT if leg.claim.side is Side.SENDER else Side.SENDER
        work.notices.tell(agencies[other], ALARM, WAITS, about=leg.id, key=key, now=now, emergency=True)
    elif statement.type == "transfer.change" and leg.change is not None:
        other = Side.RECIPIENT if leg.change.side is Side.SENDER else Side.SENDER
        named = leg.owner if other is Side.RECIPIENT else leg.sent_by
        roles = {NAMED, DUTY}
        work.notices.tell(agencies[other], roles, WAITS, about=leg.id, key=key, now=now, named=named, emergency=True)
    elif statement.type == "transfer.deliver":
        _tell_arrived(leg, work, now)
    elif leg.state is not before.state or leg.inquiry_answered is not before.inquiry_answered:
        _tell_ball(leg, statement, key, work, now)


def _tell_ball(leg: Leg, statement: Statement, key: str, work: Work, now: int) -> None:
    """Tell the side that has the ball now, and both where a leg ended without their own doing."""
    agencies = {Side.SENDER: leg.from_agency, Side.RECIPIENT: leg.to_agency}
    holder, named = ball(leg), {Side.SENDER: leg.sent_by, Side.RECIPIENT: leg.owner}
    for side, agency in agencies.items():
        if agency == statement.agency or (holder is not None and side is not holder):
            continue
        template = TASK if leg.state in _BACK_AS_TASK else WAITS
        roles = {NAMED, *_WHO_ACTS[side]} if holder is side else {NAMED}
        work.notices.tell(agency, roles, template, about=leg.id, key=key, now=now, named=named[side])


def raise_alarm(leg: Leg, side: Side, agency: str, work: Work, now: int) -> None:
    """Tell one side at once that a child has not arrived; by day and by night, once for each planned arrival."""
    named, until = leg.owner if side is Side.RECIPIENT else leg.sent_by, leg.plan.until if leg.plan else now
    key = f"{leg.id}:missing:{until}"
    work.notices.tell(agency, ALARM, MISSING, about=leg.id, key=key, now=now, named=named, emergency=True)
    if side is Side.RECIPIENT and leg.duty:
        work.notices.tell_members(agency, leg.duty, MISSING, about=leg.id, key=key, now=now, emergency=True)


def _tell_rung(leg: Leg, statement: Statement, key: str, work: Work, now: int) -> None:
    rung = rung_of(statement.body["clock"], statement.body["rung"])
    if rung is None:
        return
    urgent = leg.state in {State.MISSING_ON_ARRIVAL, State.ACCEPTED, State.IN_TRANSIT}
    sides = ((Side.SENDER, leg.from_agency, leg.sent_by), (Side.RECIPIENT, leg.to_agency, leg.owner))
    template = MISSING if leg.state is State.MISSING_ON_ARRIVAL else OVERDUE
    for side, agency, named in sides:
        roles = rung.roles_of(_WHOSE[side])
        work.notices.tell(agency, roles, template, about=leg.id, key=key, now=now, named=named, emergency=urgent)


def _tell_arrived(leg: Leg, work: Work, now: int) -> None:
    """Tell the receiver once that something came, whichever word of it comes first."""
    urgent, roles = leg.urgency is Urgency.EMERGENCY, _WHO_ACTS[Side.RECIPIENT]
    key = f"{leg.id}:arrived:{leg.delivered}"
    work.notices.tell(leg.to_agency, roles, WAITS, about=leg.id, key=key, now=now, emergency=urgent)
