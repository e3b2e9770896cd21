"""Rows of imports: files that wait or are done, what became of each row, and what each source said the last time."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from hub.db import Store, batches, metadata
from hub.errors import NotFound
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.engine import RowMapping

LEASE: Final = 120

map_imports = Table(
    "map_imports",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("agency", String(400), nullable=False, index=True),
    Column("member", String(22), nullable=False),
    Column("roles", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("format", String(32), nullable=False),
    Column("origin", Text, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("counts", Text, nullable=False),
    Column("error", Text),
    Index(None, "state", "lease"),
)

map_import_files = Table(
    "map_import_files",
    metadata,
    Column("import", String(22), primary_key=True),
    Column("file", LargeBinary, nullable=False),
)
"""Apart from `map_imports`: SQLite writes a row anew as a whole, and that table changes with every part."""

map_import_rows = Table(
    "map_import_rows",
    metadata,
    Column("import", String(22), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("row", String(200), nullable=False),
    Column("record", String(36)),
    Column("what", String(16), nullable=False),
    Column("more", Text, nullable=False),
)

map_said = Table(
    "map_said",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("key", String(240), primary_key=True),
    Column("record", String(36), nullable=False),
    Column("day", String(10), nullable=False),
    Column("whole", String(16), nullable=False),
    Column("members", Text, nullable=False),
)


class State(StrEnum):
    """Where an import stands. `check` and `apply` wait for the job or are in its hands."""

    CHECK = "check"
    CHECKED = "checked"
    APPLY = "apply"
    DONE = "done"
    FAILED = "failed"


WAITING: Final = (State.CHECK, State.APPLY)


@dataclass(frozen=True, slots=True)
class Import:
    """One file that somebody sent, without its bytes."""

    id: str
    agency: str
    member: str
    roles: frozenset[str]
    at: int
    format: str
    origin: dict[str, Any]
    whole: bool
    state: State
    total: int
    done: int
    counts: dict[str, dict[str, int]]
    error: str | None

    @property
    def sayer(self) -> str:
        """Return by what name the source's words are kept: each agency's own, so that none speaks for another's."""
        return b64u(hashlib.blake2b(f"{self.agency}\n{self.origin['name']}".encode(), digest_size=24).digest())


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one row of a file: `more` has changed `fields`, those `kept`, those `held`, and `problems`."""

    kind: str
    row: str
    record: str | None
    what: str
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What a source said of one of its records the last time: digests of the whole and of each member."""

    key: str
    record: str
    day: str
    whole: str
    members: Mapping[str, str]


class Imports(Store):
    """Imports and their reports, inside the caller's transaction."""

    def add(self, one: Import, file: bytes) -> None:
        """Keep a file until it is imported."""
        row = {name: getattr(one, name) for name in Import.__slots__}
        texts = {"roles": sorted(one.roles), "origin": one.origin, "counts": one.counts}
        row |= {name: json.dumps(value, ensure_ascii=False) for name, value in texts.items()}
        self._run(insert(map_imports).values(**row, lease=0, tries=0))
        self._run(insert(map_import_files).values({"import": one.id, "file": file}))

    def get(self, identity: str, agency: str) -> Import:
        """Return an import of an agency.

        Raises:
            NotFound: it has none of this id.
        """
        c = map_imports.c
        row = self._one(select(*_SHOWN).where(c.id == identity, c.agency == agency))
        if row is None:
            raise NotFound("There is no such import.")
        return _import(row)

    def of(self, agency: str, most: int = 50) -> list[Import]:
        """Return the imports of an agency, the newest first."""
        c = map_imports.c
        query = select(*_SHOWN).where(c.agency == agency).order_by(c.at.desc(), c.id).limit(most)
        return [_import(row) for row in self._all(query)]

    def claim(self, now: int) -> Import | None:
        """Return the oldest import that waits; nobody else gets it before the lease ends."""
        c = map_imports.c
        due = select(*_SHOWN).where(c.state.in_(WAITING), c.lease <= now).order_by(c.at, c.id).limit(1)
        row = self._one(due.with_for_update(skip_locked=True))
        if row is not None:
            self.change(row["id"], lease=now + LEASE, tries=map_imports.c.tries + 1)
        return None if row is None else _import(row)

    def tries(self, identity: str) -> int:
        """Return how often an import was begun since it last came further."""
        return int(self._connection.scalar(select(map_imports.c.tries).where(map_imports.c.id == identity)) or 0)

    def file(self, identity: str) -> bytes:
        """Return the bytes of an import that is not done."""
        c = map_import_files.c
        return bytes(self._connection.scalar(select(c.file).where(c["import"] == identity)) or b"")

    def end(self, identity: str, state: State, error: str | None = None) -> None:
        """End an import and delete its file; the report stays."""
        self._run(delete(map_import_files).where(map_import_files.c["import"] == identity))
        self.change(identity, state=state, error=error, lease=0)

    def change(self, identity: str, **values: Any) -> None:
        """Change an import: its state, how far it is, what it counts."""
        values |= {name: json.dumps(values[name]) for name in ("counts", "roles") if name in values}
        self._run(update(map_imports).where(map_imports.c.id == identity).values(**values))

    def restart(self, identity: str) -> None:
        """Forget a report; the file is gone through again from its beginning."""
        self._run(delete(map_import_rows).where(map_import_rows.c["import"] == identity))
        self.change(identity, done=0, counts={})

    def report(self, identity: str, first: int, lines: Iterable[Line]) -> None:
        """Add lines to a report, numbered from `first`."""
        rows = [
            {
                "import": identity,
                "n": number,
                "kind": line.kind,
                "row": line.row[:200],
                "record": line.record,
                "what": line.what,
                "more": json.dumps(line.more, ensure_ascii=False),
            }
            for number, line in enumerate(lines, start=first)
        ]
        if rows:
            self._connection.execute(insert(map_import_rows), rows)

    def lines(self, identity: str, after: int, limit: int, *, notable: bool = False) -> list[tuple[int, Line]]:
        """Return lines of a report after a number; with `notable` those that are not unchanged without a word."""
        c = map_import_rows.c
        query = select(map_import_rows).where(c["import"] == identity, c.n > after).order_by(c.n).limit(limit)
        if notable:
            query = query.where(or_(c.what != "unchanged", c.more != "{}"))
        return [
            (row["n"], Line(row["kind"], row["row"], row["record"], row["what"], json.loads(row["more"])))
            for row in self._all(query)
        ]

    def last_line(self, identity: str) -> int:
        """Return the number of the last line of a report, 0 where it has none."""
        c = map_import_rows.c
        return int(self._connection.scalar(select(func.max(c.n)).where(c["import"] == identity)) or 0)

    def forget(self, before: int) -> int:
        """Give up imports that nobody finished since a time, with their files; return how many."""
        c = map_imports.c
        old = self._all(select(c.id).where(c.at < before, c.state.in_((*WAITING, State.CHECKED))))
        for row in old:
            self.end(row["id"], State.FAILED, "Nobody took the file in.")
        return len(old)


class Sources(Store):
    """What each source said the last time, inside the caller's transaction."""

    def said(self, source: str, keys: Iterable[str]) -> dict[str, Said]:
        """Return what a source said of some of its records."""
        wanted, found, c = list(keys), {}, map_said.c
        for some in batches(wanted):
            query = select(map_said).where(c.source == source, c.key.in_(some))
            for row in self._all(query):
                members = json.loads(row["members"])
                found[row["key"]] = Said(row["key"], row["record"], row["day"], row["whole"], members)
        return found

    def put(self, source: str, rows: Iterable[Said]) -> None:
        """Keep what a source says now, in place of what it said of the same records."""
        new = {row.key: row for row in rows}
        for some in batches(list(new)):
            self._run(delete(map_said).where(map_said.c.source == source, map_said.c.key.in_(some)))
        if new:
            values = [
                {
                    "source": source,
                    "key": row.key,
                    "record": row.record,
                    "day": row.day,
                    "whole": row.whole,
                    "members": json.dumps(row.members),
                }
                for row in new.values()
            ]
            self._connection.execute(insert(map_said), values)

    def newest(self, source: str) -> str:
        """Return the newest day of which a source was read, or nothing."""
        return str(self._connection.scalar(select(func.max(map_said.c.day)).where(map_said.c.source == source)) or "")

    def touch(self, source: str, keys: Iterable[str], day: str) -> None:
        """Note that a source says some records still."""
        for some in batches(list(keys)):
            which = (map_said.c.source == source) & map_said.c.key.in_(some)
            self._run(update(map_said).where(which).values(day=day))

    def unseen(self, source: str, day: str) -> list[tuple[str, str]]:
        """Return key and record of what a source said before a day and not since."""
        c = map_said.c
        query = select(c.key, c.record).where(c.source == source, c.day < day).order_by(c.key)
        return [(row["key"], row["record"]) for row in self._all(query)]


_SHOWN: Final = [column for column in map_imports.c if column.name not in {"lease", "tries"}]


def _import(row: RowMapping) -> Import:
    values = {name: row[name] for name in Import.__slots__}
    values |= {"roles": frozenset(json.loads(row["roles"])), "origin": json.loads(row["origin"])}
    return Import(**{**values, "counts": json.loads(row["counts"]), "state": State(row["state"])})
