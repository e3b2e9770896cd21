"""Rows of what networks and their agencies signed. SQL only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, func, select

from hub.db import Store, metadata
from hub.ids import host_of
from hub.packets.encoding import canonical, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.directory.networks.document import Document

network_documents = Table(
    "network_documents",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("name", String(500), primary_key=True),
    Column("host", String(261), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)


class Networks(Store):
    """What networks and their agencies signed, inside the caller's transaction: of each the newest."""

    def newest(self, said: Document) -> int:
        """Return when the one that is kept in this place was signed; 0 where there is none."""
        c = network_documents.c
        row = self._one(select(c.at).where(c.agency == said.by, c.name == said.key))
        return 0 if row is None else int(row["at"])

    def of_agency(self, agency: str) -> int:
        """Return how many documents of an agency are kept."""
        count = select(func.count()).where(network_documents.c.agency == agency)
        return int(self._connection.scalar(count) or 0)

    def put(self, said: Document, document: Mapping[str, Any]) -> None:
        """Keep a document in place of the one before."""
        row = {"host": host_of(said.by), "at": said.at, "envelope": canonical(dict(document))}
        self._put(network_documents, agency=said.by, name=said.key, **row)

    def documents(self, host: str | None = None) -> list[dict[str, Any]]:
        """Return the documents of the agencies of one hub, or of all."""
        c = network_documents.c
        query = select(c.envelope).order_by(c.agency, c.name)
        return [
            parse_json(bytes(row["envelope"]))
            for row in self._all(query if host is None else query.where(c.host == host))
        ]

    def forget(self, host: str) -> None:
        """Let go of what the agencies of a hub signed: it is no peer any more."""
        self._run(delete(network_documents).where(network_documents.c.host == host))
