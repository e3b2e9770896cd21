"""A date that an agency keeps for itself, and an alert: three states, who may do what. Pure.

The hub knows by when, how urgent, and which member answers for it; what it is about is sealed to the agency's own
epoch. Times are whole quarter hours, so that no two timers of a child share odd seconds. A timer of the urgency
`emergency` is an alert: another member than who raised it acknowledges it first. Time never ends either
(docs/protocol.md §7.11).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.errors import Forbidden, IllegalTransition
from hub.followup.domain import CLOCKS, Urgency
from hub.keys.certificates import CASE_ROLES
from hub.statements.grammar import MemberActor, Role

if TYPE_CHECKING:
    from hub.statements.grammar import Statement

SET, MOVE, DONE, ACKNOWLEDGE = "timer.set", "timer.move", "timer.done", "timer.acknowledge"
OVERDUE = "referral.overdue"
KIND: Final = "timer"


class State(StrEnum):
    """Where a timer stands."""

    RUNS = "timer_runs"
    ALERT = "alert_raised"
    DONE = "timer_done"


ESCALATED: Final = next(rung.number for rung in CLOCKS[State.RUNS].ladder if rung.name == "supervisors")
"""Once this rung was told, only a supervisor puts the date off."""


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer: `owner` is the member who answers for it, `warn` how many seconds before `due` they are told."""

    id: str
    agency: str
    set_by: str
    owner: str
    urgency: str
    due: int
    warn: int | None
    set_at: int
    state: State
    position: int = 0

    def apply(self, statement: Statement, *, told: int, hub: str) -> Timer:
        """Return what becomes of this timer by a verified statement; itself if it changes nothing.

        Args:
            statement: of a member of the agency, or of the hub at `hub` where it is at home.
            told: the highest rung of its ladder that was told.
            hub: the only hub that has a word in this.

        Raises:
            IllegalTransition: no such step for this signer now.
        """
        moved = replace(self, position=self.position + 1)
        if statement.type == OVERDUE and statement.hub == hub and self.state is not State.DONE:
            return moved
        if statement.agency == self.agency and statement.roles & CASE_ROLES:
            if statement.type == DONE:
                return self if self.state is State.DONE else replace(moved, state=State.DONE)
            if statement.type == ACKNOWLEDGE and self._acknowledges(statement):
                return self if self.state is State.RUNS else replace(moved, state=State.RUNS)
            if statement.type == MOVE and self.state is State.RUNS:
                return self._moved(statement, moved, told)
        raise IllegalTransition(
            "This timer takes no such step of yours now.",
            todo="Somebody else than who raised an alert acknowledges it." if self.state is State.ALERT else None,
            state=self.state.value,
            possible=[*self.possible(statement.agency)],
            position=self.position,
        )

    def possible(self, agency: str | None) -> tuple[str, ...]:
        """Return the statement types that members of an agency can sign now."""
        if agency != self.agency or self.state is State.DONE:
            return ()
        return (ACKNOWLEDGE, DONE) if self.state is State.ALERT else (MOVE, DONE)

    def _acknowledges(self, statement: Statement) -> bool:
        """Whether a statement acknowledges an alert, for the first time or again."""
        alert = self.urgency == Urgency.EMERGENCY and self.state is not State.DONE
        return alert and self.set_by not in {actor.member for actor in statement.by if isinstance(actor, MemberActor)}

    def _moved(self, statement: Statement, moved: Timer, told: int) -> Timer:
        due, owner = statement.body["due"], statement.body["owner"]
        if (due, owner) == (self.due, self.owner):
            return self
        if due > self.due and told >= ESCALATED and Role.SUPERVISOR not in statement.roles:
            raise Forbidden("Supervisors were told of this date: one of them puts it off.")
        return replace(moved, due=due, owner=owner)


def begin(statement: Statement, now: int) -> Timer:
    """Return the timer that a verified `timer.set` begins.

    Raises:
        Forbidden: the signer works with no cases.
    """
    if not statement.roles & CASE_ROLES:
        raise Forbidden("Whoever sets a timer works with cases.")
    body, state = statement.body, State.RUNS
    if body["urgency"] == Urgency.EMERGENCY:
        state = State.ALERT
    set_by = next(actor.member for actor in statement.by if isinstance(actor, MemberActor))
    told = {name: body[name] for name in ("owner", "urgency", "due", "warn")}
    return Timer(statement.handoff, str(statement.agency), set_by, set_at=now, state=state, **told)
