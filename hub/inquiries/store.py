"""Capacity inquiries as rows. What was asked and answered is sealed and stands in no row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, insert, select, update

from hub.db import Store, metadata
from hub.errors import NotFound
from hub.inquiries.domain import Inquiry, State

if TYPE_CHECKING:
    from collections.abc import Mapping

inquiries = Table(
    "inquiries",
    metadata,
    Column("id", String(22), ForeignKey("handoffs.id"), primary_key=True),
    Column("from_agency", String(400), nullable=False),
    Column("to_agency", String(400), nullable=False),
    Column("asked_by", String(22), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", String(24), nullable=False),
    Column("position", Integer, nullable=False),
)


class InquiryStore(Store):
    """Inquiries, through one connection; the caller owns the transaction and holds the handoff's row."""

    def add(self, inquiry: Inquiry) -> None:
        """Store a new inquiry."""
        self._run(insert(inquiries).values(**_columns(inquiry)))

    def find(self, inquiry: str) -> Inquiry | None:
        """Return an inquiry, or None."""
        row = self._one(select(inquiries).where(inquiries.c.id == inquiry))
        return None if row is None else _inquiry(row)

    def get(self, inquiry: str) -> Inquiry:
        """Return an inquiry.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.find(inquiry)
        if found is None:
            raise NotFound("There is no such inquiry here.")
        return found

    def save(self, inquiry: Inquiry) -> None:
        """Store what became of an inquiry."""
        self._run(update(inquiries).where(inquiries.c.id == inquiry.id).values(**_columns(inquiry)))


def _columns(inquiry: Inquiry) -> dict[str, Any]:
    return {name: getattr(inquiry, name) for name in Inquiry.__slots__}


def _inquiry(row: Mapping[Any, Any]) -> Inquiry:
    values = {name: row[name] for name in Inquiry.__slots__}
    return Inquiry(**{**values, "state": State(row["state"])})
