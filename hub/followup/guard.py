"""Whether the clock that a sweep reads can be trusted with expiry. Pure.

A clock that runs backwards, or that is more than 26 hours after the last sweep, may be wrong: expiry is then suspended,
reminders go on, and somebody is told, until a person confirms that the clock is right. (A day of downtime and daylight
saving stay below 26 hours; the figure is this project's judgement.)
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_JUMP = 26 * 3_600
MAX_BACKWARDS = 60
"""Time services step a clock back by seconds; that is no alarm."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """When the last sweep was, and since when expiry is suspended."""

    last_sweep_at: int
    suspended_since: int | None = None

    @property
    def may_expire(self) -> bool:
        """Whether expiry is allowed; when not, the operator is to be alarmed."""
        return self.suspended_since is None


def next_sweep(last: Sweep | None, now: int) -> Sweep:
    """Return the sweep that begins at `now`; once suspended it stays so until `confirmed`."""
    if last is None:
        return Sweep(now)
    moved = now - last.last_sweep_at
    trusted = -MAX_BACKWARDS <= moved <= MAX_JUMP
    since = last.suspended_since
    return Sweep(now, now if since is None and not trusted else since)


def confirmed(now: int) -> Sweep:
    """Return the sweep after a person said that `now` is right. The caller also takes false times out of the clocks."""
    return Sweep(now)
