"""Rows of the gap table: its maintained summary, what waits to be counted again, and agencies' unmet need.

Who changes what is searched calls `dirty` in the same transaction; a job counts again (`hub.directory.gaps.summary`).
A row stands where something is known of an area and a need; every other area has what its nearest area above covers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import Store, batches, metadata
from hub.directory.areas.store import areas
from hub.directory.gaps.unmet import Unmet
from hub.directory.records.visibility import PARTNERS
from hub.directory.servicemap.store import map_postings, map_views

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

map_gaps = Table(
    "map_gaps",
    metadata,
    Column("area", String(32), primary_key=True),
    Column("need", String(32), primary_key=True),
    Column("country", String(2), nullable=False),
    Column("level", Integer, nullable=False),
    Column("counts", Text, nullable=False),
    Column("until", String(10), nullable=False),
    Index(None, "country", "level", "need"),
    Index(None, "until"),
)
map_gaps_dirty = Table(
    "map_gaps_dirty",
    metadata,
    Column("place", String(64), primary_key=True),
    Column("need", String(32), primary_key=True),
)
map_unmet = Table(
    "map_unmet",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("area", String(32), primary_key=True),
    Column("need", String(32), primary_key=True),
    Column("grp", String(16), primary_key=True),
    Column("count", Integer),
    Column("at", BigInteger, nullable=False),
    Index(None, "month", "area"),
)
map_unmet_months = Table(
    "map_unmet_months",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("said", String(43), nullable=False),
)


class GapStore(Store):
    """Rows of the gap table, inside the caller's transaction."""

    def waiting(self, today: str) -> list[tuple[str, str]]:
        """Return (need, place) that are to be counted again: that were marked, or whose counts time has changed."""
        c, k = map_gaps_dirty.c, map_gaps.c
        marked = self._all(select(c.need, c.place))
        past = self._all(select(k.need, k.area.label("place")).where(k.until != "", k.until < today))
        return sorted({(row["need"], row["place"]) for row in (*marked, *past)})

    def claim(self, pairs: Collection[tuple[str, str]]) -> None:
        """Take marks away; whoever marks or counts the same meanwhile waits for this transaction."""
        dirty(self._connection, pairs)
        c = map_gaps_dirty.c
        for need, place in sorted(pairs):
            self._run(delete(map_gaps_dirty).where(c.need == need, c.place == place))

    def where(self, country: str, need: str) -> dict[str, tuple[set[str], set[str]]]:
        """Return where partners find the services that help with a need in a country: at sites, and by coverage."""
        c = map_postings.c
        joined = map_postings.join(areas, (areas.c.code == c.place) & (areas.c.valid_to == ""))
        which = (c.need == need, areas.c.country == country, c.level <= PARTNERS)
        found: dict[str, tuple[set[str], set[str]]] = {}
        query = select(c.service, c.place, c.here, c.covers).select_from(joined).where(*which)
        for service, place, here, covers in self._connection.execute(query):
            inside, over = found.setdefault(service, (set(), set()))
            if here <= PARTNERS:
                inside.add(place)
            if covers <= PARTNERS:
                over.add(place)
        return found

    def views(self, services: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the listings of some services as partners see them."""
        found: dict[str, dict[str, Any]] = {}
        c, wanted = map_views.c, sorted(services)
        for some in batches(wanted):
            rows = self._all(select(c.id, c.partners).where(c.id.in_(some)))
            found |= {row["id"]: json.loads(row["partners"]) for row in rows if row["partners"]}
        return found

    def replace(
        self, country: str, need: str, rows: Mapping[str, Mapping[str, Any]], levels: Mapping[str, int], until: str
    ) -> None:
        """Keep the counts of a need in a country, by area, in place of those before."""
        self._run(delete(map_gaps).where(map_gaps.c.country == country, map_gaps.c.need == need))
        new = [
            {
                "area": code,
                "need": need,
                "country": country,
                "level": levels[code],
                "counts": _text(row),
                "until": until,
            }
            for code, row in rows.items()
        ]
        if new:
            self._connection.execute(insert(map_gaps), new)

    def rows(self, country: str, needs: Collection[str], level: int) -> dict[tuple[str, str], dict[str, Any]]:
        """Return what is known of a country's areas down to a level, by (area, need)."""
        c = map_gaps.c
        which = (c.country == country, c.level <= level, c.need.in_(needs))
        found = self._all(select(map_gaps).where(*which))
        counts = json.loads(f"[{','.join(row['counts'] for row in found)}]")  # one text is read sooner than thousands
        return {(row["area"], row["need"]): each for row, each in zip(found, counts, strict=True)}

    def say_once(self, agency: str, month: str, said: str) -> bool:
        """Note by what an agency says its unmet need of a month (a hash); False where it was said otherwise before.

        Said twice, out of one set of cases, the two would tell what each of them hides.
        """
        c = map_unmet_months.c
        if self._add(map_unmet_months, agency=agency, month=month, said=said):
            return True
        return self._connection.scalar(select(c.said).where(c.agency == agency, c.month == month)) == said

    def put_unmet(self, agency: str, month: str, rows: Iterable[Unmet], now: int) -> None:
        """Keep an agency's unmet need of a month in place of what it said before."""
        self._run(delete(map_unmet).where(map_unmet.c.agency == agency, map_unmet.c.month == month))
        new = [
            {
                "agency": agency,
                "month": month,
                "area": r.area,
                "need": r.need,
                "grp": r.group,
                "count": r.count,
                "at": now,
            }
            for r in rows
        ]
        if new:
            self._connection.execute(insert(map_unmet), new)

    def unmet(self, country: str, group: str, month: str | None = None) -> tuple[str | None, list[Unmet]]:
        """Return all agencies' unmet need of a month, or of the newest that there is, with its month."""
        c = map_unmet.c
        joined = map_unmet.join(areas, (areas.c.code == c.area) & (areas.c.valid_to == ""))
        here = (areas.c.country == country, c.grp == group)
        month = month or self._connection.scalar(select(func.max(c.month)).select_from(joined).where(*here))
        rows = self._all(select(c.area, c.need, c.count).select_from(joined).where(*here, c.month == month))
        return month, [Unmet(row["area"], row["need"], group, row["count"]) for row in rows]


def dirty(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Let the summary of some (need, place) be counted again; a place of "" is nowhere, and never counted.

    A mark that stands already is written again, so that it is not taken away before this transaction ends.
    """
    rows = [{"need": need, "place": place} for need, place in sorted(set(pairs)) if place]
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        mark = dialect.insert(map_gaps_dirty)
        same = {"place": mark.excluded.place}
        connection.execute(mark.on_conflict_do_update(index_elements=map_gaps_dirty.primary_key, set_=same), rows)


def _text(row: Mapping[str, Any]) -> str:
    return json.dumps(row, separators=(",", ":"), sort_keys=True)
