"""What the use cases of a leg need of storage, register, clocks and notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.followup.calendar import Calendar
    from hub.referrals.ports import Clocks
    from hub.statements.grammar import Statement
    from hub.transfer.domain import Leg
    from hub.transfer.table import State


@dataclass(frozen=True, slots=True)
class Word:
    """A statement to which the ordering hub gave a place, and the state after it."""

    statement: Statement
    name: str
    state: State
    position: int


class Legs(Protocol):
    """Where legs are kept."""

    def add(self, leg: Leg) -> None:
        """Keep a new leg."""
        ...

    def find(self, leg: str) -> Leg | None:
        """Return a leg, or None."""
        ...

    def get(self, leg: str) -> Leg:
        """Return a leg, or raise NotFound."""
        ...

    def save(self, leg: Leg, *, was: int) -> None:
        """Keep what became of a leg, or raise StaleVersion."""
        ...


class Tellers(Protocol):
    """Whoever promises notices to the members at home here."""

    def tell(  # noqa: PLR0913 - whom, what, about what
        self,
        agency: str,
        roles: Collection[str],
        template: str,
        *,
        about: str,
        key: str,
        now: int,
        named: str | None = None,
        emergency: bool = False,
    ) -> None:
        """Promise a notice to each member of `agency` in one of `roles`, once for each `key`; `named` owns it there."""
        ...

    def tell_members(
        self,
        agency: str,
        members: Collection[str],
        template: str,
        *,
        about: str,
        key: str,
        now: int,
        emergency: bool = False,
    ) -> int:
        """Promise a notice to these members of `agency`, once for each `key`."""
        ...


class Work(Protocol):
    """One unit of work: everything through one transaction."""

    @property
    def legs(self) -> Legs:
        """Legs."""
        ...

    @property
    def clocks(self) -> Clocks:
        """Running clocks."""
        ...

    @property
    def notices(self) -> Tellers:
        """Notices."""
        ...

    def calendar(self, agency: str) -> Calendar:
        """Return the calendar by which an agency works."""
        ...

    def history(self, leg: str) -> list[Word]:
        """Return the words about a leg that have a place."""
        ...

    def signed(self, leg: str, agency: str) -> Collection[str]:
        """Return the types of what members of an agency have signed of a leg, as far as it is known here."""
        ...

    def open(self, case: str, leg: Leg) -> None:
        """Begin the register of a case that arrived without a packet."""
        ...

    def holds(self, leg: Leg) -> None:
        """Return if the sender of a leg holds the case that may go by it, or raise IllegalTransition."""
        ...

    def release(self, leg: Leg, name: str) -> None:
        """Open a release in the register, or raise IllegalTransition."""
        ...

    def unrelease(self, leg: Leg) -> None:
        """Close the open release, or raise IllegalTransition."""
        ...

    def hand_over(self, leg: Leg, release: str, take: str) -> None:
        """End the register here by a take, or raise IllegalTransition."""
        ...
