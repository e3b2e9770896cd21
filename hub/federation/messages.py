"""The message between hubs and the words in it: made, parsed, and checked against the peer's pinned key.

No network, no database. What a statement does is the intake's; here is only whether a receipt proves what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Malformed, PeerMisbehaved
from hub.federation.body import Body
from hub.handofflog.merkle import includes, leaf_of
from hub.packets import shapes as a
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope
from hub.packets.encoding import canonical, from_b64u, parse_json
from hub.statements.grammar import STATEMENT_TYPE
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from hub.federation.ports import OutgoingMessage
    from hub.federation.store import Peer
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
    """A parsed message; nothing of it is verified. `hash` is the statement's."""

    id: str
    statement: bytes
    receipt: bytes
    seen: Checkpoint | None
    hash: str

    @classmethod
    def from_bytes(cls, data: bytes) -> Message:
        """Parse the part `message` (docs/protocol.md §9).

        Raises:
            Malformed: not of the grammar.
        """
        value = parse_json(data)
        _SHAPE(value)
        seen = None if value["seen"] is None else Checkpoint.from_value(value["seen"])
        statement = canonical(value["statement"])
        named = Envelope.from_bytes(statement, STATEMENT_TYPE).hash
        return cls(value["id"], statement, canonical(value["receipt"]), seen, named)


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


def check_receipt(data: bytes, peer: Peer, statement: bytes, *, now: int) -> VerifiedStatement:
    """Return the peer's receipt for a statement, if it is the peer's and proves that the statement is in its log.

    Raises:
        BadSignature: another signer, another statement, another log, or a proof that does not hold.
        PacketError: not a statement at all, or dated in the future.
    """
    receipt = _word(data, peer, statement, now)
    if receipt.statement.type != "hub.receipt":
        raise BadSignature("A hub's word on a statement is not a receipt.")
    _check_proof(receipt.statement.body, statement, peer.host)
    return receipt


def check_answer(data: bytes, peer: Peer, statement: bytes, *, now: int) -> VerifiedStatement:
    """Return the peer's answer to a statement that we sent: a receipt that proves itself, or a refusal.

    Raises:
        PeerMisbehaved: the answer is signed, but not by the peer, not on our statement, or not true.
        Malformed, TooLarge, Expired: it is no answer yet: no signed document, or a clock is wrong.
    """
    try:
        answer = _word(data, peer, statement, now)
        if answer.statement.type != "hub.refused":
            _check_proof(answer.statement.body, statement, peer.host)
    except BadSignature as error:
        raise PeerMisbehaved("The peer's answer does not prove what it says.") from error
    return answer


def checkpoint_of(receipt: VerifiedStatement) -> Checkpoint | None:
    """Return the checkpoint in a receipt, or None for a refusal."""
    found = receipt.statement.body.get("log")
    return None if found is None else Checkpoint.from_value(found)


def _word(data: bytes, peer: Peer, statement: bytes, now: int) -> VerifiedStatement:
    word = verify_statement(data, peer, now=now, first=False)
    if word.statement.type not in {"hub.receipt", "hub.refused"}:
        raise BadSignature("A hub's word is neither a receipt nor a refusal.")
    named = Envelope.from_bytes(statement, STATEMENT_TYPE)
    if word.statement.body.get("statement") != named.hash or word.statement.handoff != named.value.get("handoff"):
        raise BadSignature("A hub's word is on another statement.")
    return word


def _check_proof(body: dict[str, Any], statement: bytes, host: str) -> None:
    try:
        log = Checkpoint.from_value(body["log"])
        proof = [from_b64u(node, 32) for node in body["proof"]]
        leaf = leaf_of(from_b64u(body["salt"], 32), statement)
    except (Malformed, KeyError) as error:
        raise BadSignature("A receipt has no proof.") from error
    if log.origin != host or not includes(leaf, body["index"], log.size, proof, log.root):
        raise BadSignature("A receipt does not prove that the statement stands in the peer's log.")
