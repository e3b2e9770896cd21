"""Codes, questions and reviews as values: what is known of an answer that a sender brought. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.notify.codes import Code


class Why(StrEnum):
    """Why a supervisor looks into a reported answer."""

    SAID_NO = "said_no"
    TENTH = "tenth"


class Finding(StrEnum):
    """What the supervisor found: the answer was given, or it was not."""

    HOLDS = "holds"
    DOUBTED = "doubted"


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code that was sent: about which handoff, when, how often it was tried, and what became of it."""

    id: str
    handoff: str
    code: Code
    sent_at: int
    tries: int
    read_back_at: int | None
    statement: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a number: was the answer that a sender brought on a day really given?"""

    statement: str
    handoff: str
    agency: str
    recipient: str
    number: str
    said_on: str
    created: int
    asked_at: int | None


@dataclass(frozen=True, slots=True)
class Review:
    """A reported answer that a supervisor of the sender looks into; `member` reported it."""

    statement: str
    handoff: str
    agency: str
    member: str
    why: Why
    since: int
    finding: Finding | None = None
