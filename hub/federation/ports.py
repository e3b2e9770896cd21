"""What federation asks of the rest of the hub: take in a peer's word, give out ours, note the answer.

`hub.handoffs.intake` fulfils `Intake`. Connections are `Any` here: ports know no library.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hub.statements.verify import VerifiedStatement


class ReceivedPacket(Protocol):
    """A packet as it came: its manifest and whole age files on disk, named as in the manifest. Nothing is trusted yet.

    Whoever accepts the packet moves the files; `close` removes those that are left.
    """

    manifest: bytes
    files: dict[str, Path]

    def close(self) -> None:
        """Remove what was not taken."""
        ...


class OutgoingMessage(Protocol):
    """What is sent for one statement: it, our receipt for it, and its packet if it has one."""

    @property
    def statement(self) -> bytes:
        """The statement's envelope."""
        ...

    @property
    def receipt(self) -> bytes:
        """Our `hub.receipt` for it."""
        ...

    @property
    def manifest(self) -> bytes | None:
        """The manifest of the packet."""
        ...

    @property
    def files(self) -> tuple[tuple[str, bytes, Path], ...]:
        """(name as in the manifest, age header, path of all bytes after the header), the body first."""
        ...


class Intake(Protocol):
    """The use cases of the handoffs room that federation calls. No method talks to the network."""

    def stage(self, manifest: bytes, files: Iterable[tuple[str, IO[bytes]]]) -> ReceivedPacket:
        """Copy the parts of a packet to the disk where payloads live, before any transaction."""
        ...

    def receive(
        self, connection: Any, *, peer: str, statement: bytes, receipt: bytes, packet: ReceivedPacket | None
    ) -> bytes:
        """Take a peer's statement in and return the answer: a signed `hub.receipt` or `hub.refused` envelope.

        Runs inside the caller's write transaction, which also keeps the answer. Raises UnknownSigner when keys of
        the peer are missing (federation then pulls them and asks once more), else any PacketError or InvalidRequest.
        """
        ...

    def message(self, connection: Any, statement_hash: str) -> OutgoingMessage | None:
        """Return what to send for a statement, or None when it was erased before it could be sent."""
        ...

    def answered(self, connection: Any, *, statement_hash: str, peer: str, answer: VerifiedStatement) -> None:
        """Note a peer's verified answer to our statement, in the transaction that ends its delivery."""
        ...
