"""An agency destroys what its home hub keeps for it of a handoff, once its time is over (R45; docs/protocol.md §7.4).

Housekeeping at the own hub, as a re-wrap is: it takes no position, changes no state, goes to no peer. The statements
stay, so that it can be proven who was responsible when. When the time is over is in the agency's own records: a hub
knows no case, and looks only whether the handoff is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from hub.db import Store
from hub.errors import Forbidden, IllegalTransition
from hub.handoffs.custody import halted
from hub.handoffs.store import packet_files, packets
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.handoffs.ports import Machine
    from hub.handoffs.store import Handoff
    from hub.statements.grammar import Statement

DISCARD = "record.destroy"
_MAY = frozenset({Role.SUPERVISOR.value, Role.DATA_OFFICER.value})
"""Who knows the case, and who answers for its data; the two together decide in clients (`hub.client.closing`)."""


class Discards(Store):
    """The packets that were destroyed after their time."""

    def give_up(self, handoff: Handoff, agency: str, now: int) -> None:
        """Give up what is kept for an agency of a handoff: keys and payloads go when the sweep works it off."""
        c = packets.c
        shared = handoff.from_host == handoff.to_host  # then what it sent is the other agency's as well
        mine = c.to_agency == agency if shared else (c.to_agency == agency) | (c.from_agency == agency)
        here = (c.handoff == handoff.id) & mine & c.destroyed.is_(None)
        hashes = select(c.manifest).where(here)
        self._run(update(packet_files).where(packet_files.c.manifest.in_(hashes)).values(header=b""))
        self._run(update(packets).where(here).values(destroyed=now, discarded=now))

    def known(self, handoff: str) -> bool:
        """Return whether packets of a handoff were destroyed after their time."""
        query = select(packets.c.manifest).where(packets.c.handoff == handoff, packets.c.discarded.is_not(None))
        return self._connection.scalar(query.limit(1)) is not None


def discard(connection: Connection, handoff: Handoff, statement: Statement, machine: Machine | None, now: int) -> None:
    """Give up the packets that are sealed to the signer's agency, and what it sent to one that is at home elsewhere.

    Args:
        connection: the transaction, which holds the handoff's row.
        handoff: what the packets came with.
        statement: a verified `record.destroy` by a member of a party.
        machine: the machine of its kind; None for an own record, which has no steps.
        now: the time.

    Raises:
        Forbidden: the signer is neither supervisor nor data officer.
        IllegalTransition: somebody still has to act in the handoff, or its packets stand still.
    """
    if not statement.roles & _MAY:
        raise Forbidden("Only a supervisor or data officer has a case destroyed.", todo="Ask one of them.", rule="R45")
    view = machine and machine.view(connection, handoff, str(statement.agency), now)
    if view and (view.get("ball", "unknown") is not None or halted(connection, handoff.id) is not None):
        raise IllegalTransition(
            "This is still open, so nothing of it is destroyed.", state=str(view["state"]), possible=[]
        )
    Discards(connection).give_up(handoff, str(statement.agency), now)


def check_kept(connection: Connection, handoff: Handoff, statement: Statement) -> None:
    """Return if an own record takes a statement: the next version, or the hub's word that all of it is gone.

    Raises:
        IllegalTransition: it has no such step, or was destroyed.
    """
    gone = Discards(connection).known(handoff.id)
    if statement.type != ("packet.destroy" if gone else "record.put"):
        raise IllegalTransition(
            "An own record has no steps, and what was destroyed stays so.",
            state="destroyed" if gone else "kept",
            possible=[] if gone else ["record.put"],
        )
