"""The use cases of referrals: begin, step, mirror. Each runs inside the transaction of the intake that calls it.

Knows no SQL, no HTTP and no peer: it gets a unit of work and a verified statement. Rules: state, clock and notices
change together; only the ordering hub runs a clock, the other one shows it (docs/protocol.md §7.5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.errors import IllegalTransition, Malformed
from hub.followup.domain import AREA_RUNG, Owner, go_on, hold, pause, promised_day, rung_of, start
from hub.notify.templates import OVERDUE, TASK, WAITS
from hub.referrals.domain import FREEZE, REPORT, UNFREEZE, Side, State, ball, stop, submit

if TYPE_CHECKING:
    from hub.followup.domain import FollowUp
    from hub.handoffs.ports import Step
    from hub.referrals.domain import Applied, Referral
    from hub.referrals.ports import Work
    from hub.statements.grammar import Statement

_BACK_AS_TASK = frozenset({State.DECLINED, State.EXPIRED, State.NOT_COMPLETED})
_WHO_ACTS = {Side.SENDER: ("caseworker",), Side.RECIPIENT: ("caseworker", "provider", "focal_point")}
_LOOK_INTO = ("caseworker", "supervisor", "data_officer")
"""Who at the sender is told that more came than its basis covers."""
_SIDES = {Side.SENDER: Owner.SENDER, Side.RECIPIENT: Owner.RECIPIENT}


def begin(statement: Statement, to_agency: str, work: Work, now: int) -> Referral:
    """Begin a referral at the hub that orders it.

    Raises:
        IllegalTransition: the submission is not by a caseworker.
    """
    referral = submit(statement, to_agency=to_agency, now=now)
    work.referrals.add(referral)
    work.clocks.replace(referral.id, _clock(referral, statement, work, now))
    return referral


def apply(statement: Statement, name: str, work: Work, now: int) -> Applied:
    """Apply a statement at the ordering hub: state, clock and notices. `name` is the statement's hash.

    Raises:
        IllegalTransition: the step is not possible now; the facts say the state, its position and what is possible.
    """
    before = work.referrals.get(statement.handoff)
    try:
        applied = before.apply(statement, now)
    except IllegalTransition as refusal:
        refusal.facts["position"] = before.position
        raise
    if applied.moved:
        work.referrals.save(applied.referral, was=before.version)
        _restart(before, applied, statement, work, now)
        _tell(applied.referral, statement, name, work, now, changed=applied.changed_state)
    return applied


def expect(statement: Statement, waiting: list[Statement], work: Work, now: int) -> None:
    """Check a step away from the ordering hub: on the known state and what is on its way to that hub.

    Raises:
        IllegalTransition: it cannot be possible.
    """
    referral = work.referrals.get(statement.handoff)
    for earlier in waiting:
        try:
            referral = referral.apply(earlier, now).referral
        except IllegalTransition:
            continue
    referral.apply(statement, now)


def mirror(statement: Statement, to_agency: str, step: Step, work: Work, now: int) -> Referral:
    """Write down what the ordering hub made of a statement.

    A word that others overtook changes neither state nor position, but what stops packets holds all the same.

    Raises:
        Malformed: that hub names a state that does not exist.
    """
    before, state, position = work.referrals.find(statement.handoff), _state(step.state), step.position or 0
    if before is None:
        referral = replace(submit(statement, to_agency=to_agency, now=now), state=state, position=position)
        work.referrals.add(referral)
        _show_clock(referral, statement, work, now)
        work.notices.tell(
            to_agency, _WHO_ACTS[Side.RECIPIENT], WAITS, about=referral.id, key=_arrival(referral), now=now
        )
        return referral
    newer, after = position > before.position, before
    if step.moved:
        after = stop(_as_far_as_known(before, statement, now) if newer else before, statement.type, now)
    if newer:
        after = replace(after, state=state, position=position)
    if after == before:
        return before
    after = replace(after, version=before.version + 1)
    work.referrals.save(after, was=before.version)
    if after.state is not before.state or statement.type == "referral.pause_clock":
        _show_clock(after, statement, work, now)
    elif statement.type in {FREEZE, UNFREEZE}:
        clock = _held(before, after, work, now)
        work.clocks.replace(after.id, None if clock is None else clock.mirrored())
    if newer:
        _tell(after, statement, f"{statement.handoff}:{position}", work, now, changed=after.state is not before.state)
    return after


def _state(name: str) -> State:
    try:
        return State(name)
    except ValueError as error:
        raise Malformed("The ordering hub names a state that a referral cannot have.") from error


def _as_far_as_known(referral: Referral, statement: Statement, now: int) -> Referral:
    """Return the referral after a statement that the ordering hub found possible, whatever is known here."""
    try:
        return referral.apply(statement, now).referral
    except IllegalTransition:
        return referral


def _restart(before: Referral, applied: Applied, statement: Statement, work: Work, now: int) -> None:
    referral = applied.referral
    if applied.changed_state:
        work.clocks.replace(referral.id, _clock(referral, statement, work, now))
    elif statement.type == "referral.pause_clock":
        running = work.clocks.get(referral.id)
        if running is not None:
            work.clocks.replace(referral.id, pause(running, int(statement.body["due"]), now))
    elif statement.type in {FREEZE, UNFREEZE}:
        work.clocks.replace(referral.id, _held(before, referral, work, now))


def _held(before: Referral, after: Referral, work: Work, now: int) -> FollowUp | None:
    """Return the clock as a freeze, or the end of one, leaves it: nobody is chased for what they cannot open."""
    running = work.clocks.get(after.id)
    if running is None:
        return None
    return hold(running) if after.frozen is not None else go_on(running, before.frozen or now, now)


def _clock(referral: Referral, statement: Statement, work: Work, now: int) -> FollowUp | None:
    clock = start(
        referral.id,
        referral.state.value,
        referral.urgency,
        now,
        calendar=work.calendar(referral.to_agency),
        due=referral.due,
        date=promised_day(referral.state.value, statement.body),
    )
    return hold(clock) if clock is not None and referral.frozen is not None else clock


def _show_clock(referral: Referral, statement: Statement, work: Work, now: int) -> None:
    clock = _clock(referral, statement, work, min(now, statement.at) if statement.hub else now)
    if clock is not None and statement.type == "referral.pause_clock":
        clock = pause(clock, int(statement.body["due"]), now)
    work.clocks.replace(referral.id, None if clock is None else clock.mirrored())


def _tell(referral: Referral, statement: Statement, key: str, work: Work, now: int, *, changed: bool) -> None:
    """Promise notices to whoever has the ball now or is told by a rung. Agencies at home elsewhere are told there."""
    agencies = {Side.SENDER: referral.from_agency, Side.RECIPIENT: referral.to_agency}
    if statement.type == "referral.overdue":
        rung = rung_of(statement.body["clock"], statement.body["rung"])
        for side, agency in agencies.items():
            roles = rung.roles_of(_SIDES[side]) if rung else frozenset()
            work.notices.tell(agency, roles, OVERDUE, about=referral.id, key=key, now=now)
        if rung and rung.name == AREA_RUNG and ball(referral.state) is Side.RECIPIENT:
            parties = agencies.values()
            work.notices.tell_area(referral.to_agency, parties, about=referral.id, key=key, now=now)
        return
    if statement.type == REPORT:
        work.notices.tell(referral.from_agency, _LOOK_INTO, WAITS, about=referral.id, key=key, now=now)
        return
    holder = ball(referral.state)
    if changed and holder is not None and agencies[holder] != statement.agency:
        template = TASK if referral.state in _BACK_AS_TASK else WAITS
        key = _arrival(referral) if statement.type == "referral.deliver" else key
        work.notices.tell(agencies[holder], _WHO_ACTS[holder], template, about=referral.id, key=key, now=now)


def _arrival(referral: Referral) -> str:
    """The key under which the recipient is told once that a packet came, whichever word of it comes first."""
    return f"{referral.id}:arrived"
