"""Check a whole log from files alone: which entry was edited, deleted, moved or rolled back (docs/protocol.md §8).

Needs no hub, no database and no key of ours. Takes the lines of an export and checkpoints whose signatures the caller
has verified. Every entry's leaf is made again from salt and document, every root again from the leaves. Where the
entries alone were tampered with, the roots beside them name the first one; where those were made to fit too, the
checkpoints say between which two sizes it happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.errors import Malformed
from hub.handofflog.merkle import fold, grow, leaf_of
from hub.packets import shapes as a
from hub.packets.encoding import from_b64u, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.packets.checkpoint import Checkpoint


_SHAPE = a.object_of(
    {
        "index": a.integer(),
        "leaf": a.hash_,
        "root": a.hash_,
        "salt": a.null_or(a.random_bytes()),
        "document": a.null_or(a.string),
    }
)


class Kind(StrEnum):
    """What is wrong with a log."""

    UNREADABLE = "unreadable"
    EDITED = "edited"
    DELETED = "deleted"
    MOVED = "moved"
    CHANGED = "changed"
    ROLLED_BACK = "rolled_back"
    FORKED = "forked"


_SENTENCES = {
    Kind.UNREADABLE: "Entry {first} cannot be read.",
    Kind.EDITED: "Entry {first} was edited: its document or salt does not give its leaf.",
    Kind.DELETED: "Entry {first} was deleted.",
    Kind.MOVED: "Entry {first} does not stand at its place.",
    Kind.CHANGED: "Entry {first} is not the one that was logged: it was edited, deleted or moved.",
    Kind.ROLLED_BACK: "Entry {first} and all to {last} were published and are gone: the log was rolled back.",
    Kind.FORKED: "An entry between {first} and {last} is not the one that was published.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with the first entry, and the last one, that it can concern."""

    kind: Kind
    first: int
    last: int

    def __str__(self) -> str:
        return _SENTENCES[self.kind].format(first=self.first, last=self.last)


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit saw. It is whole without findings; the newest checkpoint that fits covers `covered` entries."""

    size: int
    root: bytes
    covered: int
    erased: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    index: int
    leaf: bytes
    root: bytes
    salt: bytes | None
    document: bytes | None


def audit(lines: Iterable[str], checkpoints: Sequence[Checkpoint] = ()) -> Report:
    """Return what is wrong with an exported log, given checkpoints that its hub has signed, old and new.

    Stops at the first line that is out of its place, because nothing after it can be told apart.
    """
    state = _Audit({checkpoint.size: b"" for checkpoint in checkpoints})
    numbered = enumerate(lines)
    for number, text in numbered:
        try:
            line = _parse(text)
        except Malformed:
            state.found(Kind.UNREADABLE, number)
            break
        if line.index != number:
            state.misplaced(line.index, (text for _, text in numbered))
            break
        state.take(line)
    else:
        state.compare(sorted(checkpoints, key=lambda checkpoint: checkpoint.size))
    return Report(state.size, fold(state.frontier), state.covered, state.erased, tuple(state.findings))


@dataclass(slots=True)
class _Audit:
    roots: dict[int, bytes]
    """The roots that we make at the sizes of the checkpoints."""
    frontier: list[bytes] = field(default_factory=list)
    size: int = 0
    covered: int = 0
    erased: int = 0
    findings: list[Finding] = field(default_factory=list)
    suspect: int | None = None
    """The first entry after which our root is not the one that is kept beside it."""

    def found(self, kind: Kind, first: int, last: int | None = None) -> None:
        self.findings.append(Finding(kind, first, first if last is None else last))

    def take(self, line: _Line) -> None:
        edited = False
        if line.salt is None or line.document is None:
            self.erased += 1
        else:
            edited = leaf_of(line.salt, line.document) != line.leaf
        grow(self.frontier, self.size, line.leaf)
        self.size += 1
        root = fold(self.frontier)
        if edited:
            self.found(Kind.EDITED, line.index)
        if root != line.root and self.suspect is None:
            self.suspect = line.index
            if not edited:
                self.found(Kind.CHANGED, line.index)
        if self.size in self.roots:
            self.roots[self.size] = root

    def misplaced(self, index: int, rest: Iterable[str]) -> None:
        """Say whether the entry that should be next comes later, has come before, or is gone."""
        if index < self.size or any(_index(text) == self.size for text in rest):
            self.found(Kind.MOVED, min(index, self.size))
        else:
            self.found(Kind.DELETED, self.size, index - 1)

    def compare(self, checkpoints: Sequence[Checkpoint]) -> None:
        if checkpoints and checkpoints[-1].size > self.size:
            self.found(Kind.ROLLED_BACK, self.size, checkpoints[-1].size - 1)
        for checkpoint in checkpoints:
            if checkpoint.size > self.size:
                return
            if checkpoint.size and self.roots[checkpoint.size] != checkpoint.root:
                if self.suspect is None or not self.covered <= self.suspect < checkpoint.size:
                    self.found(Kind.FORKED, min(self.covered, checkpoint.size - 1), checkpoint.size - 1)
                return
            self.covered = checkpoint.size


def _index(text: str) -> int | None:
    try:
        return _parse(text).index
    except Malformed:
        return None


def _parse(text: str) -> _Line:
    value = parse_json(text.encode("utf-8", "surrogatepass"))
    _SHAPE(value)
    salt, document = value["salt"], value["document"]
    return _Line(
        value["index"],
        from_b64u(value["leaf"]),
        from_b64u(value["root"]),
        None if salt is None else from_b64u(salt),
        None if document is None else document.encode(),
    )
