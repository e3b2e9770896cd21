"""The use cases of referrals: begin, step, mirror. Each runs inside the transaction of the intake that calls it.

Knows no SQL, no HTTP and no peer: it gets a unit of work and a verified statement. Rules: state, clock and notices
change together; only the ordering hub runs a clock, the other one shows it (docs/protocol.md §7.5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.errors import IllegalTransition, Malformed
from hub.followup.domain import (
    AREA_RUNG,
    PARKED,
    STATE,
    Owner,
    Urgency,
    go_on,
    heard,
    hold,
    hurry,
    park,
    pause,
    promised_day,
    rung_of,
    start,
    unpark,
)
from hub.notify.roles import NAMED
from hub.notify.templates import OVERDUE, TASK, THIRD_ASK, TRANSPORT, WAITS
from hub.referrals.domain import (
    ACCEPT,
    ANSWER,
    ASK,
    CHANGE_URGENCY,
    FREEZE,
    LOCK_LINK,
    LOOPS,
    REPORT,
    UNFREEZE,
    Side,
    State,
    ball,
    stop,
    submit,
)
from hub.referrals.domain import OVERDUE as OVERDUE_RUNG
from hub.statements.bodies import PROXY

if TYPE_CHECKING:
    from hub.followup.calendar import Calendar
    from hub.followup.domain import FollowUp
    from hub.handoffs.ports import Step
    from hub.referrals.domain import Applied, Referral
    from hub.referrals.ports import Work
    from hub.statements.grammar import Grade, Statement

_BACK_AS_TASK = frozenset({State.DECLINED, State.EXPIRED, State.NOT_COMPLETED})
_WHO_ACTS = {Side.SENDER: ("caseworker",), Side.RECIPIENT: ("caseworker", "provider", "focal_point")}
_LOOK_INTO = ("caseworker", "supervisor", "data_officer")
"""Who at the sender is told that more came than its basis covers."""
_ASKED = frozenset({State.INFO_NEEDED, State.INFO_NEEDED_ACTIVE})
_PAUSE = "referral.pause_clock"
_CANCEL = "referral.cancel"
"""What its recipient is told though nobody has to answer: another provider was chosen, or it is no longer needed."""


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
        _reclock(before, applied.referral, statement, work, now, runs=True)
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
        work.clocks.replace(referral.id, _shown(_clock(referral, statement, work, _since(statement, now)), runs=False))
        urgent = referral.urgency is Urgency.EMERGENCY
        roles, key = _WHO_ACTS[Side.RECIPIENT], _arrival(referral)
        work.notices.tell(to_agency, roles, WAITS, about=referral.id, key=key, now=now, emergency=urgent)
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
    _reclock(before, after, statement, work, now, runs=False)
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


def _reclock(before: Referral, after: Referral, statement: Statement, work: Work, now: int, *, runs: bool) -> None:
    """Set the clocks of a referral after a step; only where it `runs` does anybody act on them."""
    kind, clocks = statement.type, work.clocks
    if after.state is not before.state:
        clocks.replace(after.id, _shown(_next_clock(before, after, statement, work, now, runs=runs), runs=runs))
    elif kind in {FREEZE, UNFREEZE}:
        clocks.replace(after.id, _shown(_held(before, after, work, now), runs=runs))
    elif kind == ACCEPT and after.promised != before.promised:
        clocks.replace(after.id, _shown(_clock(after, statement, work, now), runs=runs))
    elif kind == CHANGE_URGENCY:
        _hurry(after, work, now, runs=runs)
    elif kind == OVERDUE_RUNG and not runs:
        said = str(statement.body["clock"]), int(statement.body["rung"]), now
        for track, shown in ((track, clocks.get(after.id, track)) for track in (STATE, PARKED)):
            clocks.replace(after.id, heard(shown, *said) if shown else None, track)
    running = clocks.get(after.id) if kind == _PAUSE else None
    if running is not None:
        clocks.replace(after.id, pause(running, int(statement.body["due"]), now))


def _next_clock(
    before: Referral, after: Referral, statement: Statement, work: Work, now: int, *, runs: bool
) -> FollowUp | None:
    """Return the clock of the state that was entered; whoever asks puts the own one aside until the answer."""
    asks, asked = statement.type == ASK, before.state in _ASKED
    running = work.clocks.get(after.id) if asks or asked else None
    if asks and running is not None:
        work.clocks.replace(after.id, _shown(park(running, after.urgency), runs=runs), PARKED)
    elif asked:
        aside = work.clocks.get(after.id, PARKED)
        work.clocks.replace(after.id, None, PARKED)
        if statement.type == ANSWER and aside is not None:
            stopped = aside.next_at is None if runs else after.urgency is Urgency.ROUTINE
            return unpark(aside, running.started_at if stopped and running else None, now)
    return _clock(after, statement, work, _since(statement, now) if not runs else now)


def _hurry(referral: Referral, work: Work, now: int, *, runs: bool) -> None:
    calendar = _calendar(referral, referral.grade, work)
    running = {track: work.clocks.get(referral.id, track) for track in (STATE, PARKED)}
    for track, clock in running.items():
        if clock is None:
            continue
        stopped = runs and track == PARKED and clock.next_at is None
        asked = running[STATE]
        if stopped and asked is not None and referral.urgency is not Urgency.ROUTINE:
            clock = replace(unpark(clock, asked.started_at, now), track=PARKED)  # noqa: PLW2901 - it runs again
        work.clocks.replace(referral.id, hurry(clock, referral.urgency, calendar, referral.due), track)


def _shown(clock: FollowUp | None, *, runs: bool) -> FollowUp | None:
    return clock if clock is None or runs else clock.mirrored()


def _since(statement: Statement, now: int) -> int:
    """When a state began, away from the hub that ordered it: as that hub says of its own steps."""
    return min(now, statement.at) if statement.hub else now


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
        calendar=_calendar(referral, statement.grade, work),
        due=referral.due,
        date=promised_day(referral.state.value, statement.body),
    )
    return hold(clock) if clock is not None and referral.frozen is not None else clock


def _calendar(referral: Referral, grade: Grade, work: Work) -> Calendar:
    """Return the recipient's calendar, slower while it has to act on what the sender reported for it."""
    calendar = work.calendar(referral.to_agency)
    brought = grade in PROXY and ball(referral.state) is Side.RECIPIENT
    return calendar.after_a_report() if brought else calendar


def _tell(referral: Referral, statement: Statement, key: str, work: Work, now: int, *, changed: bool) -> None:
    """Promise notices to whoever has the ball now or is told by a rung. Agencies at home elsewhere are told there."""
    agencies = {Side.SENDER: referral.from_agency, Side.RECIPIENT: referral.to_agency}
    if statement.type == OVERDUE_RUNG:
        _tell_rung(referral, statement, key, work, now)
        return
    if statement.type == REPORT:
        work.notices.tell(referral.from_agency, _LOOK_INTO, WAITS, about=referral.id, key=key, now=now)
        return
    if statement.type == LOCK_LINK:
        named, about = referral.sent_by, referral.id
        key = f"{about}:{statement.body['link']}:locked"  # however often the recipient's hub says so
        work.notices.tell(referral.from_agency, {NAMED}, WAITS, about=about, key=key, now=now, named=named)
        return
    holder, urgent = ball(referral.state), referral.urgency is Urgency.EMERGENCY
    if changed and holder is not None and agencies[holder] != statement.agency:
        template = TASK if referral.state in _BACK_AS_TASK else WAITS
        key = _arrival(referral) if statement.type == "referral.deliver" else key
        roles, about = _WHO_ACTS[holder], referral.id
        work.notices.tell(agencies[holder], roles, template, about=about, key=key, now=now, emergency=urgent)
    if changed and statement.type == _CANCEL:
        named, about = referral.owner, referral.id
        work.notices.tell(referral.to_agency, {NAMED}, WAITS, about=about, key=key, now=now, named=named)
    if statement.type == ASK and referral.asked >= LOOPS:
        for agency in agencies.values():
            work.notices.tell(agency, ("supervisor",), THIRD_ASK, about=referral.id, key=f"{key}:third", now=now)


def _tell_rung(referral: Referral, statement: Statement, key: str, work: Work, now: int) -> None:
    """Tell the people of a rung; while the recipient's hub is away its sender hears that, and whom to phone."""
    rung = rung_of(statement.body["clock"], statement.body["rung"])
    if rung is None:
        return
    away = work.silence(referral.to_agency, now) if ball(referral.state) is Side.RECIPIENT else None
    urgent = referral.urgency is Urgency.EMERGENCY
    work.notices.tell(
        referral.from_agency,
        rung.roles_of(Owner.SENDER) | ({NAMED} if away else set()),
        TRANSPORT if away else OVERDUE,
        about=referral.id,
        key=key,
        now=now,
        named=referral.sent_by,
        facts=away,
        emergency=urgent,
    )
    roles, named = rung.roles_of(Owner.RECIPIENT), referral.owner
    work.notices.tell(
        referral.to_agency, roles, OVERDUE, about=referral.id, key=key, now=now, named=named, emergency=urgent
    )
    if rung.name == AREA_RUNG and ball(referral.state) is Side.RECIPIENT:
        parties = (referral.from_agency, referral.to_agency)
        work.notices.tell_area(referral.to_agency, parties, about=referral.id, key=key, now=now)


def _arrival(referral: Referral) -> str:
    """The key under which the recipient is told once that a packet came, whichever word of it comes first."""
    return f"{referral.id}:arrived"
