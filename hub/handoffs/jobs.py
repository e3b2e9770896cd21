"""What the handoffs room does by the clock: finish deletions, and sweep away what no row names."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from hub.handoffs.store import HandoffStore, PacketStore
from hub.handoffs.uploads import Uploads

if TYPE_CHECKING:
    from hub.context import Hub
    from hub.handoffs.intake import Intake

_BATCH = 500
_BACKUPS = 8 * 86_400
"""For a week a database that is put back still opens what was re-wrapped since (docs/operations.md), and a day more."""


def erase_packets(hub: Hub, handoff: str | None = None) -> int:
    """Destroy keys and payloads of withdrawn packets, of one handoff or of all, and sign that it was done; how many.

    A deletion is promised in the transaction that withdraws and done here, as often as it takes: first what is on the
    disk, then, in one transaction with the row, the statement that it is gone.
    """
    intake: Intake = hub.intake
    with hub.database.read() as connection:
        doomed = PacketStore(connection).doomed(handoff)
    done = 0
    for name, rows in groupby(doomed, key=lambda row: str(row["handoff"])):
        todo = [row["manifest"] for row in rows]
        gone = [manifest for manifest in todo if intake.destroy(manifest)]
        if len(gone) < len(todo):  # what is said of a part of them could call a recall certain that is not
            continue
        with hub.database.write() as connection:
            done += intake.say_destroyed(connection, name, gone)
    return done


def replay_deletions(hub: Hub) -> int:
    """Destroy again, before anything is served, what a restored backup has brought back; return of how many packets."""
    intake: Intake = hub.intake
    found = intake.destroyed()
    for manifest in found:
        intake.destroy(manifest)
    forgotten = 0
    for start in range(0, len(found), _BATCH):
        with hub.database.write() as connection:
            packets = PacketStore(connection)
            for manifest in packets.still_live(found[start : start + _BATCH]):
                packets.erased(manifest, hub.clock.now())
                forgotten += 1
    return forgotten


def settle_headers(hub: Hub) -> int:
    """Forget the header keys that a re-wrap replaced over a week ago; return for how many.

    The packet's handoff is locked, as a re-wrap does: the headers that are read here are the newest.
    """
    intake: Intake = hub.intake
    done = 0
    for manifest in intake.header_keys.unsettled(hub.wire.now() - _BACKUPS):
        with hub.database.write() as connection:
            packets = PacketStore(connection)
            row = packets.find(manifest)
            if row is not None:
                HandoffStore(connection).get(row["handoff"], lock=True)
                file = packets.files(manifest)[0]
                done += intake.header_keys.settle(manifest, file["n"], file["header"])
    return done


def purge_payloads(hub: Hub) -> int:
    """Remove payloads that a crash left without a row, a day after, and replaced header keys; return how many."""
    intake: Intake = hub.intake
    settle_headers(hub)
    with hub.database.read() as connection:
        known = PacketStore(connection).ids()
    waited = Uploads(hub.settings.data, hub.settings.max_packet).sweep(hub.wire.now())
    return intake.blobs.sweep(known, hub.wire.now()) + waited
