"""What goes to a peer for a statement, as long as the peer is to learn of it at all.

A packet that was destroyed before it went out is not sent, and neither is any later word on a handoff that began with
it: the peer does not know of such a handoff, and now need not. Once a packet was on its way the peer may have it,
whatever it answered, and is told everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import NotFound
from hub.handoffs.custody import Halt, halted
from hub.handoffs.store import WAITING, HandoffStore, PacketStore
from hub.notify.events import Events

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from sqlalchemy import Connection

    from hub.handoffs.ports import Step
    from hub.handoffs.store import Handoff, Row

OWN_RECORD = "own_record"
SUBMISSIONS = {
    "referral.submit": "referral",
    "record.put": OWN_RECORD,
    "freeze.request": "freeze",
    "capacity.ask": "inquiry",
    "timer.set": "timer",
    "transfer.inquire": "transfer_leg",
    "transfer.offer": "transfer_leg",
    "transfer.intake": "transfer_leg",
    "transfer.notice": "notice",
    "transfer.assume": "succession",
    "case.open": "case",
    "case.hold": "case",
}
"""The kind of handoff that a statement of a type begins."""
ALSO_LATER = frozenset({"transfer.offer"})
"""Those that may come later as well, in a handoff that another of them began."""
SEALED_TO_SELF = frozenset({"record.put", "timer.set", "transfer.intake"})
"""The submissions with a packet that only the own agency reads."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What goes to a peer: a statement with our receipt for it and, where it has one, its packet."""

    statement: bytes
    receipt: bytes
    manifest: bytes | None
    files: tuple[tuple[str, bytes, Path], ...]
    """(name as in the manifest, age header, path of all bytes after the header), the body first."""


def outgoing(
    connection: Connection,
    statement_hash: str,
    *,
    origin: str,
    header: Callable[[Any], bytes],
    path: Callable[[str, str], Path],
    now: int,
) -> OutgoingMessage | None:
    """Return what the hub at `origin` sends for a statement, or None; then nobody waits for an answer any more."""
    store, packets = HandoffStore(connection), PacketStore(connection)
    row = store.statement(statement_hash)
    if row is None or not _heard_of(store, packets, row, origin):
        return None
    manifest = row["manifest"]
    if manifest is None:
        return OutgoingMessage(row["envelope"], row["answer"], None, ())
    store.get(row["handoff"], lock=True)  # as a withdrawal does: one of the two is first
    try:
        packet = packets.get(manifest)
        files = tuple((f["n"], header(f), path(manifest, f["psha256"])) for f in packets.files(manifest))
    except NotFound:
        if row["standing"] == WAITING:
            store.settle(statement_hash, standing="refused", position=None, state=None)
        return None
    packets.sent(manifest, now)
    return OutgoingMessage(row["envelope"], row["answer"], packet["envelope"], files)


def parked(
    connection: Connection,
    statement_hash: str,
    *,
    origin: str,
    spared: Callable[[Connection, Handoff], Collection[str]],
) -> bool:
    """Return whether a word waits until a freeze has ended.

    What the sender says with a packet does; and every word, if the peer has not heard of the handoff yet. The others
    pass it: each brings the state after it, so that the peer is of one mind with this hub whatever comes late.
    """
    store = HandoffStore(connection)
    row = store.statement(statement_hash)
    if row is None:
        return False
    # locked, as the end of a freeze does: a word that is parked after it would wait for ever
    handoff, manifest = store.get(row["handoff"], lock=True), row["manifest"]
    if halted(connection, handoff.id) is not Halt.FROZEN:
        return False
    if manifest is not None and manifest in spared(connection, handoff):
        return False
    packet = manifest is not None and row["agency"] == handoff.from_agency
    return packet or not _heard_of(store, PacketStore(connection), row, origin)


def _heard_of(store: HandoffStore, packets: PacketStore, row: Row, origin: str) -> bool:
    """Return whether the peer knows the handoff, or is to learn of it: the first word of ours begins it there."""
    handoff = store.get(row["handoff"])
    if handoff.from_host != origin or row["type"] in SUBMISSIONS:
        return True
    first = store.submissions(handoff.id, SUBMISSIONS)
    return packets.left(handoff.id) or any(word["host"] == handoff.to_host for word in store.receipts(first))


def tell_systems(connection: Connection, handoff: Handoff, kind: str, step: Step | None, now: int) -> None:
    """Tell the parties' own systems, where they asked for it, the step that a statement made, if it made one."""
    if step is not None:
        parties = {handoff.from_agency, handoff.to_agency}
        Events(connection).put(parties, kind=kind, handoff=handoff.id, state=step.state, now=now)
