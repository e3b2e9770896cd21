"""Capacity inquiries as the intake's machine: joins the rule of `domain` with the stores. Reads no packet.

The sender's hub orders, and its clock runs for whoever was asked. Nothing is withdrawn or frozen: it is about nobody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.directory.calendars import calendar_of
from hub.followup.domain import Owner, owner_of, rung_of, start
from hub.followup.store import FollowUps
from hub.handoffs.ports import NeverGivenUp, Step
from hub.handoffs.store import HandoffStore
from hub.inquiries import domain
from hub.inquiries.domain import KIND, OVERDUE, Inquiry, State, state_of
from hub.inquiries.store import InquiryStore
from hub.notify.roles import NAMED
from hub.notify.teller import Teller
from hub.notify.templates import OVERDUE as PAST_DUE
from hub.notify.templates import WAITS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from hub.handoffs.ports import Party
    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement


class InquiryMachine(NeverGivenUp):
    """Capacity inquiries for the intake of the hub at `origin`."""

    kind = KIND

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Take an inquiry."""
        inquiry = domain.ask(verified.statement, handoff.to_agency, now)
        self._add(connection, handoff, inquiry, now)
        return Step(inquiry.state.value, inquiry.position, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Give a statement its position."""
        before = InquiryStore(connection).get(handoff.id)
        after = before.apply(verified.statement)
        if after is not before:
            self._save(connection, after, verified.statement, now)
        return Step(after.state.value, after.position, moved=after is not before)

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:  # noqa: ARG002 - no rule of time
        """Check a member's answer on what is known here."""
        InquiryStore(connection).get(handoff.id).apply(verified.statement)

    def mirror(
        self,
        connection: Connection,
        handoff: Party,
        statement: Statement,
        name: str,  # noqa: ARG002 - the port's signature
        step: Step,
        now: int,
    ) -> None:
        """Write down the ordering hub's word."""
        state, position = state_of(step.state), step.position or 0
        before = InquiryStore(connection).find(handoff.id)
        if before is None:
            asked = domain.ask(statement, handoff.to_agency, now)
            self._add(connection, handoff, replace(asked, state=state, position=position), now)
        elif position > before.position:
            self._save(connection, replace(before, state=state, position=position), statement, now)

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:  # noqa: ARG002 - times are shown, not judged
        """Return state, who has the ball and by when."""
        inquiry, clock = InquiryStore(connection).get(handoff.id), FollowUps(connection).get(handoff.id)
        owner = owner_of(inquiry.state)
        return {
            "state": inquiry.state.value,
            "urgency": inquiry.urgency,
            "position": inquiry.position,
            "ball": None if owner is None else owner.value,
            "due": clock.due_at if clock else None,
            "next_at": clock.next_at if clock else None,
            "being_confirmed": HandoffStore(connection).has_waiting(handoff.id),
            "possible": list(inquiry.possible(agency)),
        }

    def _add(self, connection: Connection, handoff: Party, inquiry: Inquiry, now: int) -> None:
        InquiryStore(connection).add(inquiry)
        calendar = calendar_of(connection, inquiry.to_agency)
        clock = start(inquiry.id, inquiry.state.value, inquiry.urgency, now, calendar=calendar)
        if clock is not None:
            runs = handoff.from_host == self._origin
            FollowUps(connection).replace(inquiry.id, clock if runs else clock.mirrored())
        self._tell(connection, inquiry, inquiry.to_agency, {NAMED}, WAITS, now)

    def _save(self, connection: Connection, inquiry: Inquiry, statement: Statement, now: int) -> None:
        InquiryStore(connection).save(inquiry)
        if inquiry.state is not State.ASKED:
            FollowUps(connection).replace(inquiry.id, None)
            self._tell(connection, inquiry, inquiry.from_agency, {NAMED}, WAITS, now)
        rung = rung_of(statement.body["clock"], statement.body["rung"]) if statement.type == OVERDUE else None
        for side, agency in ((Owner.SENDER, inquiry.from_agency), (Owner.RECIPIENT, inquiry.to_agency)):
            self._tell(connection, inquiry, agency, rung.roles_of(side) if rung else (), PAST_DUE, now)

    def _tell(
        self, connection: Connection, inquiry: Inquiry, agency: str, roles: Collection[str], template: str, now: int
    ) -> None:
        """Tell the one who asked, or at the other agency the whole team: nobody has it there."""
        named = inquiry.asked_by if agency == inquiry.from_agency else None
        key = f"{inquiry.id}:{inquiry.position}"
        Teller(connection, self._origin).tell(agency, roles, template, about=inquiry.id, key=key, now=now, named=named)
