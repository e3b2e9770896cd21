"""The clock of the holder's answer to a withdrawal, for every kind of handoff that can be withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.followup.domain import CUSTODY, start_beside
from hub.followup.store import FollowUps
from hub.handoffs.domain import HOLDERS
from hub.handoffs.recall import custody
from hub.notify.teller import Teller
from hub.notify.templates import WAITS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.handoffs.ports import Party


def watch_holder(connection: Connection, handoff: Party, origin: str, now: int) -> None:
    """Start or end the clock at the hub at `origin`, and tell the holder that it is asked (docs/protocol.md §7.7)."""
    known, clocks = custody(connection, handoff, origin), FollowUps(connection)
    running = clocks.get(handoff.id, CUSTODY)
    if known is None or not known.awaits(handoff.to_host):
        clocks.replace(handoff.id, None, CUSTODY)
    elif running is None:
        clock = start_beside(handoff.id, "holder_answer", now)
        clocks.replace(handoff.id, clock if handoff.from_host == origin else clock.mirrored(), CUSTODY)
        teller, key = Teller(connection, origin), f"{handoff.id}:withdrawn"
        teller.tell(handoff.to_agency, HOLDERS, WAITS, about=handoff.id, key=key, now=now)
