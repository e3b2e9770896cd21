"""Checkpoints: what a log was at one size (docs/protocol.md §4.1, §7.3, §8).

A value and its JSON and note text. Signatures are in `hub.handofflog.note`, proofs in `hub.handofflog.merkle`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.packets import shapes as a
from hub.packets.encoding import b64, b64u, from_b64u, sha256

SHAPE = a.object_of({"origin": a.host, "size": a.integer(), "root": a.hash_})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, size and root: enough to prove later that nothing before it was changed."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @property
    def value(self) -> dict[str, Any]:
        """The checkpoint as a member of a JSON document."""
        return {"origin": self.origin, "size": self.size, "root": b64u(self.root)}

    @classmethod
    def from_value(cls, value: Any) -> Checkpoint:
        """Parse the member of a JSON document.

        Raises:
            Malformed: other members, or members of another form.
        """
        SHAPE(value)
        return cls(value["origin"], value["size"], from_b64u(value["root"]))

    @classmethod
    def empty(cls, origin: str) -> Checkpoint:
        """Return the checkpoint of a log without entries, by the hash of nothing (RFC 6962 §2.1)."""
        return cls(origin, 0, sha256())
