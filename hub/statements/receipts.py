"""Receipts: what a hub promises about a statement, and whether it proves it (docs/protocol.md §7.3).

The mathematics of the tree belongs to the log, a room above: a caller hands it in as a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import b64u, from_b64u, sha256

if TYPE_CHECKING:
    from hub.statements.verify import VerifiedStatement

Includes = Callable[[bytes, int, int, Sequence[bytes], bytes], bool]
"""(leaf hash, index, size, proof, root) -> whether the proof holds: `hub.handofflog.merkle.includes`."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The number of a submission among those of its sender to its recipient: a gap shows a withheld packet."""

    to: str
    seq: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A hub's word that a statement stands in its log; position and state come from the ordering hub only."""

    statement: str
    log: Checkpoint
    index: int
    salt: bytes
    proof: tuple[bytes, ...]
    position: int | None = None
    state: str | None = None
    chan: Channel | None = None


def receipt_value(receipt: Receipt) -> dict[str, Any]:
    """Return the body of the `hub.receipt` that says so."""
    return {
        "statement": receipt.statement,
        "log": receipt.log.value,
        "index": receipt.index,
        "salt": b64u(receipt.salt),
        "proof": [b64u(node) for node in receipt.proof],
        "position": receipt.position,
        "state": receipt.state,
        "chan": None if receipt.chan is None else asdict(receipt.chan),
    }


def read_receipt(answer: VerifiedStatement, about: VerifiedStatement, includes: Includes) -> Receipt:
    """Return the receipt in a verified `hub.receipt` about a statement, its inclusion proof checked.

    Whether the head it names goes on from earlier ones of that log is for whoever keeps those.

    Raises:
        BadSignature: no receipt, about another statement, of another hub's log, or its proof does not hold.
    """
    said, body = answer.statement, answer.statement.body
    if said.type != "hub.receipt" or body["statement"] != about.hash or said.handoff != about.statement.handoff:
        raise BadSignature("This is not a receipt for that statement.")
    receipt = _typed(body)
    if receipt.log.origin != said.hub:
        raise BadSignature("A receipt speaks of another hub's log than its signer's.")
    leaf = sha256(b"\x00", sha256(b"\x52", receipt.salt, about.document))
    if not includes(leaf, receipt.index, receipt.log.size, receipt.proof, receipt.log.root):
        raise BadSignature("A receipt does not prove that the statement stands in the log.")
    return receipt


def _typed(body: dict[str, Any]) -> Receipt:
    chan, proof = body["chan"], tuple(from_b64u(node) for node in body["proof"])
    return Receipt(
        **body
        | {
            "log": Checkpoint.from_value(body["log"]),
            "salt": from_b64u(body["salt"]),
            "proof": proof,
            "chan": None if chan is None else Channel(**chan),
        }
    )
