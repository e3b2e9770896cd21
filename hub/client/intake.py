"""A child who arrives without a packet, sent back by force or on their own: the case begins here, with two signatures.

Nothing is known but what the child says, so assessment and determination are due after arrival, each with a timer. How
the child came stands in a sealed note; a hub sees that a case began, and when the next contact is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from hub.client import cases, cosigning, records, timers, transfers
from hub.client.member import workspace
from hub.errors import Conflict, InvalidRequest
from hub.ids import random_id
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from hub.client.member import Member

INTAKE: Final = "transfer.intake"
MODES: Final = ("forced", "spontaneous")
RULE: Final = "R24"
_LABELS: Final = {"bia": "Best-interests assessment after arrival", "bid": "Best-interests determination after arrival"}
_WORKERS = frozenset({Role.CASEWORKER.value})


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a child came, and by when what was not done before is done; `second` is the supervisor who signs."""

    case: str
    """The record of the case file."""
    mode: str
    next: str
    """The day of the next contact."""
    bia_due: str
    bid_due: str
    second: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An intake that waits for its second signature: the leg, the register's reference, and where it waits."""

    leg: str
    case: str
    cosign: str
    timers: tuple[str, ...]


def intake(member: Member, arrival: Arrival, why: str | None = None) -> Begun:
    """Take a child in who came without a packet: prepare the register's beginning for the supervisor, set what is due.

    Raises:
        Conflict: this case was opened before.
        InvalidRequest: no such mode, or a determination is due before the assessment.
    """
    held = cases.load(member, arrival.case, why)
    if held.case is not None:
        raise Conflict("This case was opened before; one child has one register.", todo="See `hub transfer who-holds`.")
    if arrival.mode not in MODES or arrival.bid_due < arrival.bia_due:
        raise InvalidRequest(
            f"A child came {' or '.join(MODES)}; the assessment is due first, then the determination.",
        )
    leg, case = random_id(), random_id()
    by = [member.me(_WORKERS), transfers.second_signer(member, arrival.second)]
    note = {"handoff": leg, "case": held.record, "return_mode": arrival.mode}
    body = {"kind": "transfer_leg", "case": case, "next": arrival.next}
    with workspace() as folder:
        part = records.seal(member, folder, "note", note)
        said = member.statement(INTAKE, leg, body, by=by, part=part)
        waits = cosigning.hold(member, said, part, {**note, "begins": True})
    cases.link(member, held.record, case=case, leg=leg, why=why)
    days = {"bia": arrival.bia_due, "bid": arrival.bid_due}
    return Begun(leg, case, waits, tuple(_due(member, held.record, task, day) for task, day in days.items()))


def _due(member: Member, record: str, task: str, day: str) -> str:
    about = timers.About(_LABELS[task], record, RULE, {"task": task})
    return timers.set_timer(member, about, timers.calendar(member).end_of(date.fromisoformat(day)))
