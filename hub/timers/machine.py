"""Timers as the intake's machine: joins the rule of `domain` with the stores. Reads no packet.

A timer never leaves the hub of its agency: nothing is mirrored, and no other hub has a word in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.directory.calendars import calendar_of
from hub.errors import InvalidRequest
from hub.followup.domain import WARNING, Owner, Urgency, owner_of, rung_of, start, start_dated
from hub.followup.store import FollowUps
from hub.handoffs.ports import NeverGivenUp, Step
from hub.handoffs.store import HandoffStore
from hub.keys.certificates import CASE_ROLES
from hub.keys.store import KeyStore
from hub.notify.roles import NAMED
from hub.notify.teller import Teller
from hub.notify.templates import OVERDUE as PAST_DUE
from hub.notify.templates import SOON, WAITS
from hub.statements.grammar import Role
from hub.timers import domain
from hub.timers.domain import KIND, MOVE, OVERDUE, State, Timer
from hub.timers.store import TimerStore

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from hub.followup.domain import FollowUp, Rung
    from hub.handoffs.ports import Party
    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement


class TimerMachine(NeverGivenUp):
    """Timers for the intake of the hub at `origin`."""

    kind = KIND

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:  # noqa: ARG002 - the port's signature
        """Take a timer; an alert is told at once to whoever answers for it and to supervisors."""
        timer = domain.begin(verified.statement, now)
        _check_owner(connection, timer, now)
        TimerStore(connection).add(timer)
        _run(connection, timer, now)
        if timer.state is State.ALERT:
            self._tell(connection, timer, {NAMED, Role.SUPERVISOR}, WAITS, now)
        return Step(timer.state.value, timer.position, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Give a statement its position."""
        statement, clock = verified.statement, FollowUps(connection).get(handoff.id)
        before = TimerStore(connection).get(handoff.id)
        after = before.apply(statement, told=clock.next_rung - 1 if clock else 0, hub=self._origin)
        if after is not before:
            self._save(connection, before, after, statement, now)
        return Step(after.state.value, after.position, moved=after is not before)

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:
        """Do nothing: no other hub takes a timer."""

    def mirror(
        self,
        connection: Connection,
        handoff: Party,
        statement: Statement,
        name: str,
        step: Step,
        now: int,
    ) -> None:
        """Do nothing: no other hub takes a timer."""

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:  # noqa: ARG002 - times are shown, not judged
        """Return state, who answers for it, by when, and which rung comes next."""
        timer, clock = TimerStore(connection).get(handoff.id), FollowUps(connection).get(handoff.id)
        owner = owner_of(timer.state)
        return {
            "state": timer.state.value,
            "urgency": timer.urgency,
            "position": timer.position,
            "ball": None if owner is None else owner.value,
            "owner": timer.owner,
            "sent_by": timer.set_by,
            "latest": HandoffStore(connection).latest(handoff.id).get(handoff.id),
            "possible": list(timer.possible(agency)),
            **_times(clock),
        }

    def _save(self, connection: Connection, before: Timer, after: Timer, statement: Statement, now: int) -> None:
        if statement.type == MOVE:
            _check_owner(connection, after, now)
        TimerStore(connection).save(after)
        if (before.state, before.due) != (after.state, after.due):
            _run(connection, after, now)
        if statement.type == OVERDUE:
            rung = rung_of(statement.body["clock"], statement.body["rung"])
            roles = rung.roles_of(Owner.SENDER) | rung.roles_of(Owner.RECIPIENT) if rung else ()
            self._tell(connection, after, roles, _template(rung), now)
        elif before.owner != after.owner:
            self._tell(connection, after, {NAMED}, WAITS, now)

    def _tell(self, connection: Connection, timer: Timer, roles: Collection[str], template: str, now: int) -> None:
        Teller(connection, self._origin).tell(
            timer.agency,
            roles,
            template,
            about=timer.id,
            key=f"{timer.id}:{timer.position}",
            now=now,
            named=timer.owner,
            emergency=timer.state is State.ALERT,
        )


def _run(connection: Connection, timer: Timer, now: int) -> None:
    """Give a timer the clock of its state: that of the alert until somebody has acknowledged it, then its own."""
    urgency, state, clock = Urgency(timer.urgency), timer.state, None
    if state is not State.DONE:
        calendar = calendar_of(connection, timer.agency)
        if state is State.ALERT:
            clock = start(timer.id, state.value, urgency, now, calendar=calendar, due=timer.due)
        else:
            warn, due = timer.warn, timer.due
            clock = start_dated(timer.id, state.value, urgency, now, due=due, warn=warn, calendar=calendar)
    FollowUps(connection).replace(timer.id, clock)


def _times(clock: FollowUp | None) -> dict[str, Any]:
    if clock is None:
        return {"due": None, "next_rung": None, "next_at": None, "rung": None}
    ladder = clock.rule.ladder
    name = ladder[min(clock.next_rung, len(ladder)) - 1].name
    return {"due": clock.due_at, "next_rung": name, "next_at": clock.next_at, "rung": clock.next_rung - 1}


def _template(rung: Rung | None) -> str:
    return SOON if rung is not None and rung.name == WARNING else PAST_DUE


def _check_owner(connection: Connection, timer: Timer, now: int) -> None:
    members = KeyStore(connection).members_with_roles(timer.agency, CASE_ROLES, now)
    if timer.owner not in {row.member for row in members}:
        raise InvalidRequest(
            "Whoever answers for a timer works with cases in your agency.", todo="Name another colleague."
        )
