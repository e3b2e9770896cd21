"""What a hub and the other side are told of the gates, and how the receiver checks it. Pure; no keys.

To a hub every transfer looks alike: one finding for each gate, in the policy's order, whatever applied, each committed
to under a key that the hub has not (`hub.client.gates`). The receiver opens the findings and asks the gates itself of
what it was shown: where a section was not shown it goes by the sender's word, where one was it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.casefile.gates import policy
from hub.casefile.gates.ask import Found, Outcome, Result
from hub.errors import Malformed
from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FINDING = a.object_of({"gate": a.one_of(*policy.GATES), "found": a.one_of(*Found)})
_FINDINGS = a.list_of(_FINDING, len(policy.GATES), len(policy.GATES))


class Agreed(StrEnum):
    """How a finding of the sender stands to the receiver's own."""

    SAME = "same"
    ON_WORD = "on_word"
    """The receiver was not shown what the gate asks about; the sender says that it may pass."""
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Compared:
    """One gate at both ends."""

    gate: str
    agreed: str
    theirs: str
    ours: Outcome

    @property
    def stops(self) -> bool:
        """Whether the receiver may not go on because of it: also where the sender itself says that it blocks."""
        return self.theirs == Found.BLOCKED or (self.ours.found == Found.BLOCKED and self.agreed != Agreed.ON_WORD)


@dataclass(frozen=True, slots=True)
class Recheck:
    """What the receiver finds of the sender's verdict."""

    rows: tuple[Compared, ...]

    @property
    def permitted(self) -> bool:
        """Whether nothing stops the receiver."""
        return not any(row.stops for row in self.rows)

    @property
    def disagreements(self) -> tuple[Compared, ...]:
        """The gates about which both sides say different things of what both have seen."""
        return tuple(row for row in self.rows if row.agreed == Agreed.DIFFERS)


def findings(result: Result) -> tuple[tuple[str, dict[str, str]], ...]:
    """Return what every gate found, of one shape and in the policy's order; the same form as `consent.decide.gates`."""
    return tuple((row.gate, {"gate": row.gate, "found": str(row.found)}) for row in result.outcomes)


def recheck(told: Sequence[Mapping[str, Any]], ours: Result) -> Recheck:
    """Return how the findings that a sender sealed stand to the own evaluation of that step, or of the answer to it.

    Raises:
        Malformed: the findings are not one for each gate, in the policy's order.
    """
    _FINDINGS(told)
    if tuple(row["gate"] for row in told) != policy.GATES:
        raise Malformed("The findings do not name every gate of the policy, in its order.")
    return Recheck(tuple(_compare(str(row["found"]), mine) for row, mine in zip(told, ours.outcomes, strict=True)))


def _compare(theirs: str, mine: Outcome) -> Compared:
    passes = theirs in {Found.CLEAR, Found.OVERRIDDEN, Found.NOT_APPLICABLE}
    if theirs == mine.found:
        agreed = Agreed.SAME
    elif passes and mine.found == Found.BLOCKED and mine.unseen:
        agreed = Agreed.ON_WORD
    else:
        agreed = Agreed.DIFFERS
    return Compared(mine.gate, agreed, theirs, mine)
