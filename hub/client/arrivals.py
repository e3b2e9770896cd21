"""What has to be ready when somebody arrives: referrals needed from a day on, to which nobody has said yes (E8).

The day stands in the submission and in the sender's own records; the state is the hub's word, a list to work from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.client import reading, records
from hub.queues.domain import UNCONFIRMED

if TYPE_CHECKING:
    from datetime import date

    from hub.client.member import Member


@dataclass(frozen=True, slots=True)
class Arrival:
    """A referral that is not confirmed for the day from which it is needed."""

    needed_from: str
    handoff: str
    to: str
    state: str
    due: int | None


def unconfirmed(member: Member, today: date, days: int = 7) -> list[Arrival]:
    """Return what is needed up to `days` from today and not confirmed, the earliest first; the past included."""
    last = (today + timedelta(days=days)).isoformat()
    rows = (row.value for row in records.listing(member, "fanout"))
    wanted = {
        row["handoff"]: row["needed_from"] for row in rows if row.get("needed_from") and row["needed_from"] <= last
    }
    if not wanted:
        return []
    listed = {row["id"]: row for row in reading.pages(member, "referral", "out") if row["id"] in wanted}
    found = [
        Arrival(wanted[handoff], handoff, row["to_agency"], row["state"], row.get("due"))
        for handoff, row in listed.items()
        if row.get("state") in UNCONFIRMED
    ]
    return sorted(found, key=lambda one: (one.needed_from, one.handoff))
