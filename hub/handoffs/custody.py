"""Whether anything of a handoff's packets may be given out or taken in now, and what changes that.

One guard for whoever serves a header, sends to a peer or takes a packet in: a withdrawal stops all three for good, a
freeze for the moment. The caller holds the handoff's row lock, so that of a download and a withdrawal exactly one is
first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from hub.errors import Conflict, ConsentMissing
from hub.handoffs.domain import GIVES_UP, WITHDRAW
from hub.handoffs.store import HandoffStore, PacketStore
from hub.outbox.store import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from hub.handoffs.ports import Machine
    from hub.handoffs.store import Handoff

FREEZE, UNFREEZE = "consent.freeze", "consent.unfreeze"


class Halt(StrEnum):
    """Why the packets of a handoff stand still."""

    WITHDRAWN = "withdrawn"
    FROZEN = "frozen"


_WHY = {
    Halt.WITHDRAWN: "Consent was withdrawn: nothing more about this child is taken or given.",
    Halt.FROZEN: "Stopped for the moment at the giver's wish.",
}
_TODO = {
    Halt.WITHDRAWN: "Nobody can lift this. A new referral needs a new consent.",
    Halt.FROZEN: "Wait: the agency that sent it asks the giver, and decides within 24 hours.",
}


def halted(connection: Connection, handoff: str) -> Halt | None:
    """Return why nothing of a handoff moves now, or None; a withdrawal counts from when it is signed here."""
    packets = PacketStore(connection)
    if packets.given_up(handoff) or HandoffStore(connection).is_waiting(handoff, WITHDRAW):
        return Halt.WITHDRAWN
    return Halt.FROZEN if packets.frozen(handoff) is not None else None


def check_giving(connection: Connection, handoff: Handoff, manifest: str, machine: Machine | None) -> None:
    """Return if a packet of a handoff may be given to its recipient now; `machine` is that of its kind.

    Raises:
        ConsentMissing: a withdrawal was signed here, or the packets are frozen, and the machine does not spare this.
        Conflict: it is not given out before a further step; whoever re-wraps goes on with the next one.
    """
    if machine and manifest in machine.withheld(connection, handoff):
        raise Conflict("This is kept closed until the case is accepted.", todo="Accept it first, or decline.")
    spared = machine is not None and manifest in machine.spared(connection, handoff)
    halt = None if spared else halted(connection, handoff.id)
    if halt is not None:
        raise ConsentMissing(_WHY[halt], todo=_TODO[halt], rule="R04")


def check_taking(connection: Connection, handoff: Handoff, sender: str, origin: str) -> None:
    """Return if the hub at `origin` may take a packet of `sender` in now.

    A freeze stops the sender at its own hub. What was on its way to the other one is taken there and stands still, or
    it would be lost; and the recipient may answer.

    Raises:
        ConsentMissing: consent was withdrawn, or the sender's packets are frozen.
    """
    halt = halted(connection, handoff.id)
    if halt is Halt.WITHDRAWN or (halt and sender == handoff.from_agency and origin == handoff.from_host):
        raise ConsentMissing(_WHY[halt], todo=_TODO[halt], rule="R04")


def take_hold(connection: Connection, handoff: str, kind: str, spared: Callable[[], Collection[str]], now: int) -> None:
    """Let an effective statement of a type stop the packets of a handoff here, or let them move again."""
    packets = PacketStore(connection)
    if kind in GIVES_UP or packets.given_up(handoff):  # what was spared on the way is not once the leg has ended
        packets.mark_destroyed(handoff, spared(), now)
    elif kind == FREEZE:
        packets.freeze(handoff, now)
    elif kind == UNFREEZE:
        packets.unfreeze(handoff)
    if kind in GIVES_UP | {UNFREEZE}:
        Outbox(connection).unpark([row["hash"] for row in HandoffStore(connection).statements(handoff)])


def tell_again(connection: Connection, handoff: str, peer: str, now: int) -> None:
    """Promise a freeze once more to a peer that has the packet now: perhaps it knew of no such handoff before."""
    if halted(connection, handoff) is Halt.FROZEN:
        said = HandoffStore(connection).submissions(handoff, {FREEZE})
        for statement in said:
            Outbox(connection).again(peer, statement, now)
