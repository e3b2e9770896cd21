"""Rows about answers that a sender brought: codes sent to a verified number, questions to it, and what to look into.

SQL only. No row says what the answer was; the statement that it names does, and where that has words they are sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, func, select, update

from hub.db import Store, metadata
from hub.notify.codes import Code
from hub.proxies.domain import Finding, Question, Review, SentCode, Why

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import RowMapping

proxy_codes = Table(
    "proxy_codes",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("handoff", String(22), nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("read_back_at", BigInteger),
    Column("statement", String(43)),
)

proxy_questions = Table(
    "proxy_questions",
    metadata,
    Column("statement", String(43), primary_key=True),
    Column("handoff", String(22), nullable=False),
    Column("agency", String(400), nullable=False),
    Column("recipient", String(400), nullable=False),
    Column("number", String(16), nullable=False),
    Column("said_on", String(10), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("asked_at", BigInteger),
    Column("ended_at", BigInteger),
    Index("ix_proxy_questions_open", "ended_at", "number", "created"),
)

proxy_reviews = Table(
    "proxy_reviews",
    metadata,
    Column("statement", String(43), primary_key=True),
    Column("handoff", String(22), nullable=False, index=True),
    Column("agency", String(400), nullable=False),
    Column("member", String(22), nullable=False),
    Column("why", String(8), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("finding", String(8)),
    Column("found_by", String(22)),
    Column("found_at", BigInteger),
    Index("ix_proxy_reviews_open", "agency", "finding", "since"),
)


class Codes(Store):
    """Codes that were sent, in the caller's transaction."""

    def put(self, identifier: str, handoff: str, code: Code, now: int) -> None:
        """Keep a code that is being sent."""
        row = {"id": identifier, "handoff": handoff, "salt": code.salt, "hash": code.hash}
        self._put(proxy_codes, **row, sent_at=now, tries=0, read_back_at=None, statement=None)

    def find(self, identifier: str) -> SentCode | None:
        """Return a code, locked until the transaction ends, or None."""
        row = self._one(select(proxy_codes).where(proxy_codes.c.id == identifier).with_for_update())
        if row is None:
            return None
        plain = {name: row[name] for name in ("id", "handoff", "sent_at", "tries", "read_back_at", "statement")}
        return SentCode(code=Code(row["salt"], row["hash"]), **plain)

    def sent_since(self, handoff: str, since: int) -> int:
        """Return how many codes were sent about a handoff since a second."""
        here = (proxy_codes.c.handoff == handoff) & (proxy_codes.c.sent_at >= since)
        return int(self._connection.scalar(select(func.count()).where(here)) or 0)

    def tried(self, identifier: str) -> None:
        """Count a wrong try."""
        self._change(proxy_codes.c.id == identifier, tries=proxy_codes.c.tries + 1)

    def read_back(self, identifier: str, now: int) -> None:
        """Note that the digits were read back."""
        self._change(proxy_codes.c.id == identifier, read_back_at=now)

    def used(self, identifier: str, statement: str) -> None:
        """Note for which statement a code was used; there is only one."""
        self._change(proxy_codes.c.id == identifier, statement=statement)

    def _change(self, which: ColumnElement[bool], **values: object) -> None:
        self._run(update(proxy_codes).where(which).values(**values))


class Questions(Store):
    """Questions to numbers, in the caller's transaction."""

    def put(self, question: Question) -> None:
        """Keep a question that is to be asked when the number's turn comes."""
        row = {name: getattr(question, name) for name in Question.__slots__}
        self._add(proxy_questions, **row, ended_at=None)

    def asked(self) -> list[Question]:
        """Return the questions that are asked and not ended, the oldest first."""
        c = proxy_questions.c
        return self._questions((c.asked_at.is_not(None), c.ended_at.is_(None)))

    def next(self) -> list[Question]:
        """Return for each number at which nothing is asked the question that comes next."""
        c = proxy_questions.c
        busy = select(c.number).where(c.asked_at.is_not(None), c.ended_at.is_(None))
        waiting = self._questions((c.asked_at.is_(None), c.ended_at.is_(None), c.number.not_in(busy)))
        return list({one.number: one for one in reversed(waiting)}.values())

    def ask(self, statement: str, now: int) -> bool:
        """Note that a question is asked now, unless another worker has; return whether it was noted."""
        return self._mark(statement, proxy_questions.c.asked_at.is_(None), asked_at=now)

    def end(self, statement: str, now: int) -> bool:
        """Note that nothing more is waited for, unless another worker has; return whether it was noted."""
        return self._mark(statement, proxy_questions.c.ended_at.is_(None), ended_at=now)

    def _mark(self, statement: str, still: ColumnElement[bool], **values: int) -> bool:
        which = (proxy_questions.c.statement == statement) & still
        return self._run(update(proxy_questions).where(which).values(**values)) > 0

    def _questions(self, where: Sequence[ColumnElement[bool]]) -> list[Question]:
        c = proxy_questions.c
        query = select(*(c[name] for name in Question.__slots__)).where(*where).order_by(c.created, c.statement)
        return [Question(**row) for row in self._all(query)]


class Reviews(Store):
    """What supervisors look into, in the caller's transaction."""

    def put(self, review: Review) -> bool:
        """Ask for a review; a number that says no goes before chance. Return whether it is new."""
        row = {name: getattr(review, name) for name in ("statement", "handoff", "agency", "member", "why", "since")}
        new = self._add(proxy_reviews, **row)
        if not new and review.why is Why.SAID_NO:
            again = (proxy_reviews.c.statement == review.statement) & (proxy_reviews.c.why != Why.SAID_NO)
            undone = {"finding": None, "found_by": None, "found_at": None}
            return self._run(update(proxy_reviews).where(again).values(why=review.why, **undone)) > 0
        return new

    def find(self, statement: str) -> Review | None:
        """Return the review of a statement, or None."""
        row = self._one(select(proxy_reviews).where(proxy_reviews.c.statement == statement))
        return None if row is None else _review(row)

    def open(self, agency: str) -> list[Review]:
        """Return what supervisors of an agency have to look into, the oldest first."""
        c = proxy_reviews.c
        here = select(proxy_reviews).where(c.agency == agency, c.finding.is_(None))
        return [_review(row) for row in self._all(here.order_by(c.since, c.statement))]

    def found(self, statement: str, finding: Finding, by: str, now: int) -> None:
        """Keep what a supervisor found."""
        which = proxy_reviews.c.statement == statement
        self._run(update(proxy_reviews).where(which).values(finding=finding, found_by=by, found_at=now))

    def doubted(self, handoffs: Collection[str]) -> set[str]:
        """Return the handoffs of which a reported answer was denied by its number, or doubted by a supervisor."""
        c = proxy_reviews.c
        denied = (c.why == Why.SAID_NO) & (c.finding.is_(None) | (c.finding != Finding.HOLDS))
        which = c.handoff.in_(list(handoffs)) & (denied | (c.finding == Finding.DOUBTED))
        return set(self._connection.scalars(select(c.handoff).where(which)))


def _review(row: RowMapping) -> Review:
    finding = None if row["finding"] is None else Finding(row["finding"])
    plain = {name: row[name] for name in ("statement", "handoff", "agency", "member", "since")}
    return Review(**plain, why=Why(row["why"]), finding=finding)
