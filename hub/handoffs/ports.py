"""What the intake needs of the machine of a kind of handoff, and what it tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement


class Party(Protocol):
    """The handoff as a machine sees it."""

    @property
    def id(self) -> str:
        """The handoff's id."""
        ...

    @property
    def from_agency(self) -> str:
        """The sending agency."""
        ...

    @property
    def to_agency(self) -> str:
        """The receiving agency."""
        ...

    @property
    def from_host(self) -> str:
        """The hub that orders its statements."""
        ...

    @property
    def to_host(self) -> str:
        """The recipient's home hub."""
        ...


@dataclass(frozen=True, slots=True)
class Word:
    """What a hub has to say itself, of a handoff or to begin one, because a statement took effect there."""

    type: str
    handoff: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What a statement came to at the ordering hub: the place it took, and the state after it."""

    state: str
    position: int | None
    moved: bool


class Machine(Protocol):
    """The state machine of one kind of handoff. Each method runs inside the caller's transaction.

    `connection` is opaque here: only stores know what it is.
    """

    @property
    def kind(self) -> str:
        """The kind of handoff, as in the submission body."""
        ...

    def begin(self, connection: Any, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Take a submission at the hub that orders it."""
        ...

    def apply(self, connection: Any, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Give a statement its position at the ordering hub.

        Raises:
            IllegalTransition: it is not possible now.
        """
        ...

    def expect(self, connection: Any, handoff: Party, verified: VerifiedStatement, now: int) -> None:
        """Check a member's statement away from the ordering hub, as far as is known there.

        Raises:
            IllegalTransition: it cannot be possible.
        """
        ...

    def mirror(self, connection: Any, handoff: Party, statement: Statement, name: str, step: Step, now: int) -> None:
        """Write down, away from the ordering hub, what that hub made of a statement."""
        ...

    def then(self, connection: Any, handoff: Party, statement: Statement, name: str) -> Collection[Word]:
        """Return what this hub says itself now that a statement, whose hash is `name`, took effect."""
        ...

    def spared(self, connection: Any, handoff: Party) -> Collection[str]:
        """Return the manifests of the packets that a withdrawal leaves: an alarm about a missing child needs them."""
        ...

    def withheld(self, connection: Any, handoff: Party) -> Collection[str]:
        """Return the manifests of the packets that are here, and are not given to their recipient yet."""
        ...

    def watch(self, connection: Any, handoff: Party, now: int) -> None:
        """Start or end whatever runs by the clock on what became of the packets of a withdrawn handoff."""
        ...

    def view(self, connection: Any, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:
        """Return what a party is shown: state, who has the ball, by when, and what it can do."""
        ...


@runtime_checkable
class Lister(Protocol):
    """A machine that shows many handoffs with about as many queries as one takes."""

    def views(
        self, connection: Any, handoffs: Collection[Party], agency: str, now: int
    ) -> Mapping[str, Mapping[str, Any]]:
        """Return what a party is shown of several handoffs, by their ids."""
        ...


class NeverGivenUp:
    """What machines have in common whose handoffs nobody withdraws, and which need no word of a hub."""

    def then(self, connection: Any, handoff: Party, statement: Statement, name: str) -> Collection[Word]:  # noqa: ARG002 - the port's signature
        """Return nothing: it needs no word of a hub."""
        return ()

    def spared(self, connection: Any, handoff: Party) -> Collection[str]:  # noqa: ARG002 - the port's signature
        """Return nothing: it is never withdrawn."""
        return ()

    def withheld(self, connection: Any, handoff: Party) -> Collection[str]:  # noqa: ARG002 - the port's signature
        """Return nothing: it has no packet that waits for a step."""
        return ()

    def watch(self, connection: Any, handoff: Party, now: int) -> None:
        """Do nothing: it is never withdrawn."""
