"""Taking an agency's counts: verified, checked again, kept once; by its own hub and by the peers that pull them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope
from hub.reports.document import COUNTS_TYPE, read_counts, stated
from hub.reports.store import Published, ReportStore, counter_keys

if TYPE_CHECKING:
    from sqlalchemy import Connection


def take(connection: Connection, data: bytes, now: int) -> Published | None:
    """Keep a document; None, having changed nothing, where other counts of this agency and month are kept.

    Raises:
        PacketError: not of the grammar, or signed by nobody who may.
        InvalidRequest: not settled, or they tell a count that is below ten.
    """
    said = stated(data)
    counts = read_counts(data, counter_keys(KeyStore(connection), said.agency, said.at), now=now)
    envelope = Envelope.from_bytes(data, COUNTS_TYPE)
    if not ReportStore(connection).publish(counts.agency, counts.month, envelope, now):
        return None
    return Published(counts.agency, counts.month, envelope.hash)
