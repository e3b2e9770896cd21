"""Requests to freeze as the intake's machine: joins the rule of `domain` with the stores. Touches no packet.

The hub of the agency that was shown the receipt orders, as the sender's hub always does, and so its clock runs there:
the people who asked on the giver's behalf hear of it when nobody decides, even if the responsible agency's hub is away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.errors import Forbidden, Malformed, RateLimited
from hub.followup.calendar import DAY
from hub.followup.domain import Owner, Urgency, owner_of, rung_of, start
from hub.followup.store import FollowUps
from hub.freeze import domain
from hub.freeze.domain import MOST_A_DAY, MOST_OPEN, OVERDUE, Freeze, State
from hub.freeze.store import FreezeStore
from hub.handoffs.ports import Step
from hub.handoffs.store import HandoffStore
from hub.notify.teller import Teller
from hub.notify.templates import OVERDUE as PAST_DUE
from hub.notify.templates import WAITS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from hub.handoffs.ports import Party, Word
    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement

_WHO_DECIDES = ("supervisor", "deputy", "focal_point")


class FreezeMachine:
    """Requests to freeze for the intake of the hub at `origin`."""

    kind = "freeze"

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Take a request.

        Raises:
            RateLimited: the agency has made too many within a day.
        """
        freeze = domain.ask(verified.statement, now)
        if FreezeStore(connection).asked_since(handoff.from_agency, now - DAY) >= MOST_A_DAY:
            raise RateLimited("Your agency has asked for too many freezes today.", todo="Phone the responsible agency.")
        self._add(connection, handoff, freeze, now)
        return Step(freeze.state.value, freeze.position, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Give a statement its position."""
        store = FreezeStore(connection)
        before = store.get(handoff.id)
        after = before.apply(verified.statement)
        if after is not before:
            self._save(connection, after, verified.statement, now)
        return Step(after.state.value, after.position, moved=after is not before)

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:  # noqa: ARG002 - no rule of time
        """Check a member's decision on what is known here."""
        FreezeStore(connection).get(handoff.id).apply(verified.statement)

    def mirror(
        self,
        connection: Connection,
        handoff: Party,
        statement: Statement,
        name: str,  # noqa: ARG002 - the port's signature
        step: Step,
        now: int,
    ) -> None:
        """Write down the ordering hub's word.

        Raises:
            Forbidden: that hub brings more requests than anybody could decide.
        """
        state, position = _state(step.state), step.position or 0
        before = FreezeStore(connection).find(handoff.id)
        if before is None:
            if FreezeStore(connection).undecided(handoff.from_agency) >= MOST_OPEN:
                raise Forbidden("Too many requests of this agency are undecided here.")
            self._add(connection, handoff, replace(domain.ask(statement, now), state=state, position=position), now)
        elif position > before.position:
            self._save(connection, replace(before, state=state, position=position), statement, now)

    def then(self, connection: Connection, handoff: Party, statement: Statement, name: str) -> Collection[Word]:  # noqa: ARG002 - the port's signature
        """Return nothing: the job says what a request finds."""
        return ()

    def spared(self, connection: Connection, handoff: Party) -> Collection[str]:  # noqa: ARG002 - the port's signature
        """Return nothing: a request has no packets."""
        return ()

    def withheld(self, connection: Connection, handoff: Party) -> Collection[str]:  # noqa: ARG002 - the port's signature
        """Return nothing: a request has no packets."""
        return ()

    def watch(self, connection: Connection, handoff: Party, now: int) -> None:
        """Do nothing: a request cannot be withdrawn."""

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:  # noqa: ARG002 - times are shown, not judged
        """Return state, who decides and by when; whether a packet was found is the responsible agency's to know."""
        store, clock = FreezeStore(connection), FollowUps(connection).get(handoff.id)
        freeze = store.get(handoff.id)
        owner = owner_of(freeze.state)
        return {
            "state": freeze.state.value,
            "position": freeze.position,
            "ball": None if owner is None else owner.value,
            "due": clock.due_at if clock else None,
            "next_at": clock.next_at if clock else None,
            "being_confirmed": HandoffStore(connection).has_waiting(handoff.id),
            "possible": list(freeze.possible(agency)),
            "found": store.found(handoff.id) if agency == freeze.to_agency else None,
        }

    def _add(self, connection: Connection, handoff: Party, freeze: Freeze, now: int) -> None:
        FreezeStore(connection).add(freeze, here=handoff.to_host == self._origin)
        clock = start(freeze.id, freeze.state.value, Urgency.URGENT, now)
        if clock is not None:
            runs = handoff.from_host == self._origin
            FollowUps(connection).replace(freeze.id, clock if runs else clock.mirrored())
        Teller(connection, self._origin).tell(
            freeze.to_agency, _WHO_DECIDES, WAITS, about=freeze.id, key=f"{freeze.id}:arrived", now=now
        )

    def _save(self, connection: Connection, freeze: Freeze, statement: Statement, now: int) -> None:
        FreezeStore(connection).save(freeze)
        if freeze.state is not State.ASKED:
            FollowUps(connection).replace(freeze.id, None)
        rung = rung_of(statement.body["clock"], statement.body["rung"]) if statement.type == OVERDUE else None
        for side, agency in ((Owner.SENDER, freeze.from_agency), (Owner.RECIPIENT, freeze.to_agency)):
            roles = rung.roles_of(side) if rung else ()
            key = f"{freeze.id}:{freeze.position}"
            Teller(connection, self._origin).tell(agency, roles, PAST_DUE, about=freeze.id, key=key, now=now)


def _state(name: str) -> State:
    try:
        return State(name)
    except ValueError as error:
        raise Malformed("The ordering hub names a state that a request to freeze cannot have.") from error
