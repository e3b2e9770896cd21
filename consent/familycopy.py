"""The copy of a file that a family or a child may be given, without what may put the child at risk at home (R14, B5).

Pure and total on any JSON. Left out is what says `not_for` this reader, in any spelling of it, and for the family what
tells of abuse, trafficking, status, HIV, orientation or mental health, by the names of sections and fields and by the
words of `policies/protect.json`. A flag that is not understood counts. The copy shows no trace: no mark, no empty
place, no pointer, no count; only the worker is told. What this cannot promise: a hint in words that are not on the
list. So a person reads the copy before it is handed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from consent.protect import DATA, DEEPEST, Removed, fold, listed, names, pointer, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHORTEST_ID = 3
_FLAG: Final = ["not", "for"]
_IDS: Final = (["id"], ["uuid"])
_TITLES = listed(("type", "kind", "category", "topic", "risk", "concern"))
_POINTERS = listed(
    ("id", "ids", "ref", "refs", "reference", "about", "item", "items", "see", "related", "concerns", "source")
)
_GONE: Final = object()
_WIDE: Final = 2**64


class Reader(StrEnum):
    """Who reads the copy."""

    FAMILY = "family"
    CHILD = "child"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A supervisor's decision, with the child's agreement, that some items are shown all the same (R14).

    An item is named by its section, by its `id`, or by section and JSON pointer together (`needs_risk/notes/0`). That
    shows what is left out by default in it; what says `not_for` inside it is named for itself.
    """

    items: frozenset[str]
    supervisor: str
    child_agreed: bool

    def covers(self, called: set[str]) -> bool:
        """Whether one of these names is agreed on."""
        return bool(self.supervisor) and self.child_agreed is True and not self.items.isdisjoint(called)


NO_AGREEMENT: Final = Agreement(frozenset(), "", child_agreed=False)


def family_copy(
    sections: Mapping[str, Any], reader: Reader, agreement: Agreement = NO_AGREEMENT
) -> tuple[dict[str, Any], tuple[Removed, ...]]:
    """Return the copy for a reader, and what only the worker is told: what was left out of it, and why (R14)."""
    known: frozenset[str] = frozenset()
    while True:
        work = _Copy(Reader(reader), agreement, known, _mentions(known))
        kept = {name: work.keep(value, _At(name, "", name)) for name, value in sections.items()}
        if work.ids <= known:
            return {name: value for name, value in kept.items() if value is not _GONE}, tuple(work.removed)
        known |= work.ids  # what points at them goes next


@dataclass(frozen=True, slots=True)
class _At:
    """Where a value stands: its own name, that of the field around it, and whether an agreement covers that."""

    section: str
    path: str
    name: str = ""
    field: str = ""
    shown: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Copy:
    reader: Reader
    agreement: Agreement
    known: frozenset[str]
    mentions: re.Pattern[str] | None
    ids: set[str] = field(default_factory=set)
    removed: list[Removed] = field(default_factory=list)

    def keep(self, value: Any, at: _At) -> Any:
        """Return what the reader may see of a value, or `_GONE`."""
        agreed = self.agreement.covers({at.section + at.path, *_own_ids(value)})
        if why := self._reason(value, at, agreed=agreed):
            self.removed.append(Removed(at.section, at.path, why))
            self.ids.update(_all_ids(value), {at.name} if re.search("[0-9]", at.name) else ())
            return _GONE
        if not value or not isinstance(value, (dict, list)):
            return value
        kept = self._members(value, at, shown=agreed or at.shown)
        if all(names(name) in _IDS for name in kept) if isinstance(kept, dict) and len(kept) < len(value) else not kept:
            self.ids.update(_own_ids(value))  # an identifier of nothing is a trace
            return _GONE
        return kept

    def _members(self, value: dict[str, Any] | list[Any], at: _At, *, shown: bool) -> dict[str, Any] | list[Any]:
        if isinstance(value, list):
            below = (_At(at.section, pointer(at.path, n), "", at.field, shown, at.depth + 1) for n in range(len(value)))
            return [kept for item, at in zip(value, below, strict=True) if (kept := self.keep(item, at)) is not _GONE]
        members = {name: item for name, item in value.items() if names(name)[:2] != _FLAG}
        kept = {
            name: self.keep(item, _At(at.section, pointer(at.path, name), name, name, shown, at.depth + 1))
            for name, item in members.items()
        }
        return {name: item for name, item in kept.items() if item is not _GONE}

    def _reason(self, value: Any, at: _At, *, agreed: bool) -> str | None:
        if at.depth > DEEPEST and isinstance(value, (dict, list)):
            return "depth"
        if not agreed and isinstance(value, dict) and _is_flagged(value, self.reader):
            return "not_for"
        if not agreed and not at.shown and self._is_default(value, at):
            return "default"
        return "reference" if self._points(value, at) else None

    def _is_default(self, value: Any, at: _At) -> bool:
        if not at.path and at.section in DATA["readers"][self.reader]["sections"]:
            return True
        texts = [" ".join(names(at.name))]
        if isinstance(value, str):
            texts.append(" ".join(words(value)))
        if isinstance(value, dict):
            titles = (text for name, text in value.items() if " ".join(names(name)) in _TITLES)
            texts += [" ".join(words(text)) for text in titles if isinstance(text, str)]
        return any(_TELLING[self.reader].search(text) for text in texts)

    def _points(self, value: Any, at: _At) -> bool:
        texts = [at.name, value] if isinstance(value, str) else [at.name]
        if self.mentions is not None and any(self.mentions.search(fold(text)[0]) for text in texts):
            return True
        return _text(value) in self.known and not _POINTERS.isdisjoint(names(at.field))


def _is_flagged(value: dict[str, Any], reader: Reader) -> bool:
    """Whether an object says `not_for: [reader]`, `not_for_reader: true`, or something like it that nobody knows."""
    for name, said in value.items():
        called = names(name)
        if called[:2] != _FLAG or said is None or said is False or said in ([], "", {}):
            continue
        readers = called[2:] or [*_readers(said)]
        if reader in readers or not {*Reader}.issuperset(readers):
            return True
    return False


def _readers(said: Any) -> Iterator[str]:
    for one in said if isinstance(said, list) else [said]:
        yield " ".join(names(one)) if isinstance(one, str) else ""


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    small = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WIDE
    return str(value) if small else None


def _own_ids(value: Any) -> set[str]:
    rows = value.items() if isinstance(value, dict) else ()
    return {text for name, item in rows if names(name) in _IDS and (text := _text(item))}


def _all_ids(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield from _own_ids(one)
        waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())


def _mentions(known: frozenset[str]) -> re.Pattern[str] | None:
    ids = sorted(re.escape(fold(text)[0]) for text in known if len(text) >= _SHORTEST_ID)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(ids)})(?![A-Za-z0-9])", re.IGNORECASE) if ids else None


def _telling(reader: Reader) -> re.Pattern[str]:
    return re.compile("|".join(map(_bounded, DATA["readers"][reader]["words"])) or "(?!)")


def _bounded(entry: str) -> str:
    word = " ".join(words(entry))
    end = "" if entry.endswith("*") else r"(?![^\W_])"
    return rf"(?<![^\W_]){word}{end}" if word.isascii() else word


_TELLING: Final = {reader: _telling(reader) for reader in Reader}
