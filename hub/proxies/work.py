"""The unit of work of `service` over one connection. Holds no rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.directory.verified import verified_number
from hub.notify.teller import Teller
from hub.proxies.store import Codes, Questions, Reviews
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.proxies.domain import Question, Review, SentCode

SUPERVISORS = (Role.SUPERVISOR.value,)


@dataclass(frozen=True, slots=True)
class Joined:
    """Stores and notices through one connection, at the hub at `origin`, at one moment."""

    connection: Connection
    origin: str
    now: int

    def code(self, identifier: str) -> SentCode | None:
        """Return a code, locked."""
        return Codes(self.connection).find(identifier)

    def use(self, identifier: str, statement: str) -> None:
        """Use up a code."""
        Codes(self.connection).used(identifier, statement)

    def number(self, recipient: str, besides: str) -> str | None:
        """Return the recipient's verified number."""
        return verified_number(self.connection, recipient, self.now, besides=besides)

    def ask(self, question: Question) -> None:
        """Ask a number, when its turn comes."""
        Questions(self.connection).put(question)

    def review(self, review: Review, template: str) -> None:
        """Ask supervisors of the sender to look into an answer, and tell them."""
        if Reviews(self.connection).put(review):
            key, about = f"{review.statement}:{review.why}", review.handoff
            teller = Teller(self.connection, self.origin)
            teller.tell(review.agency, SUPERVISORS, template, about=about, key=key, now=self.now)
