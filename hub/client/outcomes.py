"""How a loop ends at the sender's desk: the child or caregiver was asked, what came of it, what was done instead.

The hub is told that a loop was closed, disputed or resolved, and nothing else. Who was asked, when and how, the answer,
the reason of a decline and the barriers stand in the agency's own record of the handoff; a later one replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hub.client import opening, reading, records, referrals
from hub.errors import IllegalTransition, InvalidRequest, Malformed
from hub.packets import shapes as a
from hub.referrals import reasons
from hub.statements.grammar import Grade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.client.member import Member
    from hub.client.reading import Line, Shown

KIND = "outcome"
LEAST_ATTEMPTS: Final = 2
"""Days on which somebody was looked for before a loop is closed without their answer (grade J)."""
_ENDS = ("referral.decline", "referral.cannot_deliver", "referral.report_outcome")


class End(StrEnum):
    """How a loop ended."""

    CLOSED = "closed"
    DISPUTED = "disputed"
    RESOLVED = "resolved"


_SAYS = {
    End.CLOSED: ("referral.close", {"loop_closed"}),
    End.DISPUTED: ("referral.dispute", {"closed_disputed"}),
    End.RESOLVED: ("referral.resolve", {"closed_declined", "closed_expired", "closed_unmet"}),
}
"""The statement of each, and the states after it: said twice it is the same."""
_ASKED = a.object_of(
    {
        "who": a.one_of(*reasons.WHO),
        "how": a.one_of(*reasons.HOW),
        "on": a.date,
        "answer": a.one_of(None, *reasons.GOT_HELP),
        "words": a.string,
    }
)
_FORM = a.object_of(
    {
        "handoff": a.identifier,
        "end": a.one_of(*End),
        "outcome": a.name,
        "reason": a.one_of(None, *reasons.REASONS),
        "barriers": a.list_of(a.one_of(*reasons.BARRIERS), len(reasons.BARRIERS)),
        "grade": a.one_of(*Grade),
        "asked": a.list_of(_ASKED, 50),
        "then": a.null_or(a.identifier),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One time that somebody was asked whether help came; `answer` None: they were not reached."""

    who: str
    how: str
    on: str
    answer: str | None = None
    words: str = field(default="", repr=False)

    def to_value(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Fact:
    """One loop that has ended, in codes, as it is counted. `month` is that of its end, in UTC.

    `outcome` is yes, partial or no where the child, or else the provider, said whether help came; else the state in
    which the referral came back: declined, expired or not_completed. `again_for` is the handoff after which the same
    need was referred again.
    """

    handoff: str
    to: str
    service: str | None
    needs: tuple[str, ...]
    outcome: str
    reason: str | None
    barriers: tuple[str, ...]
    disputed: bool
    area: str | None
    age_band: str | None
    sex: str | None
    month: str
    again_for: str | None
    grade: str


def close(member: Member, handoff: str, asked: Sequence[Asked], why: str | None = None) -> dict[str, Any]:
    """Close the loop: the child or caregiver was asked, or looked for on two days at least.

    Raises:
        InvalidRequest: nobody was asked, or they said that no help came: that is disputed.
        IllegalTransition: no outcome was reported.
    """
    answer = next((row.answer for row in reversed(asked) if row.answer), None)
    if answer == "no":
        raise InvalidRequest("They say that no help came.", todo="Dispute the outcome: hub dispute.")
    if answer is None and len({row.on for row in asked}) < LEAST_ATTEMPTS:
        raise InvalidRequest(
            "Ask the child or caregiver whether help came, before the loop is closed.",
            todo="If they cannot be reached, say on which days you tried: at least two.",
        )
    return _end(member, handoff, End.CLOSED, {"asked": asked}, why)


def dispute(member: Member, handoff: str, asked: Sequence[Asked], why: str | None = None) -> dict[str, Any]:
    """Say that no help came, or not all of it, whatever was reported. A new referral supersedes this one.

    Raises:
        InvalidRequest: nobody said so.
        IllegalTransition: no outcome was reported.
    """
    if not any(row.answer in {"no", "partial"} for row in asked):
        raise InvalidRequest("An outcome is disputed when the child or caregiver says that help did not come.")
    return _end(member, handoff, End.DISPUTED, {"asked": asked}, why)


def resolve(
    member: Member,
    handoff: str,
    then: str,
    reason: str | None = None,
    barriers: Sequence[str] = (),
    why: str | None = None,
) -> dict[str, Any]:
    """Resolve what was declined, expired or failed: `then` is the new handoff, or the record of the unmet need.

    Raises:
        IllegalTransition: it did not come back to the sender.
    """
    return _end(member, handoff, End.RESOLVED, {"then": then, "reason": reason, "barriers": barriers}, why)


def facts(member: Member) -> list[Fact]:
    """Return the loops that ended, each once, as far as this agency's own records say."""
    sent = {row.value["handoff"]: row.value for row in records.listing(member, "fanout")}
    ended: dict[str, records.Record] = {}
    for row in records.listing(member, KIND):
        if records.of_form(row, _FORM) and row.value["handoff"] in sent:
            ended.setdefault(row.value["handoff"], row)
    return [_fact(row, sent[handoff]) for handoff, row in ended.items()]


def disputed(member: Member) -> dict[str, int]:
    """Return the handoffs about which the child or caregiver said that help did not come, and when that was kept."""
    kept = [row for row in records.listing(member, KIND) if records.of_form(row, _FORM)]
    return {row.value["handoff"]: row.at for row in kept if row.value["end"] == End.DISPUTED}


def told(member: Member, shown: Shown, why: str | None = None) -> Mapping[str, Any]:
    """Return what the recipient said sealed of how it ended: `code`, `got_help`, `barriers`, `redirect`; or nothing.

    Raises:
        InvalidRequest: the referral is not the member's, who did not say `why` (R46).
    """
    line = _last(shown)
    manifest = line.statement.manifest if line else None
    if manifest is None or not any(p.hash == manifest and p.manifest.to == member.agency for p in shown.packets):
        return {}
    found = opening.open_handoff(member, shown.id, packet=manifest, why=why)
    reply: Any = found[0].sections.get(opening.REPLY) if found else None
    return reply if isinstance(reply, dict) else {}


def month_of(at: int) -> str:
    """Return the month of a time, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def _end(member: Member, handoff: str, end: End, given: Mapping[str, Any], why: str | None) -> dict[str, Any]:
    """Keep the record first, so that no loop is ever closed without one; then say it."""
    shown, (kind, after) = reading.show(member, handoff), _SAYS[end]
    if kind in shown.possible:
        _keep(member, _value(shown, end, given, told(member, shown, why)))
    elif shown.from_agency == member.agency and shown.state not in after:
        raise IllegalTransition("This is not possible now.", state=shown.state, possible=list(shown.possible))
    return referrals.say(member, kind, shown, {})


def _value(shown: Shown, end: End, given: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    line, asked = _last(shown), given.get("asked", ())
    answers = [row.answer for row in asked if row.answer]
    got = answers[-1] if answers else said.get("got_help")
    return {
        "handoff": shown.id,
        "end": end.value,
        "outcome": got if got in reasons.GOT_HELP else str(shown.state),
        "reason": given.get("reason") or reasons.reason(said.get("code")),
        "barriers": [*reasons.barriers([*_list(said.get("barriers")), *given.get("barriers", ())])],
        "grade": (line.statement.grade if line else Grade.HUB).value,
        "asked": [row.to_value() for row in asked],
        "then": given.get("then"),
    }


def _keep(member: Member, value: Mapping[str, Any]) -> None:
    try:
        _FORM(dict(value))
    except Malformed as error:
        raise InvalidRequest(
            "Say who was asked, when, how and what they answered, in the words of the list."
        ) from error
    before = next((row for row in records.listing(member, KIND) if row.value.get("handoff") == value["handoff"]), None)
    records.put(member, KIND, value, handoff=before.handoff if before else None)


def _last(shown: Shown) -> Line | None:
    """Return the statement by which the referral came back, or its outcome was told."""
    lines = [line for line in shown.lines if line.statement.type in _ENDS and line.standing == "effective"]
    return lines[-1] if lines and shown.state != "expired" else None


def _fact(row: records.Record, sent: Mapping[str, Any]) -> Fact:
    value = row.value
    return Fact(
        handoff=value["handoff"],
        to=sent["to"],
        service=sent.get("service"),
        needs=tuple(sent.get("needs") or ()),
        outcome=value["outcome"],
        reason=value["reason"],
        barriers=tuple(value["barriers"]),
        disputed=value["end"] == End.DISPUTED,
        area=sent.get("area"),
        age_band=sent.get("age_band"),
        sex=sent.get("sex"),
        month=month_of(row.at),
        again_for=sent.get("again_for"),
        grade=value["grade"],
    )


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []
