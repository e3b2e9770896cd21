"""The unit of work of a leg over one connection: stores, notices, and the register at this hub. Holds no rule."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hub.directory.calendars import calendar_of
from hub.errors import IllegalTransition
from hub.followup.store import FollowUps
from hub.handoffs.domain import REWRAP
from hub.handoffs.store import Handoff, HandoffStore
from hub.ids import host_of
from hub.notify.teller import Teller
from hub.packets.dsse import Envelope
from hub.statements.grammar import STATEMENT_TYPE, Statement
from hub.transfer.ports import Word
from hub.transfer.register import opened
from hub.transfer.store import CaseStore, LegStore
from hub.transfer.table import State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

    from hub.followup.calendar import Calendar
    from hub.transfer.domain import Leg
    from hub.transfer.register import Case

CASE = "case"
"""The kind of handoff that a register is: of one agency, at its home hub, never passed on."""


class JoinedWork:
    """Everything that a step of a leg touches, at the hub at `origin`, at one moment."""

    def __init__(self, connection: Connection, origin: str, now: int) -> None:
        self._connection = connection
        self._now = now
        self.legs = LegStore(connection)
        self.cases = CaseStore(connection)
        self.clocks = FollowUps(connection)
        self.notices = Teller(connection, origin)

    def calendar(self, agency: str) -> Calendar:
        """Return the calendar of an agency."""
        return calendar_of(self._connection, agency)

    def history(self, leg: str) -> list[Word]:
        """Return the words about a leg that have a place."""
        rows = HandoffStore(self._connection).statements(leg)
        return [
            Word(stored(row["envelope"]), row["hash"], State(row["state"]), row["position"])
            for row in rows
            if row["standing"] == "effective" and row["position"] is not None and row["type"] != REWRAP
        ]

    def signed(self, leg: str, agency: str) -> Collection[str]:
        """Return the types of what members of an agency have signed of a leg, as far as it is known here."""
        return {row["type"] for row in HandoffStore(self._connection).statements(leg) if row["agency"] == agency}

    def open(self, case: str, leg: Leg) -> None:
        """Begin the register of a case that arrived without a packet; whoever takes it in is its first holder.

        Raises:
            IllegalTransition: the reference is taken.
        """
        agency = leg.from_agency
        handoff = Handoff(case, CASE, agency, agency, host_of(agency), host_of(agency), self._now)
        if not HandoffStore(self._connection).add(handoff):
            raise self._refused(leg, "This case was opened before.")
        self.cases.add(opened(case, agency, self._now, leg.id))

    def holds(self, leg: Leg) -> None:
        """Return if the sender of a leg holds the case that may go by it."""
        with self._of(leg) as case:
            if case.moved_to is not None:
                raise self._refused(leg, "This case is held elsewhere now: its holder alone passes it on.")

    def release(self, leg: Leg, name: str) -> None:
        """Open a release in the register."""
        with self._of(leg) as case:
            self.cases.save(case.released(leg.id, name))

    def unrelease(self, leg: Leg) -> None:
        """Close the open release."""
        with self._of(leg) as case:
            self.cases.save(case.unreleased(leg.id))

    def hand_over(self, leg: Leg, release: str, take: str) -> None:
        """End the register here by a take."""
        with self._of(leg) as case:
            self.cases.save(case.taken(leg.id, release, take, leg.to_agency))

    @contextmanager
    def _of(self, leg: Leg) -> Iterator[Case]:
        """Give the case of a leg, locked; what its register refuses is told as a step that the leg refuses."""
        case = self.cases.of_leg(leg.id, lock=True)
        if case is None or case.holder != leg.from_agency:
            raise self._refused(leg, "The sender of a transfer holds the case: open it, and name this leg in it first.")
        try:
            yield case
        except IllegalTransition as error:
            raise self._refused(leg, str(error)) from None

    def _refused(self, leg: Leg, why: str) -> IllegalTransition:
        return IllegalTransition(why, state=leg.state.value, possible=[], position=leg.position)


def stored(envelope: bytes) -> Statement:
    """Return a statement as it was stored: it was verified when it came."""
    return Statement.from_value(Envelope.from_bytes(envelope, STATEMENT_TYPE).value)
