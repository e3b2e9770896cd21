"""Rows of the gap table: its maintained summary, what waits to be counted again, and agencies' unmet need.

Who changes what is searched calls `dirty` in the same transaction; a job counts again (`hub.directory.gaps.summary`).
A row stands where something is known of an area and a need; every other area has what its nearest area above covers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def dirty(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Let the summary of some (need, place) be counted again; a place of "" is nowhere, and never counted."""
    rows = [{"need": need, "place": place} for need, place in sorted(set(pairs)) if place]
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(map_gaps_dirty).on_conflict_do_nothing(), rows)
