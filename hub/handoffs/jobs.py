"""What the handoffs room does by the clock: finish deletions, and sweep away payloads that no row names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.handoffs.store import PacketStore

if TYPE_CHECKING:
    from hub.context import Hub
    from hub.handoffs.intake import Intake


def erase_packets(hub: Hub) -> int:
    """Destroy keys and payloads of withdrawn packets; return how many.

    A deletion is promised in the transaction that withdraws and done here, as often as it takes.
    """
    intake: Intake = hub.intake
    with hub.database.read() as connection:
        return intake.purge(connection)


def purge_payloads(hub: Hub) -> int:
    """Remove payloads that a crash left without a row, a day after; return how many."""
    intake: Intake = hub.intake
    with hub.database.read() as connection:
        known = PacketStore(connection).ids()
    return intake.blobs.sweep(known, hub.wire.now())
