"""A hub's log in memory, with the key documents that somebody puts in and their proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.handofflog import merkle
from hub.handofflog.note import sign_checkpoint
from hub.keys.pins import ProvenDocument
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import b64u, parse_json
from tests.support.factories import HOST, hub_entry, hub_signer, seed

if TYPE_CHECKING:
    from hub.packets.dsse import Envelope, Signer


class Served:
    """A hub's log in memory: whatever is put in can be proven."""

    def __init__(self, *envelopes: Envelope) -> None:
        self.documents = [hub_entry().to_bytes(), *(e.to_bytes() for e in envelopes)]

    def leaves(self) -> list[bytes]:
        return [merkle.leaf_of(seed(f"salt {n}"), document) for n, document in enumerate(self.documents)]

    def hash_at(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.leaves()[index]
        return merkle.node_hash(self.hash_at(level - 1, 2 * index), self.hash_at(level - 1, 2 * index + 1))

    def head(self) -> Checkpoint:
        return Checkpoint(HOST, len(self.documents), merkle.root(len(self.documents), self.hash_at))

    def note(self, key: Signer | None = None) -> str:
        return sign_checkpoint(self.head(), key or hub_signer())

    def consistency(self, old: int) -> tuple[bytes, ...]:
        return merkle.consistency(old, len(self.documents), self.hash_at)

    def proven(self) -> list[ProvenDocument]:
        size = len(self.documents)
        return [
            ProvenDocument(d, n, seed(f"salt {n}"), merkle.inclusion(n, size, self.hash_at))
            for n, d in enumerate(self.documents)
            if n
        ]

    def answer(self, documents: list[ProvenDocument] | None = None) -> dict[str, Any]:
        """What a hub answers to somebody who asks for the agency."""
        return {"checkpoint": self.note(), "entries": [row_of(one) for one in documents or self.proven()]}


def row_of(proven: ProvenDocument) -> dict[str, Any]:
    """A proven document as JSON."""
    proof = [b64u(node) for node in proven.proof]
    return {
        "document": parse_json(proven.document),
        "index": proven.index,
        "salt": b64u(proven.salt),
        "proof": proof,
    }
