"""Who was trained to record consents: own records by a supervisor or an admin, never about themselves (R46).

Decides nothing: the rule is data of `consent` and reads `facts`. A record counts by its signature, not by what it says
of itself, since any member can put one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from hub.client import records
from hub.client.trust import devices_of
from hub.errors import Forbidden, InvalidRequest
from hub.packets import shapes as a
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.client.member import Member

KIND = "training"
TOPICS = ("bid", "consent")
"""What needs recorded training (R46): recording consents, and best-interests determinations."""
_TRAINERS = frozenset({Role.SUPERVISOR.value, Role.AGENCY_ADMIN.value})
_FORM = a.object_of(
    {"member": a.identifier, "topics": a.list_of(a.one_of(*TOPICS), len(TOPICS), 1), "until": a.date},
)


@dataclass(frozen=True, slots=True)
class Training:
    """Somebody's training, as `by` recorded it at `at`."""

    record: str
    member: str
    topics: tuple[str, ...]
    until: date
    by: str
    at: int


def record(member: Member, who: str, topics: Collection[str], until: date) -> str:
    """Record that a colleague is trained in `topics` until that day; the newest record counts. Return its handoff.

    Raises:
        Forbidden: it is about the member's own self, or the member is neither supervisor nor admin.
        WrongRecipient: nobody of that id is certified now.
        InvalidRequest: there is no such topic.
    """
    if who == member.id:
        raise Forbidden("Nobody records their own training.", todo="Ask another supervisor.", rule="R46")
    if not topics or not set(topics) <= set(TOPICS):
        raise InvalidRequest(f"Training is about: {', '.join(TOPICS)}.")
    devices_of(member.home(), who, member.clock.now())
    value = {"member": who, "topics": sorted(set(topics)), "until": until.isoformat()}
    return records.put(member, KIND, value, roles=_TRAINERS)


def listing(member: Member) -> list[Training]:
    """Return the trainings that count, newest first."""
    found = [row for row in records.listing(member, KIND) if records.of_form(row, _FORM)]
    rows = [row for row in found if row.by.role in _TRAINERS and row.by.member != row.value["member"]]
    return sorted(map(_training, rows), key=lambda row: (row.at, row.until), reverse=True)


def current(member: Member, who: str, topic: str, now: int) -> date | None:
    """Return the last day of somebody's training in a topic, or None when it has ended or never was."""
    return _current(listing(member), who, topic, now)


def facts(member: Member, now: int) -> dict[str, dict[str, str | None]]:
    """Return what rules may know of the member's own training: the last day by topic, None where there is none."""
    rows = listing(member)
    days = {topic: _current(rows, member.id, topic, now) for topic in TOPICS}
    return {"training": {topic: day.isoformat() if day else None for topic, day in days.items()}}


def _current(rows: list[Training], who: str, topic: str, now: int) -> date | None:
    until = next((row.until for row in rows if row.member == who and topic in row.topics), None)
    return until if until is not None and until >= datetime.fromtimestamp(now, UTC).date() else None


def _training(row: records.Record) -> Training:
    value = row.value
    return Training(
        row.handoff, value["member"], tuple(value["topics"]), date.fromisoformat(value["until"]), row.by.member, row.at
    )
