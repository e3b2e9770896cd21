"""Words promised to peers: written in the transaction of what they tell, sent later, each exactly in its turn.

Does not talk to anybody and does not know when a peer may be tried again: `hub.federation` does. Rules: one queue for
each peer, oldest first, one message in flight; a stopped message holds back all that stand behind it, so that a peer
never hears the second word before the first. `put` comes after the log append of the same transaction: the append
serialises writers, so the order of `seq` is the order of the log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from hub.db import Store, metadata
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Update


class Delivery(StrEnum):
    """How far a promised word is. `dropped` means that what it told was erased before it could be sent.

    `parked`: it waits for a person's decision about what it tells, and the words behind it do not wait for it.
    """

    WAITING = "waiting"
    SENT = "sent"
    STOPPED = "stopped"
    PARKED = "parked"
    DROPPED = "dropped"


outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(22), nullable=False, unique=True),
    Column("peer", String(261), nullable=False),
    Column("statement", String(43), nullable=False),
    Column("message", LargeBinary, nullable=True),
    Column("created", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=True),
    Column("reason", String(60), nullable=True),
    UniqueConstraint("peer", "statement"),
    Index("ix_outbox_open", "peer", "state", "seq"),
    sqlite_autoincrement=True,
)
_OPEN = outbox.c.state.in_((Delivery.WAITING, Delivery.STOPPED))


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this worker alone may send until `until`; `message` has the bytes of the first try."""

    id: str
    peer: str
    statement: str
    message: bytes | None
    tries: int
    until: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """A queue that waits for a person, and why."""

    peer: str
    reason: str


class Outbox(Store):
    """The promised words, inside the caller's transaction."""

    def put(self, peer: str, statement_hash: str, now: int) -> str:
        """Promise a statement to a peer and return the message's id; promising it again changes nothing."""
        same = (outbox.c.peer == peer) & (outbox.c.statement == statement_hash)
        known = self._connection.scalar(select(outbox.c.id).where(same))
        if known is not None:
            return str(known)
        message = random_id()
        row = {"id": message, "peer": peer, "statement": statement_hash, "created": now}
        self._run(insert(outbox).values(**row, state=Delivery.WAITING, tries=0, claimed_until=0))
        return message

    def waiting_since(self, peer: str) -> int | None:
        """Return since when the oldest word that the peer has not taken waits, or None."""
        here = (outbox.c.peer == peer) & _OPEN
        since = self._connection.scalar(select(func.min(outbox.c.created)).where(here))
        return None if since is None else int(since)

    def away(self, before: int) -> list[str]:
        """Return the peers of whose open words the oldest is from `before`, or earlier."""
        query = select(outbox.c.peer).where(_OPEN).group_by(outbox.c.peer)
        return list(self._connection.scalars(query.having(func.min(outbox.c.created) <= before)))

    def again(self, peer: str, statement_hash: str, now: int) -> None:
        """Promise a statement once more, as a new message, if the peer had its say on the first one already."""
        done = outbox.c.state.in_((Delivery.SENT, Delivery.DROPPED))
        self._run(delete(outbox).where(outbox.c.peer == peer, outbox.c.statement == statement_hash, done))
        self.put(peer, statement_hash, now)

    def peers_due(self, now: int) -> list[str]:
        """Return the peers whose oldest open message waits and is not in flight, longest waiting first."""
        oldest = select(func.min(outbox.c.seq)).where(_OPEN).group_by(outbox.c.peer)
        free = (outbox.c.state == Delivery.WAITING) & (outbox.c.claimed_until <= now)
        query = select(outbox.c.peer).where(outbox.c.seq.in_(oldest), free).order_by(outbox.c.seq)
        return list(self._connection.scalars(query))

    def claim(self, peer: str, now: int, lease: int) -> Claim | None:
        """Take the peer's oldest open message for `lease` seconds; None when none waits or one is in flight.

        One statement, so that of two workers one changes the row and the other finds it changed, on either database.
        """
        oldest = select(func.min(outbox.c.seq)).where(outbox.c.peer == peer, _OPEN).scalar_subquery()
        free = (outbox.c.state == Delivery.WAITING) & (outbox.c.claimed_until <= now)
        changed = update(outbox).where(outbox.c.seq == oldest, free).values(claimed_until=now + lease)
        columns = (outbox.c.id, outbox.c.statement, outbox.c.message, outbox.c.tries)
        row = self._connection.execute(changed.returning(*columns)).first()
        return None if row is None else Claim(row.id, peer, row.statement, row.message, row.tries, now + lease)

    def renew(self, claim: Claim, until: int) -> Claim | None:
        """Return the claim held until `until`, or None when another worker has taken it over."""
        changed = self._run(self._held(claim).values(claimed_until=until))
        return replace(claim, until=until) if changed else None

    def freeze(self, claim: Claim) -> None:
        """Keep the bytes of the first try: a later try with other bytes would be an alarm at the peer."""
        self._run(self._held(claim).values(message=claim.message))

    def sent(self, message_id: str, now: int) -> bool:
        """Note that the peer has it; return whether this is news."""
        return self._end(message_id, Delivery.SENT, now)

    def drop(self, message_id: str, now: int) -> bool:
        """Note that there is nothing left to send, and let the next one go."""
        return self._end(message_id, Delivery.DROPPED, now)

    def later(self, claim: Claim) -> None:
        """Give a claim back after a try without an answer; nothing happens if another worker holds it by now."""
        self._run(self._held(claim).values(claimed_until=0, tries=outbox.c.tries + 1))

    def park(self, claim: Claim) -> None:
        """Take a message out of its queue until `unpark`; those behind it go on."""
        self._run(self._held(claim).values(state=Delivery.PARKED, claimed_until=0))

    def unpark(self, statements: Sequence[str]) -> None:
        """Put what was parked back into its place in the queue."""
        named = outbox.c.statement.in_(statements) & (outbox.c.state == Delivery.PARKED)
        self._run(update(outbox).where(named).values(state=Delivery.WAITING))

    def stop(self, claim: Claim, reason: str) -> None:
        """Hold back the message and all behind it until a person resumes the queue."""
        values = {"state": Delivery.STOPPED, "reason": reason, "claimed_until": 0}
        self._run(self._held(claim).values(**values))

    def resume(self, peer: str) -> bool:
        """Let a stopped queue go on with the message at which it stopped; return whether it was stopped."""
        stopped = (outbox.c.peer == peer) & (outbox.c.state == Delivery.STOPPED)
        return bool(self._run(update(outbox).where(stopped).values(state=Delivery.WAITING, reason=None)))

    def stopped(self) -> list[Stopped]:
        """Return the queues that wait for a person."""
        query = select(outbox.c.peer, outbox.c.reason).where(outbox.c.state == Delivery.STOPPED)
        return [Stopped(*row) for row in self._connection.execute(query.order_by(outbox.c.seq))]

    def waiting(self, peer: str) -> int:
        """Return how many words a peer has not got yet."""
        query = select(func.count()).select_from(outbox).where(outbox.c.peer == peer, _OPEN)
        return int(self._connection.scalar(query) or 0)

    def purge(self, before: int) -> int:
        """Forget words that were delivered or dropped before `before`; return how many."""
        done = outbox.c.state.in_((Delivery.SENT, Delivery.DROPPED)) & (outbox.c.sent_at < before)
        return self._run(delete(outbox).where(done))

    def free_claims(self) -> None:
        """Forget all claims: for the start of the one process of a hub on SQLite, whose former self was killed."""
        self._run(update(outbox).where(outbox.c.claimed_until > 0).values(claimed_until=0))

    def _end(self, message_id: str, state: Delivery, now: int) -> bool:
        values = {"state": state, "sent_at": now, "message": None, "claimed_until": 0, "reason": None}
        return bool(self._run(update(outbox).where(outbox.c.id == message_id, _OPEN).values(**values)))

    @staticmethod
    def _held(claim: Claim) -> Update:
        mine = (outbox.c.id == claim.id) & (outbox.c.claimed_until == claim.until)
        return update(outbox).where(mine, outbox.c.state == Delivery.WAITING)
