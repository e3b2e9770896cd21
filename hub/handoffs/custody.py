"""Whether anything of a handoff's packets may be given out or taken in now.

One guard for whoever serves a header, sends to a peer or takes a packet in: a withdrawal stops all three for good, a
freeze for the moment. The caller holds the handoff's row lock, so that of a download and a withdrawal exactly one is
first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from hub.errors import ConsentMissing
from hub.handoffs.store import HandoffStore, PacketStore

if TYPE_CHECKING:
    from sqlalchemy import Connection

WITHDRAW = "consent.withdraw"


class Halt(StrEnum):
    """Why the packets of a handoff stand still."""

    WITHDRAWN = "withdrawn"
    FROZEN = "frozen"


_WHY = {
    Halt.WITHDRAWN: "Consent was withdrawn: nothing more about this child is taken or given.",
    Halt.FROZEN: "Stopped for the moment at the giver's wish.",
}


def halted(connection: Connection, handoff: str) -> Halt | None:
    """Return why nothing of a handoff moves now, or None; a withdrawal counts from when it is signed here."""
    packets = PacketStore(connection)
    if packets.given_up(handoff) or HandoffStore(connection).is_waiting(handoff, WITHDRAW):
        return Halt.WITHDRAWN
    return Halt.FROZEN if packets.frozen(handoff) is not None else None


def check_moving(connection: Connection, handoff: str) -> None:
    """Return if packets of a handoff may be given out and taken in now.

    Raises:
        ConsentMissing: consent was withdrawn, or the packets are frozen.
    """
    halt = halted(connection, handoff)
    if halt is not None:
        raise ConsentMissing(_WHY[halt], rule="R04")
