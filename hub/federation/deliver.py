"""Delivery: the oldest word of each queue, one at a time, until the peer has proven that it has it.

Holds no transaction while it talks. Rules: what no repetition can mend, and what a truthful peer cannot say, stops the
queue and alarms; everything else waits, longer each time. The answer, the end of the delivery and what the answer does
here commit together; a crash before that sends the same bytes again and gets the same answer.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from hub.errors import HubError, Malformed, PeerError, PeerMisbehaved, PeerRefused, PeerUnreachable
from hub.federation.line import Line
from hub.federation.messages import check_answer, checkpoint_of, compose, message_bytes
from hub.federation.store import Peers
from hub.outbox.store import Outbox
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.federation.store import Peer
    from hub.handoffs.outgoing import OutgoingMessage
    from hub.outbox.store import Claim
    from hub.statements.verify import VerifiedStatement

PATH = "/federation/v1/messages"
LEASE, RENEW = 20, 5
"""Seconds for which a claim holds, and between two renewals. So long a queue stands when its worker is killed; a claim
that lapses under a living worker does no harm, as the second worker sends the same bytes and gets the same answer."""
MAX_QUEUES = 16
"""Queues that one process serves at a time, so that a slow peer holds back nobody but itself."""
_log = logging.getLogger("hub.federation")


def alarm(peer: str, reason: str) -> None:
    """Tell the operator that a peer needs a person (docs/operations.md)."""
    _log.error("ALARM peer %s: %s", peer, reason)


class Holding:
    """Renews the claim that a queue's thread holds for as long as this process lives, whatever the thread waits for."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._lost = hub, False
        self._claim: Claim | None = None
        self._lock, self._ended = threading.Lock(), threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()

    def hold(self, claim: Claim) -> None:
        """Renew this claim from now on."""
        with self._lock:
            self._claim, self._lost = claim, False

    def release(self, claim: Claim) -> Claim:
        """Renew no more; return the claim as it was renewed last."""
        with self._lock:
            held, self._claim = self._claim, None
        return held or claim

    def check(self) -> None:
        """Return if the claim is still ours.

        Raises:
            PeerUnreachable: another worker has taken the message over.
        """
        if self._lost:
            raise PeerUnreachable("Another worker sends this message.")

    def _beat(self) -> None:
        while not self._ended.wait(RENEW):
            try:
                self._renew()
            except Exception as error:  # noqa: BLE001 - a thread's last resort; the next beat may do better
                _log.error("a claim could not be renewed: %s", type(error).__name__)

    def _renew(self) -> None:
        with self._lock:
            if self._claim is None:
                return
            with self._hub.database.write() as connection:
                self._claim = Outbox(connection).renew(self._claim, self._hub.wire.now() + LEASE)
            self._lost = self._claim is None


def deliver_all(hub: Hub, *, patience: float) -> int:
    """Serve each queue that is due in a thread, wait at most `patience` seconds, return how many words were delivered.

    A thread that takes longer goes on by itself: its message is claimed, and its process may end at any time.
    """
    counts: list[int] = []
    due = peers_due(hub)[:MAX_QUEUES]
    threads = [threading.Thread(target=_serve, args=(hub, peer, counts), daemon=True) for peer in due]
    for thread in threads:
        thread.start()
    until = hub.wire.now() + patience
    for thread in threads:
        thread.join(max(0.1, until - hub.wire.now()))
    return sum(counts)


def peers_due(hub: Hub) -> list[Peer]:
    """Return the peers whose next word may be sent now."""
    now = hub.wire.now()
    with hub.database.read() as connection:
        waiting = Outbox(connection).peers_due(now)
        known = {peer.host: peer for peer in Peers(connection).all()}
        resting = Peers(connection).backing_off(now)
    return [known[host] for host in waiting if host in known and host not in resting]


def _serve(hub: Hub, peer: Peer, counts: list[int]) -> None:
    try:
        counts.append(deliver_queue(hub, peer))
    except Exception as error:  # noqa: BLE001 - a thread's last resort; text of an unknown error may hold content
        _log.error("delivery to %s failed: %s", peer.host, type(error).__name__)


def deliver_queue(hub: Hub, peer: Peer) -> int:
    """Send a peer's words in their order until none is left or one has to wait; return how many were delivered."""
    delivered = 0
    private = hub.settings.private_peers
    with Line(peer.url, hub.signer, hub.wire, private=private) as line, Holding(hub) as holding:
        while (claimed := _claim(hub, peer.host)) is not None:
            claim, outgoing = claimed
            if outgoing is None:
                continue
            holding.hold(claim)
            if not _deliver(hub, line, peer, claim, outgoing, holding):
                break
            delivered += 1
    return delivered


def _claim(hub: Hub, host: str) -> tuple[Claim, OutgoingMessage | None] | None:
    with hub.database.write() as connection:
        outbox = Outbox(connection)
        claim = outbox.claim(host, hub.wire.now(), LEASE)
        if claim is None:
            return None
        if hub.intake.parked(connection, claim.statement):
            outbox.park(claim)
            return claim, None
        outgoing = hub.intake.message(connection, claim.statement)
        if outgoing is None:
            outbox.drop(claim.id, hub.clock.now())
        elif claim.message is None:
            claim = replace(claim, message=message_bytes(claim.id, outgoing, Peers(connection).get(host).seen))
            outbox.freeze(claim)
        return claim, outgoing


def _deliver(hub: Hub, line: Line, peer: Peer, claim: Claim, outgoing: OutgoingMessage, holding: Holding) -> bool:
    try:
        answer = line.post(PATH, claim.id, compose(claim.id, claim.message or b"", outgoing), holding.check)
        _finish(hub, peer, claim, outgoing.statement, answer)
    except (PeerRefused, PeerMisbehaved) as error:
        _stop(hub, holding.release(claim), error)
    except (HubError, OSError) as error:
        _log.info("word to %s waits: %s", peer.host, getattr(error, "code", "file"))
        _wait(hub, holding.release(claim))
    else:
        return True
    return False


def _finish(hub: Hub, peer: Peer, claim: Claim, statement: bytes, data: bytes) -> None:
    answer = check_answer(data, peer, statement, now=hub.clock.now())
    log = checkpoint_of(answer)
    with hub.database.write() as connection:
        peers = Peers(connection)
        peers.heard(peer.host)
        if log is not None:
            peers.saw(peer.host, log.size, b64u(log.root))
        if Outbox(connection).sent(claim.id, hub.clock.now()):
            _note(hub, connection, peer, claim, answer)


def _note(hub: Hub, connection: Connection, peer: Peer, claim: Claim, answer: VerifiedStatement) -> None:
    try:
        hub.intake.answered(connection, statement_hash=claim.statement, peer=peer.host, answer=answer)
    except Malformed as error:
        raise PeerMisbehaved("The peer's answer speaks of what cannot be.") from error


def _stop(hub: Hub, claim: Claim, error: PeerError) -> None:
    reason = " ".join([error.code, *(str(value) for value in error.facts.values())])
    with hub.database.write() as connection:
        Outbox(connection).stop(claim, reason)
    alarm(claim.peer, reason)


def _wait(hub: Hub, claim: Claim) -> None:
    with hub.database.write() as connection:
        Outbox(connection).later(claim)
        Peers(connection).back_off(claim.peer, hub.wire.now())
