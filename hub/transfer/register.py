"""The responsibility register: who holds a case, and how that changes. Pure; `register-states.csv` is its table.

A case has one register, in the log of the holder's home hub. What that hub appends decides: a release is open until the
first of `take` and `unrelease`; a take ends the register here, and it goes on at the taker's home hub under another
reference, which begins with `case.hold` and cites the take. So at every instant the chain of registers has exactly one
end, and its holder is responsible. Whoever has signed a take that the register has not answered yet acts as responsible
too, so nobody is dropped between two hubs (docs/transfer.md has the proof).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import resources

from hub.errors import IllegalTransition


class Standing(StrEnum):
    """Where the register of a case stands at one hub."""

    UNOPENED = "unopened"
    HELD = "held"
    RELEASE_OPEN = "release_open"
    MOVED = "moved"


RELEASE, UNRELEASE, TAKE, ASSUME = "transfer.release", "transfer.unrelease", "transfer.take", "transfer.assume"


@dataclass(frozen=True, slots=True)
class Case:
    """A case in the register of its holder's home hub; `id` is its reference there, known to that hub alone."""

    id: str
    holder: str
    standing: Standing
    opened_at: int
    came_by: str | None = None
    """The leg, or the succession, by which the holder got it; None for whoever opened it."""
    leg: str | None = None
    """The leg on which the open release stands, or by which it moved on."""
    release: str | None = None
    """The hash of the open release."""
    moved_by: str | None = None
    """The hash of the take, or of the assumption, that ended this register."""
    moved_to: str | None = None

    def released(self, leg: str, release: str) -> Case:
        """Return the case with a release open.

        Raises:
            IllegalTransition: another one is open, or it is held elsewhere now.
        """
        self._check(RELEASE, Standing.HELD)
        return replace(self, standing=Standing.RELEASE_OPEN, leg=leg, release=release)

    def unreleased(self, leg: str) -> Case:
        """Return the case with its release taken back.

        Raises:
            IllegalTransition: none is open on this leg: the take was first.
        """
        self._check(UNRELEASE, Standing.RELEASE_OPEN, leg)
        return replace(self, standing=Standing.HELD, leg=None, release=None)

    def taken(self, leg: str, release: str, take: str, to: str) -> Case:
        """Return the case as this register ends it: held by the taker from now on, elsewhere.

        Raises:
            IllegalTransition: this release is not open: it was taken back, or taken.
        """
        self._check(TAKE, Standing.RELEASE_OPEN, leg)
        if release != self.release:
            raise self._refused(TAKE)
        return replace(self, standing=Standing.MOVED, moved_by=take, moved_to=to)

    def assumed(self, assume: str, to: str) -> Case:
        """Return the case as the successor of a holder that died has it; an open release ends with it.

        Raises:
            IllegalTransition: it is held elsewhere now.
        """
        self._check(ASSUME, Standing.HELD, Standing.RELEASE_OPEN)
        return replace(self, standing=Standing.MOVED, leg=None, release=None, moved_by=assume, moved_to=to)

    def _check(self, step: str, *wanted: Standing | str) -> None:
        legs = [one for one in wanted if not isinstance(one, Standing)]
        if self.standing not in wanted or (legs and self.leg not in legs):
            raise self._refused(step)

    def _refused(self, step: str) -> IllegalTransition:
        possible = [row["statement"] for row in rows() if row["from"] == self.standing.value]
        return IllegalTransition(
            f"The register of this case is {self.standing.value}: {step.partition('.')[2]} is not possible now.",
            state=self.standing.value,
            possible=possible,
        )


def opened(case: str, holder: str, now: int, came_by: str | None = None) -> Case:
    """Return a case as its register begins here: by `case.open`, or by `case.hold` after a take elsewhere."""
    return Case(case, holder, Standing.HELD, now, came_by)


def rows() -> tuple[dict[str, str], ...]:
    """Return the rows of `register-states.csv` as they stand."""
    text = resources.files("hub.transfer").joinpath("register-states.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
