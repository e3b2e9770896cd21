"""What federation does by the clock; each job may run in any number of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.federation.deliver import deliver_all
from hub.federation.pull import pull_all
from hub.federation.store import Peers
from hub.inbox.store import Inbox
from hub.outbox.store import Outbox

if TYPE_CHECKING:
    from hub.context import Hub

PATIENCE = 20.0
KEEP_ANSWERS, KEEP_SENT = 400 * 86_400, 90 * 86_400
"""How long a peer may repeat a message and be given the same bytes (as old as a statement may be), and how long an
operator can look up what was sent. After that a repeated statement is still known by its hash, and does nothing new."""


def deliver(hub: Hub) -> int:
    """Send what waits in the outbox; return how many words were delivered."""
    return deliver_all(hub, patience=PATIENCE)


def pull(hub: Hub) -> int:
    """Fetch the peers' keys and directories; return how many documents were new."""
    return pull_all(hub)


def purge_messages(hub: Hub) -> int:
    """Forget what can no longer be asked for: nonces, old answers, words delivered long ago; return how many."""
    now = hub.clock.now()
    with hub.database.write() as connection:
        nonces = Peers(connection).purge_nonces(hub.wire.now())
        return nonces + Inbox(connection).purge(now - KEEP_ANSWERS) + Outbox(connection).purge(now - KEEP_SENT)
