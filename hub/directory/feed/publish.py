"""What this hub tells of its own records: gives changes their numbers, and makes pages.

One transaction at a time publishes (the head row is the lock). It reads what waits, compares what each part tells with
what it told before, and numbers what differs: providers, then sites, then services, and last what is gone, so that
whoever reads in order always knows the provider before the service. A service is numbered anew with its provider.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hub.db import batches
from hub.directory.feed.document import MAX_BYTES, MAX_RECORDS, PARTS, mix, sign_page, tell
from hub.directory.feed.store import Entry, FeedStore, Head, Waiting, parts
from hub.directory.records.record import PROVIDER, SERVICE, SITE
from hub.directory.servicemap.derive import site_ids
from hub.directory.servicemap.store import ServiceMap
from hub.packets.encoding import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.directory.servicemap.store import Row

_ORDER = (PROVIDER, SITE, SERVICE)


def publish_feed(hub: Hub) -> int:
    """Number what has changed; return how many records are told anew."""
    with hub.database.read() as connection:
        if not Waiting(connection).any():
            return 0
    with hub.database.write() as connection:
        return publish(connection, hub.origin)


def publish(connection: Connection, host: str) -> int:
    """Number what has changed in the records of this hub; return how many are told anew in some part."""
    told = [_Part(store, level, host) for level, store in enumerate(parts(connection, host))]
    for part in told:
        part.begin()
    waiting = Waiting(connection)
    tokens = waiting.all()
    found = ServiceMap(connection)
    kinds = waiting.with_those_that_name(tokens.values())
    for kind in _ORDER:
        for some in batches(sorted(record for record, known in kinds.items() if known == kind)):
            rows = found.many(some)
            around = around_of(found, rows.values())
            for part in told:
                part.compare(found, some, rows, around)
    for part in told:
        part.end()
    waiting.done(list(tokens))
    return len(set().union(*(part.moved for part in told)))


def page(hub: Hub, level: int, after: int) -> bytes:
    """Return the signed page of a part that begins after a number."""
    with hub.database.read() as connection:
        store = FeedStore(connection, hub.origin, level)
        head = store.head()
        entries = store.after(after, MAX_RECORDS + 1)
        made = _filled(ServiceMap(connection), entries[:MAX_RECORDS], level)
    more = bool(entries) and made.to < entries[-1].seq
    value = {
        "part": PARTS[level],
        "host": hub.origin,
        "at": hub.clock.now(),
        "after": after,
        "to": made.to if more else head.seq,
        "more": more,
        "records": made.records,
        "gone": made.gone,
        "digest": head.digest if made.sure and not more else None,
    }
    return sign_page(value, hub.signer)


@dataclass(slots=True)
class _Part:
    """One part while it is brought up to date."""

    store: FeedStore
    level: int
    host: str
    moved: set[str] = field(default_factory=set)
    """Records that got a new number."""
    _head: Head = field(default_factory=Head)
    _gone: list[Entry] = field(default_factory=list)

    def begin(self) -> None:
        self._head = self.store.lock()

    def compare(
        self, found: ServiceMap, records: Sequence[str], rows: Mapping[str, Row], around: Mapping[str, Row]
    ) -> None:
        """Number those of some records of one kind that are told anew."""
        known = self.store.entries(records)
        new: list[Entry] = []
        for record in records:
            row, old = rows.get(record), known.get(record)
            own = row is not None and row.id == record and row.host == self.host
            told = tell(row, around, self.level) if row is not None and own else None
            if told is not None:
                names = names_of(told.kind, rows[record].document)
                if (
                    old is None
                    or old.sha != told.sha
                    or self.moved & {around[name].id for name in names if name in around}
                ):
                    new.append(Entry(record, 0, told.kind, told.sha))
            elif old is not None:
                kept = self._kept(found, record, row)
                self._gone += [replace(old, sha="", kept=kept)] if (old.sha, old.kept) != ("", kept) else []
        self._number(new, known)

    def _kept(self, found: ServiceMap, record: str, row: Row | None) -> str | None:
        """Return the record that one was merged into, if this part may tell of that."""
        merged = row is not None and row.id != record and row.host == self.host
        return row.id if row is not None and merged and tell(row, around_of(found, [row]), self.level) else None

    def end(self) -> None:
        """Number what is gone."""
        self._number(self._gone, self.store.entries([entry.id for entry in self._gone]))
        self.store.put_head(self._head)

    def _number(self, new: Sequence[Entry], known: Mapping[str, Entry]) -> None:
        first = self._head.seq + 1
        self.store.put([replace(entry, seq=seq) for seq, entry in enumerate(new, first)])
        old = [known[entry.id] for entry in new if entry.id in known]
        changes = [(entry.id, entry.sha, sign) for some, sign in ((old, -1), (new, 1)) for entry in some if entry.sha]
        self._head = replace(self._head, seq=self._head.seq + len(new), digest=mix(self._head.digest, *changes))
        self.moved |= {entry.id for entry in new}


@dataclass(slots=True)
class _Page:
    """What a page holds. `sure`: nothing of it has changed since it was numbered."""

    to: int = 0
    size: int = 0
    sure: bool = True
    records: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)


def _filled(found: ServiceMap, entries: Sequence[Entry], level: int) -> _Page:
    made = _Page()
    rows = found.many([entry.id for entry in entries if entry.sha])
    around = around_of(found, rows.values())
    for entry in entries:
        if not entry.sha:
            where, said = made.gone, {"id": entry.id, "seq": entry.seq, "kept": entry.kept}
        else:
            row = rows.get(entry.id)
            told = None if row is None else tell(row, around, level)
            if told is None or told.sha != entry.sha:  # it comes again, with the number of its newest change
                made.sure, made.to = False, entry.seq
                continue
            named = {"kind": told.kind, "steward": told.steward, "document": told.document}
            where, said = made.records, {"id": entry.id, "seq": entry.seq, **named}
        made.size += len(canonical(said))
        if made.size > MAX_BYTES and made.records + made.gone:
            break
        where.append(said)
        made.to = entry.seq
    return made


def around_of(found: ServiceMap, rows: Iterable[Row]) -> dict[str, Row]:
    """Return the records that some others belong to or are at, by the ids that these use."""
    return found.many(sorted({name for row in rows for name in names_of(row.kind, row.document)}))


def names_of(kind: str, document: Mapping[str, Any]) -> list[str]:
    """Return the ids of the records that a record belongs to or is at, its provider first."""
    by = [document["organization_id"]] if kind != PROVIDER and document.get("organization_id") else []
    return [*by, *site_ids(document)] if kind == SERVICE else by
