"""Taking in a peer's message: who sent it, whether these are its bytes, once and only once.

Order: signature on the headers, nonce, then the body to disk while it is hashed, then its digest; only then is anything
of it read. The same message again is answered with the same bytes. Effect and answer commit together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import (
    BadSignature,
    Forbidden,
    InvalidRequest,
    Malformed,
    PeerMisbehaved,
    Replayed,
    Unavailable,
    UnknownSigner,
)
from hub.federation.body import MAX_MESSAGE, OVERHEAD, content_length, receive
from hub.federation.deliver import alarm
from hub.federation.messages import Message, checkpoint_of
from hub.federation.pull import pull_peer
from hub.federation.signing import Request, verify_request
from hub.federation.store import Peers
from hub.handofflog.guard import compare_seen
from hub.handofflog.store import HandoffLog
from hub.inbox.store import Inbox
from hub.packets.dsse import MAX_ENVELOPE
from hub.packets.encoding import b64u
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.federation.body import Received
    from hub.federation.signing import Signed
    from hub.federation.store import Peer
    from hub.handoffs.blobs import ReceivedPacket
    from hub.statements.verify import VerifiedStatement


def authenticate(hub: Hub, request: Request, environ: dict[str, Any]) -> tuple[Peer, Signed]:
    """Return the peer that signed a request; its nonce is used up and a back-off towards it ends.

    Raises:
        Unauthenticated: not signed by a peer of ours as docs/protocol.md §9 wants it.
        Replayed: the very same request came before.
        InvalidRequest: no length.
    """
    now = hub.wire.now()
    length = content_length(environ) if request.method != "GET" else 0
    with hub.database.read() as connection:
        known = {peer.keyid: peer for peer in Peers(connection).all()}
    keys = {keyid: peer.sign for keyid, peer in known.items()}
    signed = verify_request(request, keys.get, now=now, size=length)
    peer = known[signed.keyid]
    with hub.database.write() as connection:
        Peers(connection).use_nonce(peer.host, signed.nonce, until=signed.until)
        Peers(connection).heard(peer.host)
    return peer, signed


def take_message(hub: Hub, peer: Peer, signed: Signed, environ: dict[str, Any]) -> bytes:
    """Return our signed answer to the message in a request of this peer.

    Raises:
        InvalidRequest, PacketError: it is not what it should be.
        Forbidden: the peer has shown two logs.
        Unavailable: the peer has seen a log of ours that is not the present one.
    """
    received = receive(environ, hub.settings.max_packet + OVERHEAD)
    try:
        if received.digest != signed.digest:
            raise BadSignature("The body is not the one that was signed.")
        message = Message.from_bytes(received.small("message", MAX_MESSAGE))
        if message.id != signed.message:
            raise Malformed("The message's id is not the one that was signed.")
        with hub.database.read() as connection:
            known = _known(connection, peer, message, signed)
            _compare(connection, hub, peer, message)
        return known or _take(hub, peer, message, signed, received)
    finally:
        received.close()


def _take(hub: Hub, peer: Peer, message: Message, signed: Signed, received: Received) -> bytes:
    packet = None
    files = received.files()
    if "manifest" in received.parts:
        packet = hub.intake.stage(received.small("manifest", MAX_ENVELOPE), files)
    elif files:
        raise InvalidRequest("A packet has a manifest.")
    try:
        return _commit(hub, peer, message, signed, packet)
    except UnknownSigner:
        pull_peer(hub, peer)
        return _commit(hub, peer, message, signed, packet)
    finally:
        if packet is not None:
            packet.close()


def _commit(hub: Hub, peer: Peer, message: Message, signed: Signed, packet: ReceivedPacket | None) -> bytes:
    receipt = verify_statement(message.receipt, peer, now=hub.clock.now(), first=False)
    with hub.database.write() as connection:
        Peers(connection).lock(peer.host)
        known = _known(connection, peer, message, signed)
        if known is not None:
            return known
        answer: bytes = hub.intake.receive(
            connection, peer=peer.host, statement=message.statement, receipt=message.receipt, packet=packet
        )
        _saw(connection, peer, receipt)  # the intake has checked what it proves
        Inbox(connection).keep(peer.host, message.id, digest=signed.digest, answer=answer, now=hub.clock.now())
    return answer


def _known(connection: Connection, peer: Peer, message: Message, signed: Signed) -> bytes | None:
    try:
        return Inbox(connection).answer(peer.host, message.id, signed.digest)
    except Replayed:
        alarm(peer.host, "the same message id with other bytes")
        raise


def _saw(connection: Connection, peer: Peer, receipt: VerifiedStatement) -> None:
    log = checkpoint_of(receipt)
    try:
        if log is not None:
            Peers(connection).saw(peer.host, log.size, b64u(log.root))
    except PeerMisbehaved as error:
        alarm(peer.host, "two logs of the same size")
        raise Forbidden("This hub has been shown two different logs of yours.") from error


def _compare(connection: Connection, hub: Hub, peer: Peer, message: Message) -> None:
    """Hold what the peer has seen of our log against it: a restored backup shows here, too."""
    if message.seen is None:
        return
    try:
        compare_seen(HandoffLog(connection, hub.origin), message.seen)
    except Unavailable:
        alarm(peer.host, "has seen a log of ours that is not the present one")
        raise
