"""Rows of the service map: records as documents, what was changed in them, and everything that is searched.

SQL only. `map_records` holds what is true; the other tables are derived from it by `hub.directory.servicemap.derive` in
the same transaction, so that no search opens a document. Both ids of a merged record lead to the one that was kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    select,
    text,
)

from hub.db import Store, batches, metadata
from hub.directory.records.visibility import PARTNERS, WHOLE, level_of, visible
from hub.directory.records.vocabulary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import RowMapping

ID: Final = 36
AGENCY: Final = 400
AREA: Final = 64
DAY: Final = 10
PATH: Final = 700
NEVER: Final = 9
"""In `here` and `covers`, which are the levels from which on that is known: not at all."""

map_records = Table(
    "map_records",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", String(261), nullable=False),
    Column("steward", String(AGENCY), nullable=False),
    Column("provider", String(ID)),
    Column("agency", String(AGENCY)),
    Column("level", Integer, nullable=False),
    Column("home", String(PATH), nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
    Column("source", String(200)),
    Column("source_key", String(200)),
    Column("document", Text, nullable=False),
    Index(None, "kind", "id"),
    Index(None, "provider"),
    Index(None, "source", "source_key"),
    Index(None, "moved_at"),
    Index(None, "steward", "kind"),
)

map_history = Table(
    "map_history",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("agency", String(AGENCY), nullable=False),
    Column("member", String(22), nullable=False),
    Column("how", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("change", Text, nullable=False),
)

map_aliases = Table(
    "map_aliases",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("kept", String(ID), nullable=False, index=True),
)

map_sites = Table(
    "map_sites",
    metadata,
    Column("service", String(ID), primary_key=True),
    Column("site", String(ID), primary_key=True),
    Index(None, "site"),
)

map_views = Table(
    "map_views",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("steward", String(AGENCY), nullable=False),
    Column("agency", String(AGENCY), nullable=False),
    Column("home", String(PATH), nullable=False),
    Column("public", LargeBinary),
    Column("partners", LargeBinary),
    Column("area", LargeBinary),
    Column("focal", LargeBinary, nullable=False),
)

map_postings = Table(
    "map_postings",
    metadata,
    Column("need", String(32), primary_key=True),
    Column("place", String(AREA), primary_key=True),
    Column("service", String(ID), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("here", Integer, nullable=False),
    Column("covers", Integer, nullable=False),
    Column("shown_until", String(DAY), nullable=False),
    Column("usable_until", String(DAY), nullable=False),
    Column("groups", Integer, nullable=False),
    Column("claimed", Boolean, nullable=False),
    Column("languages", String(200)),
    Index("ix_map_postings_match", "need", "place", "shown_until", "service", "level", "languages"),
    Index(
        "ix_map_postings_covers",
        "need",
        "place",
        "shown_until",
        "service",
        "covers",
        sqlite_where=text(f"covers < {NEVER}"),
        postgresql_where=text(f"covers < {NEVER}"),
    ),
    Index("ix_map_postings_service", "service"),
    Index("ix_map_postings_usable", "usable_until"),
)

map_points = Table(
    "map_points",
    metadata,
    Column("need", String(32), primary_key=True),
    Column("service", String(ID), primary_key=True),
    Column("site", String(ID), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("shown_until", String(DAY), nullable=False),
    Column("languages", String(200)),
    Index("ix_map_points_near", "need", "lat", "lon", "shown_until", "level", "service"),
    Index("ix_map_points_service", "service"),
)

map_words = Table(
    "map_words",
    metadata,
    Column("word", String(64).with_variant(String(64, collation="C"), "postgresql"), primary_key=True),
    Column("id", String(ID), primary_key=True),
    Column("weight", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Index(None, "id"),
)

map_due = Table(
    "map_due",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("grp", String(16), primary_key=True),
    Column("due", String(DAY), nullable=False),
    Column("limit_day", String(DAY), nullable=False),
    Column("rung", Integer, nullable=False),
    Column("told_at", BigInteger),
    Index(None, "due"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it stands. `home` is the path of the area that it belongs to, root first; "" where it has none.

    `level`: from which level on it is seen at all; what belongs to a provider is not seen before the provider.
    `changed_at`: when its own document changed; `moved_at`: when anything that is shown with it did.
    """

    id: str
    kind: str
    host: str
    steward: str
    provider: str | None
    agency: str | None
    level: int
    home: str
    version: int
    changed_at: int
    moved_at: int
    source: str | None
    source_key: str | None
    document: dict[str, Any]

    def seen(self, level: int) -> dict[str, Any] | None:
        """Return what somebody at a level sees of it, or None where it is not there for them."""
        return None if self.level > level else visible(self.kind, self.document, level)

    def beside(self, steward: str) -> dict[str, Any] | None:
        """Return what rows derived of a record that `steward` keeps may be made of, or None.

        To name a record is no right to see it: of what another agency keeps, that is no more than any partner sees.
        """
        if steward in {self.steward, self.agency}:
            marks = {**(self.document.get("visibility") or {}), **({WHOLE: LEVELS[self.level]} if self.level else {})}
            return {**self.document, **({"visibility": marks} if marks else {})}
        if (seen := self.seen(PARTNERS)) is None:
            return None
        marks = {name: LEVELS[PARTNERS] for name in seen if level_of(self.kind, self.document, name) == PARTNERS}
        return {**seen, "visibility": {**marks, WHOLE: LEVELS[self.level]}}


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a record: who made it, how it is known, and of each member the old and the new value."""

    version: int
    at: int
    agency: str
    member: str
    how: str
    note: str
    fields: dict[str, list[Any]]


class ServiceMap(Store):
    """Records of the service map, inside the caller's transaction."""

    def resolve(self, record: str) -> str:
        """Return the id of the record that an id leads to: its own, or the one it was merged into."""
        found = self._one(select(map_aliases.c.kept).where(map_aliases.c.id == record))
        return record if found is None else str(found["kept"])

    def merged(self, records: Iterable[str]) -> dict[str, str]:
        """Return, of those of some ids that were merged into others, the ids that they lead to."""
        found = self._in(map_aliases, map_aliases.c.id, sorted(set(records)))
        return {row["id"]: row["kept"] for row in found}

    def get(self, record: str) -> Row | None:
        """Return the record that an id leads to, or None."""
        return self.many([record]).get(record)

    def many(self, records: Iterable[str]) -> dict[str, Row]:
        """Return the records that ids lead to, by the id that was asked for."""
        asked = list(dict.fromkeys(records))
        kept = {row["id"]: row["kept"] for row in self._in(map_aliases, map_aliases.c.id, asked)}
        wanted = {kept.get(record, record) for record in asked}
        found = {row["id"]: _row(row) for row in self._in(map_records, map_records.c.id, sorted(wanted))}
        return {record: found[to] for record in asked if (to := kept.get(record, record)) in found}

    def unmerged(self, records: Iterable[str]) -> dict[str, Row]:
        """Return records by their own ids, as if nothing had been merged."""
        return {row["id"]: _row(row) for row in self._in(map_records, map_records.c.id, sorted(set(records)))}

    def naming(self, record: str) -> list[Row]:
        """Return the records whose document names a record, and that were not merged into others."""
        c = map_records.c
        named = c.document.contains(f'"{record}"', autoescape=True) & (c.id != record)
        return [_row(row) for row in self._all(select(map_records).where(named, c.id.not_in(select(map_aliases.c.id))))]

    def records(
        self,
        kind: str | None = None,
        *,
        where: Sequence[ColumnElement[bool]] = (),
        after: str = "",
        limit: int = 500,
    ) -> list[Row]:
        """Return records in the order of their ids, those after `after`; merged ones are not among them."""
        c = map_records.c
        asked = [c.id > after, c.id.not_in(select(map_aliases.c.id)), *where]
        asked += [] if kind is None else [c.kind == kind]
        return [_row(row) for row in self._all(select(map_records).where(*asked).order_by(c.id).limit(limit))]

    def services_of(self, providers: Iterable[str]) -> list[str]:
        """Return the ids of the services of some providers."""
        return self._belonging("service", providers)

    def sites_of(self, providers: Iterable[str]) -> list[str]:
        """Return the ids of the sites that belong to some providers."""
        return self._belonging("site", providers)

    def services_at(self, sites: Iterable[str]) -> list[str]:
        """Return the ids of the services that are given at some sites."""
        return sorted({row["service"] for row in self._in(map_sites, map_sites.c.site, sorted(set(sites)))})

    def history(self, record: str) -> list[Change]:
        """Return the versions of a record, the newest first."""
        c = map_history.c
        rows = self._all(select(map_history).where(c.id == self.resolve(record)).order_by(c.version.desc()))
        return [
            Change(
                row["version"],
                row["at"],
                row["agency"],
                row["member"],
                row["how"],
                row["note"],
                json.loads(row["change"]),
            )
            for row in rows
        ]

    def _belonging(self, kind: str, providers: Iterable[str]) -> list[str]:
        asked, c = sorted(set(providers)), map_records.c
        found: list[str] = []
        for some in batches(asked):
            found += self._connection.scalars(select(c.id).where(c.provider.in_(some), c.kind == kind))
        return found

    def _in(self, table: Table, column: Any, values: list[str]) -> list[RowMapping]:
        found: list[RowMapping] = []
        for some in batches(values):
            found += self._all(select(table).where(column.in_(some)))
        return found


def _row(row: RowMapping) -> Row:
    return Row(
        row["id"],
        row["kind"],
        row["host"],
        row["steward"],
        row["provider"],
        row["agency"],
        row["level"],
        row["home"],
        row["version"],
        row["changed_at"],
        row["moved_at"],
        row["source"],
        row["source_key"],
        json.loads(row["document"]),
    )
