"""The only place that asks what time it is.

Times are integer Unix seconds, UTC. Calendars and zones live in `hub.followup`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> int:
        """Return Unix seconds, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return Unix seconds, UTC."""
        return int(time.time())


@dataclass
class SetClock:
    """A clock that stands where it is put: for tests and the demonstration."""

    at: int

    def now(self) -> int:
        """Return the second at which the clock was put."""
        return self.at

    def forward(self, seconds: int) -> None:
        """Move the clock by `seconds`, which may be negative."""
        self.at += seconds


@dataclass(frozen=True, slots=True)
class AcceleratedClock:
    """A clock that runs `factor` times as fast since `start`: for demonstrations.

    Hubs that have the same of both agree on the time.
    """

    factor: int
    start: int

    def now(self) -> int:
        """Return the seconds of the machine's clock, those since `start` multiplied."""
        return int(self.start + max(0.0, time.time() - self.start) * self.factor)
