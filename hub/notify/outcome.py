"""What became of one mail or text: when it was handed over, and, of a text, later. Shared by all ways of sending."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of handing one over."""

    SENT = "sent"
    REFUSED = "refused"
    """For ever: no repetition helps."""
    LATER = "later"


class Fate(StrEnum):
    """What a gateway says became of a text that it took. Until it says so nothing is known."""

    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of handing one over, and what the gateway calls it from then on."""

    outcome: Outcome
    reference: str | None = None
    reason: str = "refused"
    """Why it was refused: one of our own words."""


LATER = Handed(Outcome.LATER)
REFUSED = Handed(Outcome.REFUSED)
