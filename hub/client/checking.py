"""The gates of a transfer as a checklist, before anybody tries the step: nothing is signed, sealed or sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.client import cases, disagreements, judging, reading, records, transfers
from hub.client.judging import JOURNEY, Purpose
from hub.client.register import INTAKE
from hub.errors import NotFound

if TYPE_CHECKING:
    from hub.casefile.gates.ask import Result
    from hub.client.cases import CaseFile
    from hub.client.judging import Plan
    from hub.client.member import Member
    from hub.client.reading import Shown

_ANSWERED = {"accept": transfers.OFFER, "take": "transfer.release", "close": "transfer.release"}
"""Which statement of the sender a step of the receiver answers; what it was not shown stands on that word."""


def before_offer(
    member: Member, record: str, to: str, purpose: Purpose, leg: str, plan: Plan | None = None, why: str | None = None
) -> Result:
    """Return what the gates find before a case is offered; `leg` is the one that approvals name."""
    held = cases.load(member, record, why)
    told = purpose.to_value(judging.situation(held))
    facts: dict[str, Any] = {"holder": "sender", "disagreement": False, **judging.planned(plan)}
    known = judging.journey(member, told, leg, to, **facts)
    return judging.evaluate(member, "offer", held.sections, known, held.record)


def before(member: Member, leg: str, step: str, plan: Plan | None = None, why: str | None = None) -> Result:
    """Return what the gates find before a step on a leg, from the side of the own agency.

    Raises:
        NotFound: there is no such leg, or nothing of it was sent or kept here.
    """
    shown, theirs, disputed = reading.show(member, leg), None, False
    facts: dict[str, Any] = judging.planned(plan)
    if shown.submission.statement.type == INTAKE:  # it came from nobody, and is held from its first word on
        held = _taken_in(member, shown, why)
        told, facts["holder"] = Purpose("return").to_value(judging.situation(held)), "receiver"
    elif member.agency == shown.from_agency:
        sent = records.sent_copy(member, leg)
        held, told = cases.load(member, sent["case"], why, through=shown), sent[JOURNEY]
        disputed = disagreements.is_open(member, sent["basis"])
    else:
        shown, held, told, theirs = transfers.taken_in(member, leg, _ANSWERED.get(step, transfers.OFFER), why)
    facts["disagreement"] = disputed
    known = judging.journey(member, told, leg, shown.to_agency, shown, **facts)
    answered = theirs if step in _ANSWERED else None
    return judging.evaluate(member, step, held.sections, known, held.record, answered)


def _taken_in(member: Member, shown: Shown, why: str | None) -> CaseFile:
    known = cases.of_leg(member, shown.id)
    if known is None:
        raise NotFound("No case file of your agency goes by this leg.", todo="See `hub transfer list`.")
    return cases.load(member, known.record, why, through=shown)
