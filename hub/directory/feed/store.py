"""Rows of feeds: what each hub has told of its records, in what order, and which of our own wait to be told.

SQL only. The same rows stand at both ends: for our own host what we tell in each part, for a peer's what it told us,
whether we took it or not, so that both can compare one digest. `changed` is called in the transaction that changes a
record and takes no lock; `hub.directory.feed.publish` gives numbers later, so that none is given to a change that is
not committed yet, and nobody's cursor can pass one over.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, delete, func, insert, select, update

from hub.db import Store, batches, metadata
from hub.directory.feed.document import NOTHING, PARTS
from hub.directory.records.record import PROVIDER
from hub.directory.servicemap.store import map_aliases, map_records, map_sites
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

_ID = 36
_HOST = 261

map_feeds = Table(
    "map_feeds",
    metadata,
    Column("host", String(_HOST), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("id", String(_ID), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("sha", String(43), nullable=False),
    Column("kept", String(_ID)),
    Column("refused", String(32), nullable=False),
    Index(None, "host", "part", "seq"),
)

map_feed_heads = Table(
    "map_feed_heads",
    metadata,
    Column("host", String(_HOST), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String(43), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("whole_at", BigInteger, nullable=False),
)

map_changed = Table(
    "map_changed",
    metadata,
    Column("token", String(22), primary_key=True),
    Column("id", String(_ID), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a part of a feed is. `at`: the time of the newest page; `whole_at`: when it was last read from the start.

    For our own part `seq` is the last number that was given, for a peer's the last that we have read.
    """

    seq: int = 0
    digest: str = NOTHING
    at: int = 0
    whole_at: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """What was told of a record last. `sha` is empty where it is gone; `refused` is why it was not taken, or empty."""

    id: str
    seq: int
    kind: str
    sha: str
    kept: str | None = None
    refused: str = ""


def changed(connection: Connection, records: Iterable[str]) -> None:
    """Say that records may have to be told anew."""
    rows = [{"token": random_id(), "id": record} for record in records]
    if rows:
        connection.execute(insert(map_changed), rows)


class FeedStore(Store):
    """The rows of one part of one hub's feed, inside the caller's transaction."""

    def __init__(self, connection: Connection, host: str, part: int) -> None:
        super().__init__(connection)
        self._host, self._part = host, part

    # -- how far it is

    def head(self) -> Head:
        """Return how far this part is."""
        h = map_feed_heads.c
        row = self._one(select(h.seq, h.digest, h.at, h.whole_at).where(h.host == self._host, h.part == self._part))
        return Head() if row is None else Head(**row)

    def lock(self) -> Head:
        """Return how far this part is, and keep other transactions that go on with it waiting."""
        h = map_feed_heads.c
        self._add(map_feed_heads, host=self._host, part=self._part, seq=0, digest=NOTHING, at=0, whole_at=0)
        self._connection.execute(select(h.seq).where(h.host == self._host, h.part == self._part).with_for_update())
        return self.head()

    def put_head(self, head: Head) -> None:
        """Say how far this part is."""
        row = {name: getattr(head, name) for name in Head.__slots__}
        self._put(map_feed_heads, host=self._host, part=self._part, **row)

    # -- what was told

    def entries(self, records: Sequence[str]) -> dict[str, Entry]:
        """Return what was told of some records, by id."""
        found: list[Entry] = []
        for some in batches(records):
            found += self._entries(map_feeds.c.id.in_(some))
        return {entry.id: entry for entry in found}

    def after(self, seq: int, limit: int) -> list[Entry]:
        """Return what was told after a number, in order."""
        return self._entries(map_feeds.c.seq > seq, limit=limit)

    def put(self, entries: Sequence[Entry]) -> None:
        """Keep what was told of some records, in place of what was told before."""
        self.drop([entry.id for entry in entries])
        rows = [{name: getattr(entry, name) for name in Entry.__slots__} for entry in entries]
        if rows:
            self._connection.execute(
                insert(map_feeds), [{**row, "host": self._host, "part": self._part} for row in rows]
            )

    def drop(self, records: Sequence[str]) -> None:
        """Forget what was told of some records."""
        for some in batches(records):
            self._run(delete(map_feeds).where(self._mine, map_feeds.c.id.in_(some)))

    def count(self) -> int:
        """Return of how many records something was told."""
        return int(self._connection.scalar(select(func.count()).select_from(map_feeds).where(self._mine)) or 0)

    def refused(self) -> Counter[str]:
        """Return how many records were not taken, by reason."""
        rows = self._connection.execute(
            select(map_feeds.c.refused, func.count())
            .where(self._mine, map_feeds.c.refused != "")
            .group_by(map_feeds.c.refused)
        )
        return Counter({row[0]: row[1] for row in rows})

    # -- reading all of it again

    def start_over(self, now: int) -> None:
        """Read from the start: what is not told again until the end is `unheard`."""
        head = self.lock()
        self._run(update(map_feeds).where(self._mine).values(seq=0))
        self.put_head(Head(0, head.digest, head.at, now))

    def unheard(self) -> list[Entry]:
        """Return what was told once and not again since this part was last read from the start."""
        return self._entries(map_feeds.c.seq == 0)

    def clear(self) -> list[str]:
        """Forget all of this part; return which records it was about."""
        known = [entry.id for entry in self._entries(map_feeds.c.id != "")]
        self._run(delete(map_feeds).where(self._mine))
        h = map_feed_heads.c
        self._run(delete(map_feed_heads).where(h.host == self._host, h.part == self._part))
        return known

    @property
    def _mine(self) -> ColumnElement[bool]:
        return (map_feeds.c.host == self._host) & (map_feeds.c.part == self._part)

    def _entries(self, which: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
        columns = [map_feeds.c[name] for name in Entry.__slots__]
        query = select(*columns).where(self._mine, which).order_by(map_feeds.c.seq, map_feeds.c.id)
        return [Entry(**row) for row in self._all(query if limit is None else query.limit(limit))]


class Waiting(Store):
    """Which of our records wait to be told, inside the caller's transaction."""

    def any(self) -> bool:
        """Return whether anything waits."""
        return self._connection.execute(select(map_changed.c.token).limit(1)).first() is not None

    def all(self) -> dict[str, str]:
        """Return the records that wait, by token: what is committed later has another token, and waits on."""
        return {row["token"]: row["id"] for row in self._all(select(map_changed))}

    def with_those_that_name(self, records: Iterable[str]) -> dict[str, str]:
        """Return some records, what was merged with them, and all that belong to them or are at them, with kinds."""
        asked, c = sorted(set(records)), map_records.c
        found: dict[str, str] = {}
        for some in batches(asked):
            at = select(map_sites.c.service).where(map_sites.c.site.in_(some))
            to = select(map_aliases.c.kept).where(map_aliases.c.id.in_(some))
            merged = select(map_aliases.c.id).where(map_aliases.c.kept.in_(to))
            which = c.id.in_(some) | c.provider.in_(some) | c.id.in_(at) | c.id.in_(merged)
            rows = self._all(select(c.id, c.kind).where(which))
            found |= {row["id"]: row["kind"] for row in rows}
        return found

    def done(self, tokens: Sequence[str]) -> None:
        """Forget that these waited."""
        for some in batches(tokens):
            self._run(delete(map_changed).where(map_changed.c.token.in_(some)))


def parts(connection: Connection, host: str) -> list[FeedStore]:
    """Return both parts of a hub's feed, by their level."""
    return [FeedStore(connection, host, part) for part in range(len(PARTS))]


def with_counterparts(connection: Connection) -> list[str]:
    """Return the ids of the providers that say with whom they work across a border."""
    c = map_records.c
    which = (c.kind == PROVIDER, c.document.contains('"counterparts"'), c.id.not_in(select(map_aliases.c.id)))
    return list(connection.scalars(select(c.id).where(*which).order_by(c.id)))
