"""A capacity inquiry and its answer: the closed form of what may be asked, and the three states. Pure.

An inquiry is about nobody, so no consent is needed, and so nothing may stand in it that is about somebody: a need, an
age band, a sex, a day, a number. Both clients check the form; a hub sees that there was a question and an answer, and
when. Rules (docs/protocol.md): a member of the recipient who may work with cases answers, once; a late answer counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from consent.policy import TABLES
from hub.directory.records.record import UUID
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import Forbidden, IllegalTransition, Malformed
from hub.ids import host_of
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.statements.grammar import MemberActor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.statements.grammar import Statement

ASK, ANSWER, OVERDUE, EXPIRE = "capacity.ask", "capacity.answer", "referral.overdue", "referral.expire"
KIND, SECTION = "inquiry", "inquiry"
CAPACITY: Final = ("capacity", "no_capacity", "waitlist", "assessment_required")
"""The answers (referral standards A1)."""
AGE_BANDS: Final = tuple(TABLES["age_bands"]["begin"])
MOST: Final = 500
"""People that one question may be about."""
_QUESTION = a.object_of(
    {
        "v": a.integer(1, 1),
        "need": a.one_of(*NEEDS),
        "service": a.null_or(a.matches(UUID)),
        "age_band": a.one_of(*AGE_BANDS),
        "sex": a.one_of(None, *codes("sexes")),
        "from": a.date,
        "how_many": a.integer(1, MOST),
    }
)
ELIGIBLE: Final = (
    *("running", "ends", "age", "sex", "situation", "residence", "open_to", "vulnerability"),
    *("nationality", "status", "documents", "exclusion", "capacity"),
)
"""The criteria to which a provider may make an exception (R19). The age from which a child may work is none of them."""
_EXCEPTION = a.object_of(
    {
        "service": a.matches(UUID),
        "age_band": a.one_of(*AGE_BANDS),
        "sex": a.one_of(None, *codes("sexes")),
        "criteria": a.distinct(a.list_of(a.one_of(*ELIGIBLE), len(ELIGIBLE), 1)),
        "until": a.date,
        "reason": a.text,
    }
)
_REPLY = a.object_of(
    {
        "v": a.integer(1, 1),
        "capacity": a.one_of(*CAPACITY),
        "from": a.null_or(a.date),
        "places": a.null_or(a.integer(0, MOST)),
        "exception": a.null_or(_EXCEPTION),
    }
)


@dataclass(frozen=True, slots=True)
class Excepted:
    """An exception that a provider signed in its answer to an inquiry: for whom, to what, for how long (R19)."""

    inquiry: str
    agency: str
    service: str
    age_band: str
    sex: str | None
    criteria: frozenset[str]
    since: str
    until: str

    def covers(self, agency: str, listing: Mapping[str, Any], person: Mapping[str, Any]) -> bool:
        """Say whether it is about this service, all that speaks against the person there, and somebody like them."""
        months, sex = person.get("months_from"), person.get("sex")
        like = months is None or band_of(months) == self.age_band
        like = like and (sex is None or self.sex in {None, sex})
        here = (agency, listing.get("id")) == (self.agency, self.service)
        return here and like and self.criteria >= {*listing.get("fails", ())}

    def override(self) -> dict[str, Any]:
        """Return it as what lifts a rule: one member of the provider signed."""
        said = {"rule": "R19", "recipient": self.agency, "categories": None, "from": self.since, "until": self.until}
        return {**said, "members": 1, "roles": ["provider"]}


class State(StrEnum):
    """Where an inquiry stands."""

    ASKED = "capacity_asked"
    ANSWERED = "capacity_answered"
    UNANSWERED = "capacity_unanswered"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One inquiry as one hub holds it; `asked_by` is the member who is told of the answer."""

    id: str
    from_agency: str
    to_agency: str
    asked_by: str
    urgency: str
    asked_at: int
    state: State = State.ASKED
    position: int = 0

    def apply(self, statement: Statement) -> Inquiry:
        """Return what becomes of this inquiry by a verified statement; itself if it was answered already.

        Raises:
            IllegalTransition: no such step for this signer.
        """
        moved = replace(self, position=self.position + 1)
        ordering = statement.hub == host_of(self.from_agency)
        if statement.type == OVERDUE and ordering and self.state is State.ASKED:
            return moved
        if statement.type == EXPIRE and ordering and self.state is State.ASKED:
            return replace(moved, state=State.UNANSWERED)
        if statement.type == ANSWER and statement.agency == self.to_agency and statement.roles & CASE_ROLES:
            return self if self.state is State.ANSWERED else replace(moved, state=State.ANSWERED)
        raise IllegalTransition(
            "The agency that was asked answers.",
            state=self.state.value,
            possible=[*self.possible(statement.agency)],
            position=self.position,
        )

    def possible(self, agency: str | None) -> tuple[str, ...]:
        """Return the statement types that members of an agency can sign now."""
        return (ANSWER,) if agency == self.to_agency and self.state is not State.ANSWERED else ()


def ask(statement: Statement, to_agency: str, now: int) -> Inquiry:
    """Return the inquiry that a verified `capacity.ask` begins.

    Raises:
        Forbidden: the signer works with no cases.
    """
    if not statement.roles & CASE_ROLES:
        raise Forbidden("Whoever asks for a place works with cases.")
    asked_by = next(actor.member for actor in statement.by if isinstance(actor, MemberActor))
    sender, urgency = str(statement.agency), statement.body["urgency"]
    return Inquiry(statement.handoff, sender, to_agency, asked_by, urgency, now)


def question(value: object) -> dict[str, Any]:
    """Return a section `inquiry` that says what may be said, and nothing else.

    Raises:
        Malformed: it does not.
    """
    _QUESTION(value)
    return dict(value) if isinstance(value, dict) else {}


def answer(value: object) -> dict[str, Any]:
    """Return a sealed answer: a word of `CAPACITY`, perhaps from which day on, how many, an exception with its reason.

    Raises:
        Malformed: it is none.
    """
    _REPLY(value)
    return dict(value) if isinstance(value, dict) else {}


def band_of(months: int) -> str:
    """Return the age band in which somebody of so many months is."""
    begin = TABLES["age_bands"]["begin"]
    return str(max((name for name in begin if begin[name] * 12 <= months), key=lambda name: begin[name]))


def excerpt(to: str) -> dict[str, Any]:
    """Return what stands in the place of a basis: that this is about nobody (docs/protocol.md §4.3)."""
    return {"v": 1, "basis": KIND, "to": to, "categories": [SECTION]}


def state_of(name: str) -> State:
    """Return a state by its name.

    Raises:
        Malformed: an inquiry has none of this name.
    """
    try:
        return State(name)
    except ValueError as error:
        raise Malformed("The ordering hub names a state that an inquiry cannot have.") from error
