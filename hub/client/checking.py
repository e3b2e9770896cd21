"""The gates of a transfer as a checklist, before anybody tries the step: nothing is signed, sealed or sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.client import cases, disagreements, judging, reading, records, transfers
from hub.client.judging import JOURNEY

if TYPE_CHECKING:
    from hub.casefile.gates.ask import Result
    from hub.client.judging import Plan, Purpose
    from hub.client.member import Member

_ANSWERED = {"accept": transfers.OFFER, "take": "transfer.release"}
"""Which statement of the sender a step of the receiver answers."""


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
    if member.agency == shown.from_agency:
        sent = records.sent_copy(member, leg)
        held, told = cases.load(member, sent["case"], why, through=shown), sent[JOURNEY]
        disputed = disagreements.is_open(member, sent["basis"])
    else:
        shown, held, told, theirs = transfers.taken_in(member, leg, _ANSWERED.get(step, transfers.OFFER), why)
    facts: dict[str, Any] = {"disagreement": disputed, **judging.planned(plan)}
    known = judging.journey(member, told, leg, shown.to_agency, shown, **facts)
    answered = theirs if step in _ANSWERED else None
    return judging.evaluate(member, step, held.sections, known, held.record, answered)
