"""A peer's words brought to a desk: what is said may lie, the receipt that comes with it is the peer's own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hub.handofflog.store import HandoffLog
from hub.keys.store import KeyStore
from hub.packets.checkpoint import Checkpoint
from hub.statements.receipts import Receipt, receipt_value
from hub.statements.verify import verify_statement
from tests.support.desks import hub_statement

if TYPE_CHECKING:
    from hub.handoffs.outgoing import OutgoingMessage
    from hub.statements.grammar import Statement
    from tests.support.desks import Desk


def says(desk: Desk, peer: Desk, said: bytes) -> Statement:
    """Log a statement at the peer and bring it to the desk with the peer's receipt; return the desk's answer."""
    now, host = peer.hub.clock.now(), peer.hub.origin
    with desk.hub.database.read() as connection:
        verified = verify_statement(said, KeyStore(connection), now=now)
    with peer.hub.database.write() as connection:
        log = HandoffLog(connection, host)
        entry = log.append(verified.document, now=now)
        head = log.head()
        proof = log.inclusion(entry.index)
    receipt = Receipt(verified.hash, Checkpoint(host, head.size, head.root), entry.index, entry.salt, proof)
    word = hub_statement("hub.receipt", host, verified.statement.handoff, receipt_value(receipt), now)
    with desk.hub.database.write() as connection:
        answer = desk.intake.receive(connection, peer=host, statement=said, receipt=word, packet=None)
    return _read(desk, answer)


def arrives(desk: Desk, peer: str, message: OutgoingMessage, files: list[tuple[str, bytes]]) -> Statement:
    """Bring a peer's message, packet and all, to the desk; return the desk's answer."""
    assert message.manifest is not None
    staged = desk.intake.stage(message.manifest, [(name, io.BytesIO(data)) for name, data in files])
    with desk.hub.database.write() as connection:
        answer = desk.intake.receive(
            connection, peer=peer, statement=message.statement, receipt=message.receipt, packet=staged
        )
    staged.close()
    return _read(desk, answer)


def _read(desk: Desk, answer: bytes) -> Statement:
    with desk.hub.database.read() as connection:
        return verify_statement(answer, KeyStore(connection), now=desk.hub.clock.now()).statement
