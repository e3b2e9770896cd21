"""What follows when a sender brings the recipient's answer: a code counts once, the number is asked, chance looks in.

Runs in the transaction that gives the statement its position. Knows no SQL and sends nothing: it promises. Rules: a
code counts for one statement about its own handoff, soon after it was read back; the number asked is one of the
verified service map that the sender does not keep itself, and it is asked only where the sender said that this is safe.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from hub.errors import Forbidden
from hub.notify.templates import REVIEW
from hub.proxies.domain import Question, Review, Why
from hub.statements.grammar import Grade, MemberActor

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.handoffs.ports import Party
    from hub.proxies.domain import SentCode
    from hub.statements.verify import VerifiedStatement

CODE_LIFE: Final = 15 * 60
"""Seconds in which a code can be read back."""
USE_WITHIN: Final = 24 * 3_600
"""Seconds after reading back in which the statement that names the code is signed and sent (J)."""
ONE_IN: Final = 10
"""Of so many reported answers one goes to a supervisor, by chance (point 4 of the reported grade)."""


class Work(Protocol):
    """One unit of work: everything through one transaction."""

    def code(self, identifier: str) -> SentCode | None:
        """Return a code, locked."""
        ...

    def use(self, identifier: str, statement: str) -> None:
        """Use up a code."""
        ...

    def number(self, recipient: str, besides: str) -> str | None:
        """Return the recipient's verified number."""
        ...

    def ask(self, question: Question) -> None:
        """Ask a number, when its turn comes."""
        ...

    def review(self, review: Review, template: str) -> None:
        """Ask supervisors of the sender to look into an answer, and tell them."""
        ...


def taken(verified: VerifiedStatement, handoff: Party, work: Work, now: int, draw: Callable[[int], int]) -> None:
    """Do what follows when a sender's word for the recipient is given its position; `draw` is chance, below a number.

    Raises:
        Forbidden: the code that it names was not read back for this handoff, or was used before.
    """
    statement = verified.statement
    if statement.grade is Grade.CODE_VERIFIED:
        _use(verified, work, now)
    elif statement.grade is Grade.REPORTED:
        number = work.number(handoff.to_agency, handoff.from_agency) if statement.body["ask"] else None
        if number is not None:
            day = datetime.fromtimestamp(statement.at, UTC).date().isoformat()
            parties = (handoff.from_agency, handoff.to_agency)
            work.ask(Question(verified.hash, handoff.id, *parties, number, day, now, None))
        if draw(ONE_IN) == 0:
            work.review(review_of(verified, handoff, Why.TENTH, now), REVIEW)


def review_of(verified: VerifiedStatement, handoff: Party, why: Why, now: int) -> Review:
    """Return the review of a reported statement."""
    by = verified.statement.by[0]
    member = by.member if isinstance(by, MemberActor) else ""
    return Review(verified.hash, handoff.id, handoff.from_agency, member, why, now)


def _use(verified: VerifiedStatement, work: Work, now: int) -> None:
    statement = verified.statement
    code = work.code(statement.body["code"])
    read = code is not None and code.handoff == statement.handoff and code.read_back_at is not None
    if code is None or not read or code.statement is not None or now - (code.read_back_at or 0) > USE_WITHIN:
        raise Forbidden(
            "This code was not read back for this referral, or it was used before.",
            todo="Have a new code sent to the provider, or report the answer without one.",
        )
    work.use(code.id, verified.hash)
