"""Asking for a place before a referral or a transfer: is there one for somebody like this, and the answer.

It is about nobody. What may be said is the closed form of `hub.inquiries.domain`, checked here before anything is
sealed and again by whoever opens it. Several agencies can be asked at once; each question stands alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hub.client import opening, reading, records, referrals
from hub.client.member import workspace
from hub.client.opening import INQUIRES
from hub.errors import Conflict, InvalidRequest, Malformed, NotFound, NotPermitted
from hub.ids import random_id
from hub.inquiries import domain
from hub.inquiries.domain import ANSWER, ASK, KIND, SECTION, Excepted
from hub.keys.certificates import CASE_ROLES
from hub.packets import seal
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member
    from hub.client.reading import Line, Shown

LEG = "transfer_leg"
ANSWERS = {KIND: ANSWER, LEG: "transfer.answer_inquiry"}
"""What answers a question, by the kind of handoff that it began."""
_WORKERS = frozenset({Role.CASEWORKER.value})
_ASKED = frozenset({Role.FOCAL_POINT.value, Role.CASEWORKER.value})
_FORM = "A question says need, age band, sex, from which day and how many, in words of the lists; and nothing else."


@dataclass(frozen=True, slots=True)
class Inquiry:
    """An inquiry, verified: what was asked, and what was answered or None."""

    handoff: str
    from_agency: str
    to_agency: str
    state: str | None
    due: int | None
    question: Mapping[str, Any]
    answer: Mapping[str, Any] | None


def ask(
    member: Member, to: str, question: Mapping[str, Any], urgency: str = "routine", *, leg: str | None = None
) -> dict[str, Any]:
    """Ask an agency for a place: {need, service, age_band, sex, from, how_many}; return it as the hub shows it.

    With `leg`, a fresh id, the question begins a leg of a transfer, in which an assessment or an offer may follow.

    Raises:
        InvalidRequest: the question says anything else.
    """
    try:
        said = domain.question({"v": 1, "service": None, "sex": None, **question})
    except Malformed as error:
        raise InvalidRequest(_FORM, todo="Leave out whatever is about a person.") from error
    agency = member.trust.agency(to)
    month = datetime.fromtimestamp(member.clock.now(), UTC).strftime("%Y-%m")
    basis = seal.Basis(secrets.token_bytes(32), domain.excerpt(agency.entry.agency), agency.entry.country, month)
    kind, began, by = (INQUIRES, LEG, [member.me(_WORKERS)]) if leg else (ASK, KIND, [member.me(CASE_ROLES)])
    with workspace() as folder:
        part = member.seal(folder, member.target(agency), {SECTION: said}, basis=basis)
        envelope = member.statement(kind, leg or random_id(), {"kind": began, "urgency": urgency}, by=by, part=part)
        return records.send(member, "/api/v1/handoffs", envelope, part.source)


def answer(
    member: Member,
    handoff: str,
    capacity: str,
    starting: str | None = None,
    places: int | None = None,
    exception: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Answer an inquiry; return it as the hub shows it.

    `exception` {criteria, until, reason}: the service that was asked for takes somebody like this all the same (R19).

    Raises:
        InvalidRequest: no such answer, or an exception where no service was asked for.
        Conflict: it was answered, or is not this agency's to answer.
    """
    shown = reading.show(member, handoff)
    kind = ANSWERS.get(shown.kind, ANSWER)
    by = [member.me(CASE_ROLES if kind == ANSWER else _ASKED)]
    if kind not in shown.possible:
        raise Conflict("This inquiry was answered, or is not your agency's to answer.")
    made = exception and {**_for_whom(member, shown), **exception}
    said = {"capacity": capacity, "from": starting, "places": places, "exception": made}
    try:
        domain.answer({"v": 1, **said})
    except Malformed as error:
        raise InvalidRequest(
            f"An inquiry is answered with {', '.join(domain.CAPACITY)}; an exception says to what, until when and why.",
            todo=f"An exception is to {', '.join(domain.ELIGIBLE)}, with one line that says why.",
        ) from error
    with referrals.reply(member, shown, said) as part:
        envelope = member.statement(kind, handoff, {}, by=by, heads=shown.heads, part=part)
        return records.send(member, f"/api/v1/handoffs/{handoff}/statements", envelope, part.source)


def read(member: Member, handoff: str) -> Inquiry:
    """Return an inquiry that this agency asked, or was asked.

    Raises:
        NotPermitted: the question says more than one may; nothing of it is shown.
    """
    shown = reading.show(member, handoff)
    asked = {} if shown.from_agency == member.agency else _question(member, shown)
    return Inquiry(handoff, shown.from_agency, shown.to_agency, shown.state, shown.due, asked, _answered(member, shown))


def exception(member: Member, handoff: str) -> Excepted:
    """Return the exception that a provider signed in its answer to this agency's inquiry, for a referral to cite.

    Raises:
        NotFound: this agency asked no such question, or no exception was made.
    """
    shown = reading.show(member, handoff)
    line, said = _answer(shown), _answered(member, shown) if shown.kind in ANSWERS else None
    made = said and said["exception"]
    if line is None or not made:
        raise NotFound("No exception was made in answer to this inquiry.", todo="Ask: hub ask-capacity --service-id.")
    since = datetime.fromtimestamp(line.statement.at, UTC).date().isoformat()
    named = {name: made[name] for name in ("service", "age_band", "sex", "until")}
    return Excepted(handoff, shown.to_agency, criteria=frozenset(made["criteria"]), since=since, **named)


def listing(member: Member) -> list[dict[str, Any]]:
    """Return the rows of the inquiries that this agency asked or was asked, newest first: the hub's list."""
    rows = {row["id"]: row for box in ("in", "out") for row in reading.pages(member, KIND, box)}
    return sorted(rows.values(), key=lambda row: row["touched"], reverse=True)


def waiting(member: Member, box: str) -> int:
    """Return how many inquiries wait for their answer: those that were asked (`out`), or that came (`in`)."""
    return sum(row["ball"] is not None for row in reading.pages(member, KIND, box))


def _question(member: Member, shown: Shown) -> Mapping[str, Any]:
    opened = opening.look(member, shown, str(shown.submission.statement.manifest))
    if opened.quarantined:
        raise NotPermitted(
            "This inquiry says more than one may be asked; it was held back.", sections=sorted(opened.quarantined)
        )
    return domain.question(opened.sections[SECTION])


def _for_whom(member: Member, shown: Shown) -> dict[str, Any]:
    """Return for whom an exception is made: the service, age band and sex of the question, as the answer repeats it."""
    asked = _question(member, shown)
    if asked["service"] is None:
        raise InvalidRequest("An exception is to the limits of one service.", todo="The question names none.")
    return {name: asked[name] for name in ("service", "age_band", "sex")}


def _answer(shown: Shown) -> Line | None:
    """Return the first answer that has words, by the places that the ordering hub signed; not by what a hub says."""
    said = [line for line in shown.lines if line.statement.type in ANSWERS.values() and line.statement.manifest]
    placed = [(line.position, line) for line in said if line.position is not None]
    return min(placed, key=lambda one: one[0])[1] if placed else None


def _answered(member: Member, shown: Shown) -> Mapping[str, Any] | None:
    """Return what was answered, for the agency that asked."""
    line = _answer(shown)
    if line is None or shown.from_agency != member.agency:
        return None
    opened = opening.look(member, shown, str(line.statement.manifest))
    return domain.answer(opened.sections.get(opening.REPLY))
