"""Requests to freeze as rows. No row names a packet, and the key stands in the signed request alone.

`looked` says up to which entry of the log this hub has compared the responsible agency's submissions with the key; None
where that agency is at home elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from hub.db import Store, metadata
from hub.errors import NotFound
from hub.freeze.domain import Freeze, State
from hub.handoffs.store import packets, statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.handoffs.store import Row

freezes = Table(
    "freezes",
    metadata,
    Column("id", String(22), ForeignKey("handoffs.id"), primary_key=True),
    Column("from_agency", String(400), nullable=False),
    Column("to_agency", String(400), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("looked", BigInteger),
    Column("found", Boolean),
    Index(None, "from_agency", "asked_at"),
    Index(None, "state"),
)


class FreezeStore(Store):
    """Requests to freeze, through one connection; the caller owns the transaction."""

    def add(self, freeze: Freeze, *, here: bool) -> None:
        """Store a new request; `here`: the responsible agency is at home at this hub."""
        self._run(insert(freezes).values(**_columns(freeze), looked=0 if here else None))

    def find(self, freeze: str) -> Freeze | None:
        """Return a request, or None."""
        row = self._one(select(freezes).where(freezes.c.id == freeze))
        return None if row is None else _freeze(row)

    def get(self, freeze: str) -> Freeze:
        """Return a request.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.find(freeze)
        if found is None:
            raise NotFound("There is no such request to freeze here.")
        return found

    def save(self, freeze: Freeze) -> None:
        """Store what became of a request; the caller holds its handoff's row."""
        self._run(update(freezes).where(freezes.c.id == freeze.id).values(**_columns(freeze)))

    def asked_since(self, agency: str, since: int) -> int:
        """Return how many requests an agency has made since then."""
        mine = (freezes.c.from_agency == agency) & (freezes.c.asked_at > since)
        return int(self._connection.scalar(select(func.count()).select_from(freezes).where(mine)) or 0)

    def undecided(self, agency: str) -> int:
        """Return how many requests of an agency nobody has decided."""
        mine = (freezes.c.from_agency == agency) & (freezes.c.state == State.ASKED)
        return int(self._connection.scalar(select(func.count()).select_from(freezes).where(mine)) or 0)

    def found(self, freeze: str) -> bool | None:
        """Return whether any packet was found here, or None before it was looked for."""
        found: bool | None = self._connection.scalar(select(freezes.c.found).where(freezes.c.id == freeze))
        return found

    def open(self, size: int) -> Sequence[Row]:
        """Return undecided requests about agencies at home here that were not compared with a log of `size` entries."""
        todo = freezes.c.state == State.ASKED
        return self._all(select(freezes).where(todo, freezes.c.looked < size).order_by(freezes.c.id))

    def submissions(self, agency: str, start: int, end: int) -> Sequence[Row]:
        """Return an agency's submissions between two entries of the log of which the packet is still here."""
        joined = statements.join(packets, packets.c.manifest == statements.c.manifest)
        query = select(statements.c.handoff, statements.c.envelope, packets.c.packet).select_from(joined)
        span = (statements.c.log_index >= start) & (statements.c.log_index < end)
        theirs = (statements.c.agency == agency) & (statements.c.type == "referral.submit")
        return self._all(query.where(span, theirs, packets.c.destroyed.is_(None)))

    def looked(self, freeze: str, size: int, *, found: bool) -> None:
        """Note that a request was compared with all of a log of `size` entries."""
        seen = found or func.coalesce(freezes.c.found, False)
        self._run(update(freezes).where(freezes.c.id == freeze).values(looked=size, found=seen))


def _columns(freeze: Freeze) -> dict[str, Any]:
    return {name: getattr(freeze, name) for name in Freeze.__slots__}


def _freeze(row: Row) -> Freeze:
    values = {name: row[name] for name in Freeze.__slots__}
    return Freeze(**{**values, "state": State(row["state"])})
