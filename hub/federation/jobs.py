"""What federation does by the clock; each job may run in any number of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.federation.deliver import deliver_all
from hub.federation.pull import pull_all

if TYPE_CHECKING:
    from hub.context import Hub

PATIENCE = 20.0


def deliver(hub: Hub) -> int:
    """Send what waits in the outbox; return how many words were delivered."""
    return deliver_all(hub, patience=PATIENCE)


def pull(hub: Hub) -> int:
    """Fetch the peers' keys and directories; return how many documents were new."""
    return pull_all(hub)
