"""What the handoffs room does by the clock: finish deletions, and sweep away payloads that no row names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.handoffs.store import PacketStore

if TYPE_CHECKING:
    from hub.context import Hub
    from hub.handoffs.intake import Intake


def purge_packets(hub: Hub) -> int:
    """Destroy keys and payloads of withdrawn packets, and payloads that a crash left without a row; return how many.

    A deletion is promised in the transaction that withdraws and done here, as often as it takes.
    """
    intake: Intake = hub.intake
    with hub.database.read() as connection:
        done = intake.purge(connection)
        known = PacketStore(connection).ids()
    return done + intake.blobs.sweep(known, hub.wire.now())
