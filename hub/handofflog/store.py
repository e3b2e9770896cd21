"""The log in the database: append in the caller's transaction, read roots and proofs (docs/protocol.md §8).

One log per hub. The head row is the lock: PostgreSQL holds it from the first append to the end of the transaction, so
appends are serial and have no gaps; on SQLite the hub's one writer does the same. Does not sign (note.py) and does not
compare with what was published (guard.py). What a document means is not known here. Each entry also keeps the root
that it made, so that an auditor can name the first entry that was changed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, bindparam, cast, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import metadata
from hub.errors import NotFound, Unavailable
from hub.handofflog import merkle
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import b64u, canonical, from_b64u

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import BindParameter, Connection, Row

    T = TypeVar("T")

log_entries = Table(
    "log_entries",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", String(43), nullable=False),
    Column("root", String(43), nullable=False),
    Column("salt", LargeBinary),
    Column("document", LargeBinary),
    Column("at", BigInteger, nullable=False),
)
log_nodes = Table(
    "log_nodes",
    metadata,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(43), nullable=False),
)
log_head = Table(
    "log_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("halted", String(200)),
)
_SALT_SIZE = 32
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Where a document now stands, and what its holder needs to prove it."""

    index: int
    salt: bytes
    leaf: bytes
    head: Checkpoint
    """The log that ends with this entry."""
    proof: tuple[bytes, ...]
    """That the entry stands in it: known from the append itself, so that a receipt needs no query."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it is kept; salt and document are None once erased."""

    index: int
    leaf: bytes
    root: bytes
    """The root of the log that ends with this entry."""
    salt: bytes | None
    document: bytes | None
    at: int


class HandoffLog:
    """The log `origin` on the caller's connection; nothing is kept unless the caller's transaction is."""

    def __init__(self, connection: Connection, origin: str) -> None:
        self._connection = connection
        self.origin = origin

    def append(self, document: bytes, *, now: int) -> LogEntry:
        """Append one signed document.

        Raises:
            Unavailable: the log was stopped because it does not fit what was published.
        """
        size, frontier = self._lock()
        salt = secrets.token_bytes(_SALT_SIZE)
        leaf = merkle.leaf_of(salt, document)
        proof = tuple(reversed(frontier))
        nodes = merkle.grow(frontier, size, leaf)
        head = Checkpoint(self.origin, size + 1, merkle.fold(frontier))
        row = {"idx": size, "leaf": b64u(leaf), "root": b64u(head.root), "at": now}
        self._connection.execute(_INSERT_ENTRY, {**row, "salt": salt, "document": document})
        if nodes:
            filled = [{"place": _place(level, index), "hash": b64u(value)} for level, index, value in nodes]
            self._connection.execute(_INSERT_NODE, filled)
        self._connection.execute(_MOVE_HEAD, {"size": head.size, "frontier": b"".join(frontier)})
        return LogEntry(size, salt, leaf, head, proof)

    def head(self) -> Checkpoint:
        """Return the checkpoint of the log as this connection sees it, unsigned."""
        row = self._head()
        if row is None:
            return Checkpoint.empty(self.origin)
        return Checkpoint(self.origin, row.size, merkle.fold(_hashes(row.frontier)))

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that entry `index` stands in the log of `size` entries (now, when None).

        Raises:
            NotFound: there is no such entry, or the log is not that long.
        """
        length = self._check_size(size)
        if not 0 <= index < length:
            raise NotFound("The log of that size has no such entry.")
        return self._computed(lambda hash_at: merkle.inclusion(index, length, hash_at))

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that the log of `old` entries is the beginning of that of `new` (now, when None).

        Raises:
            NotFound: the log is not that long, or `old` is more than `new`.
        """
        length = self._check_size(new)
        if not 0 <= old <= length:
            raise NotFound("The older log cannot be the longer one.")
        return self._computed(lambda hash_at: merkle.consistency(old, length, hash_at))

    def entry(self, index: int) -> StoredEntry:
        """Return entry `index`.

        Raises:
            NotFound: there is no such entry.
        """
        found = next(iter(self.entries(index, index + 1)), None)
        if found is None:
            raise NotFound("The log has no such entry.")
        return found

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[StoredEntry]:
        """Yield the entries from `start` to before `stop`, a page at a time."""
        yield from map(_stored, self._rows(start, stop))

    def erase(self, index: int) -> None:
        """Forget document and salt of an entry; its leaf stays, so every root and proof stays good.

        Raises:
            NotFound: there is no such entry.
        """
        erased = update(log_entries).where(log_entries.c.idx == index).values(document=None, salt=None)
        if self._connection.execute(erased).rowcount != 1:
            raise NotFound("The log has no such entry.")

    def export(self) -> Iterator[str]:
        """Yield the log as JSON lines, which `hub.handofflog.auditor` reads without this database.

        Rows are given as they are found, damaged ones too: it is the auditor who names them.
        """
        for row in self._rows(0, None):
            salt = None if row.salt is None else b64u(row.salt)
            document = None if row.document is None else row.document.decode(errors="replace")
            hashes = {"leaf": row.leaf, "root": row.root}
            yield canonical({"index": row.idx, "salt": salt, "document": document, **hashes}).decode()

    def halt(self, reason: str | None) -> None:
        """Stop every further append to this database, in all processes, because of `reason`; go on when it is None."""
        mine = log_head.c.origin == self.origin
        self._connection.execute(update(log_head).where(mine).values(halted=reason and reason[:200]))

    def lock(self) -> None:
        """Let nobody else append or publish before this transaction ends."""
        self._head(lock=True)

    def _rows(self, start: int, stop: int | None) -> Iterator[Row[Any]]:
        stop = self.head().size if stop is None else stop
        while start < stop:
            wanted = log_entries.c.idx.between(start, min(start + _PAGE, stop) - 1)
            yield from self._connection.execute(_ENTRIES.where(wanted).order_by(log_entries.c.idx))
            start += _PAGE

    def _lock(self) -> tuple[int, list[bytes]]:
        row = self._head(lock=True)
        if row is None:
            self._create()
            row = self._head(lock=True)
        if row is None or row.halted:
            raise Unavailable("The log takes no entries: it does not fit what was published before.")
        return row.size, _hashes(row.frontier)

    def _create(self) -> None:
        dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        first = {"one": 1, "origin": self.origin, "size": 0, "frontier": b""}
        self._connection.execute(dialect.insert(log_head).values(first).on_conflict_do_nothing())

    def _head(self, *, lock: bool = False) -> Row[Any] | None:
        row = self._connection.execute(_LOCKED_HEAD if lock else _HEAD).first()
        if row is not None and row.origin != self.origin:
            raise Unavailable("The database holds the log of another hub.")
        return row

    def _check_size(self, size: int | None) -> int:
        length = self.head().size
        if size is not None and not 0 <= size <= length:
            raise NotFound("The log is not that long.")
        return length if size is None else size

    def _computed(self, compute: Callable[[merkle.HashAt], T]) -> T:
        """Run `compute` twice: first to learn which hashes it wants, then with them, so that two queries do."""
        wanted: set[tuple[int, int]] = set()

        def note(level: int, index: int) -> bytes:
            wanted.add((level, index))
            return b""

        compute(note)
        found = self._fetch(wanted)
        if len(found) != len(wanted):
            raise Unavailable("The log has lost a part of its tree.")
        return compute(lambda level, index: found[level, index])

    def _fetch(self, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        leaves = [index for level, index in wanted if level == 0]
        nodes = {_place(level, index): (level, index) for level, index in wanted if level}
        found: dict[tuple[int, int], bytes] = {}
        if leaves:
            rows = self._connection.execute(_LEAVES, {"wanted": leaves})
            found |= {(0, row.idx): from_b64u(row.leaf) for row in rows}
        if nodes:
            rows = self._connection.execute(_NODES, {"wanted": list(nodes)})
            found |= {nodes[row.place]: from_b64u(row.hash) for row in rows}
        return found


_CAST = [cast(column, column.type).label(column.name) for column in log_entries.c]  # SQLite keeps what a forger typed
_ENTRIES = select(*_CAST)
_HEAD = select(log_head)
_LOCKED_HEAD = _HEAD.with_for_update()
_WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
_LEAVES = select(log_entries.c.idx, log_entries.c.leaf).where(log_entries.c.idx.in_(_WANTED))
_NODES = select(log_nodes).where(log_nodes.c.place.in_(_WANTED))
_INSERT_ENTRY = insert(log_entries)
_INSERT_NODE = insert(log_nodes)
_MOVE_HEAD = update(log_head)


def _place(level: int, index: int) -> int:
    """Return the number of a subtree when the tree is read from left to right: one key, so one index finds it."""
    return ((2 * index + 1) << level) - 1


def _hashes(data: bytes) -> list[bytes]:
    return [data[place : place + merkle.HASH_SIZE] for place in range(0, len(data), merkle.HASH_SIZE)]


def _stored(row: Row[Any]) -> StoredEntry:
    leaf, root = from_b64u(row.leaf), from_b64u(row.root)
    return StoredEntry(row.idx, leaf, root, row.salt, row.document, row.at)
