"""Messages that peers have sent: each takes effect once, and is answered with the same bytes for ever.

Knows no content. `keep` stands in the transaction in which the message took effect: a crash leaves both or none.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, insert, select

from hub.db import Store, metadata
from hub.errors import Replayed

inbox = Table(
    "inbox",
    metadata,
    Column("peer", String(261), primary_key=True),
    Column("id", String(22), primary_key=True),
    Column("digest", String(43), nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)


class Inbox(Store):
    """What was received and how it was answered, inside the caller's transaction."""

    def answer(self, peer: str, message_id: str, digest: str) -> bytes | None:
        """Return the answer that this message was given before, or None when it is new.

        Raises:
            Replayed: the peer used the id before, with other bytes.
        """
        row = self._one(select(inbox).where(inbox.c.peer == peer, inbox.c.id == message_id))
        if row is None:
            return None
        if row["digest"] != digest:
            raise Replayed("A message id was used again for other bytes.")
        return bytes(row["answer"])

    def keep(self, peer: str, message_id: str, *, digest: str, answer: bytes, now: int) -> None:
        """Keep the answer to a message that has just taken effect."""
        self._run(insert(inbox).values(peer=peer, id=message_id, digest=digest, answer=answer, at=now))

    def purge(self, before: int) -> int:
        """Forget messages that took effect before `before`; return how many."""
        return self._run(delete(inbox).where(inbox.c.at < before))
