"""A request to freeze what was sent on one consent, and the decision of the agency that answers for it.

Pure: knows neither packets nor the consent, and no storage. Rules (docs/protocol.md §7.6): any member of any agency may
ask, auditors excepted, who act in no case; a supervisor of the responsible agency decides; nothing else ends a freeze,
time least of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.errors import Forbidden, IllegalTransition
from hub.ids import host_of
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from hub.statements.grammar import Statement

REQUEST, DECIDE, OVERDUE = "freeze.request", "freeze.decide", "referral.overdue"
MOST_A_DAY = 30
"""Requests of one agency in 24 hours: more than any desk is shown receipts, too few to stop a country's work."""
MOST_OPEN = 10 * MOST_A_DAY
"""Undecided requests of one agency that a responsible agency's hub takes from a peer, which may count no day's."""


class State(StrEnum):
    """Where a request stands."""

    ASKED = "freeze_asked"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Freeze:
    """One request as one hub holds it: `from_agency` was shown the receipt, `to_agency` answers for the consent."""

    id: str
    from_agency: str
    to_agency: str
    asked_at: int
    state: State = State.ASKED
    position: int = 0

    def apply(self, statement: Statement) -> Freeze:
        """Return what becomes of this request by a verified statement; itself if the same was decided before.

        Raises:
            IllegalTransition: no such step for this signer, or another decision was taken.
        """
        moved = replace(self, position=self.position + 1)
        if statement.type == OVERDUE and statement.hub == host_of(self.from_agency) and self.state is State.ASKED:
            return moved
        if statement.type == DECIDE and self._decides(statement):
            decided = State(statement.body["decision"])
            if self.state is State.ASKED:
                return replace(moved, state=decided)
            if self.state is decided:
                return self
        raise IllegalTransition(
            "A supervisor of the responsible agency decides a request to freeze, once.",
            state=self.state.value,
            possible=[*self.possible(statement.agency)],
            position=self.position,
        )

    def possible(self, agency: str | None) -> tuple[str, ...]:
        """Return the statement types that members of an agency can sign now."""
        return (DECIDE,) if agency == self.to_agency and self.state is State.ASKED else ()

    def _decides(self, statement: Statement) -> bool:
        return statement.agency == self.to_agency and Role.SUPERVISOR in statement.roles


def ask(statement: Statement, now: int) -> Freeze:
    """Return the request that a verified `freeze.request` begins.

    Raises:
        Forbidden: an auditor asks.
    """
    if statement.roles <= {Role.AUDITOR}:
        raise Forbidden("An auditor looks on, and stops nothing.")
    return Freeze(statement.handoff, str(statement.agency), statement.body["to"], now)
