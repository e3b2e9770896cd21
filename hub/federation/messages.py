"""The message between hubs and the words in it: made, parsed, and checked against the peer's pinned key.

No network, no database. What a peer's statement and its receipt are worth is the intake's to say; here is only whether
an answer to one of ours proves what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, PeerMisbehaved
from hub.handofflog.merkle import includes, leaf_of
from hub.packets import shapes as a
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope
from hub.packets.encoding import canonical, from_b64u, parse_json
from hub.packets.multipart import Body
from hub.statements.grammar import STATEMENT_TYPE
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from hub.federation.store import Peer
    from hub.handoffs.outgoing import OutgoingMessage
    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement

_SHAPE = a.object_of(
    {
        "v": a.integer(1, 1),
        "id": a.identifier,
        "statement": a.at_least({}),
        "receipt": a.at_least({}),
        "seen": a.null_or(a.at_least({})),
    }
)


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message; nothing of it is verified."""

    id: str
    statement: bytes
    receipt: bytes
    seen: Checkpoint | None

    @classmethod
    def from_bytes(cls, data: bytes) -> Message:
        """Parse the part `message` (docs/protocol.md §9).

        Raises:
            Malformed: not of the grammar.
        """
        value = parse_json(data)
        _SHAPE(value)
        seen = None if value["seen"] is None else Checkpoint.from_value(value["seen"])
        return cls(value["id"], canonical(value["statement"]), canonical(value["receipt"]), seen)


def message_bytes(message_id: str, outgoing: OutgoingMessage, seen: dict[str, Any] | None) -> bytes:
    """Return the part `message` in canonical form."""
    documents = {"statement": parse_json(outgoing.statement), "receipt": parse_json(outgoing.receipt)}
    return canonical({"v": 1, "id": message_id, "seen": seen, **documents})


def compose(message_id: str, message: bytes, outgoing: OutgoingMessage) -> Body:
    """Return the body of a request, its files still on disk."""
    body = Body(message_id)
    body.add("message", message)
    if outgoing.manifest is not None:
        body.add("manifest", outgoing.manifest)
    for name, header, payload in outgoing.files:
        body.add(name.replace("/", "-"), header, payload)
    return body


def check_answer(data: bytes, peer: Peer, statement: bytes, *, now: int) -> VerifiedStatement:
    """Return the peer's answer to a statement that we sent: a receipt that proves itself, or a refusal.

    Raises:
        PeerMisbehaved: the answer is signed, but not by the peer, not on our statement, or not true.
        Malformed, TooLarge, Expired: it is no answer yet: no signed document, or a clock is wrong.
    """
    try:
        answer = verify_statement(data, peer, now=now, first=False)
        _check_answer(answer.statement, peer, statement)
    except BadSignature as error:
        raise PeerMisbehaved("The peer's answer does not prove what it says.") from error
    return answer


def checkpoint_of(receipt: VerifiedStatement) -> Checkpoint | None:
    """Return the checkpoint in a receipt, or None for a refusal."""
    found = receipt.statement.body.get("log")
    return None if found is None else Checkpoint.from_value(found)


def _check_answer(said: Statement, peer: Peer, about: bytes) -> None:
    named, body = Envelope.from_bytes(about, STATEMENT_TYPE), said.body
    if said.type not in {"hub.receipt", "hub.refused"}:
        raise BadSignature("A hub's word is neither a receipt nor a refusal.")
    if body["statement"] != named.hash or said.handoff != named.value["handoff"]:
        raise BadSignature("A hub's word is on another statement.")
    if said.type == "hub.receipt":
        log, proof = Checkpoint.from_value(body["log"]), [from_b64u(node) for node in body["proof"]]
        leaf = leaf_of(from_b64u(body["salt"]), about)
        if log.origin != peer.host or not includes(leaf, body["index"], log.size, proof, log.root):
            raise BadSignature("A receipt does not prove that the statement stands in the peer's log.")
