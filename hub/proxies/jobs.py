"""Asks numbers about reported answers, one at a time, and writes down what they say.

A number is asked one question at a time, so that a bare 1 or 2 belongs to it. What it says is a statement of this hub,
taken by the intake like any other: it changes no state. Silence changes nothing either; after a week the next is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.directory.store import Directory
from hub.handoffs.store import HandoffStore
from hub.notify.inbound import NO, YES, InboundTexts
from hub.notify.store import Notices
from hub.notify.templates import ASK_BACK, SAID_NO
from hub.proxies.domain import Review, Why
from hub.proxies.store import Questions
from hub.proxies.work import Joined

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.proxies.domain import Question

WAIT: Final = 7 * 86_400
"""Seconds for which an answer is waited for before the number is asked the next question (J)."""
ASKED_BACK: Final = "referral.asked_back"


def ask_back(hub: Hub) -> int:
    """Take what numbers have answered, and ask those that are free; return how many questions moved."""
    with hub.database.read() as connection:
        asked = Questions(connection).asked()
    done = sum(_answered(hub, question) for question in asked)
    if not hub.settings.sms:
        return done
    with hub.database.read() as connection:
        waiting = Questions(connection).next()
    return done + sum(_ask(hub, question) for question in waiting)


def _ask(hub: Hub, question: Question) -> bool:
    now = hub.clock.now()
    with hub.database.write() as connection:
        if InboundTexts(connection).answers_from(question.number, now):
            return False  # what came in this very second answers the question before
        if not Questions(connection).ask(question.statement, now):
            return False
        profile = Directory(connection).profile(question.agency)
        name = profile.name if profile else question.agency.removeprefix("urn:rcp:agency:")
        return Notices(connection).put_text(
            key=f"asked:{question.statement}",
            number=question.number,
            template=ASK_BACK,
            facts={"agency": name, "date": question.said_on},
            now=now,
            agency=question.agency,
            handoff=question.handoff,
        )


def _answered(hub: Hub, question: Question) -> bool:
    """Write down the number's answer, if there is one; return whether the question is over."""
    now, asked_at = hub.clock.now(), question.asked_at or 0
    with hub.database.write() as connection:
        texts = InboundTexts(connection).answers_from(question.number, asked_at)
        said = next((text.body for text in texts if text.body in {YES, NO}), None)
        if said is None and now < asked_at + WAIT:
            return False
        HandoffStore(connection).find(question.handoff, lock=True)  # as the intake does first
        if not Questions(connection).end(question.statement, now):
            return False
        if said is not None:
            body = {"statement": question.statement, "said": "yes" if said == YES else "no"}
            hub.intake.issue(connection, ASKED_BACK, question.handoff, body)
        if said == NO:
            _denied(connection, hub.origin, question, now)
    return True


def _denied(connection: Connection, origin: str, question: Question, now: int) -> None:
    row = HandoffStore(connection).statement(question.statement)
    member = str(row["member"]) if row is not None else ""
    review = Review(question.statement, question.handoff, question.agency, member, Why.SAID_NO, now)
    Joined(connection, origin, now).review(review, SAID_NO)
