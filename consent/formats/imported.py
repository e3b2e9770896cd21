"""What an import gives: a draft for `record.begin` if it is complete, and which single items the giver left out.

Incomplete sends nothing: where anything is missing that a decision needs, there is no draft at all, only the list of
what is missing. Keeps nothing and asks nobody; `hub consent import` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from consent import policy, record
from consent.basis import BasisError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_NOBODY: Final = "urn:rcp:agency:nobody@nowhere.invalid"
_EARLIEST, _LATEST = 1970, 2200


@dataclass(frozen=True, slots=True)
class Item:
    """A single thing that may go into a section: a resource with its references, as its own system names them."""

    reference: str
    related: frozenset[str] = frozenset()
    """What it refers to or is part of, such as its encounter."""
    author: str | None = None
    on: str | None = None
    """The day from which it is."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Single items that a consent names, by reference or day; `clear` is false where a reference could not be read."""

    references: frozenset[tuple[str, str]] | None
    """Pairs of meaning (`instance`, `related`, `authoredby`) and reference; None where it names none."""
    first: str | None = None
    last: str | None = None
    clear: bool = True

    def meets(self, item: Item) -> bool | None:
        """Return whether it speaks of an item, or None where that cannot be known."""
        answers = (self._named(item), self._dated(item))
        return False if False in answers else None if None in answers else True

    def _named(self, item: Item) -> bool | None:
        near = {("related", name) for name in {item.reference, *item.related}}
        mine = {("instance", item.reference), ("authoredby", item.author), *near}
        if self.references is None or not mine.isdisjoint(self.references):
            return True
        return False if self.clear else None

    def _dated(self, item: Item) -> bool | None:
        if self.first is None and self.last is None:
            return True
        found = policy.day(item.on)
        return None if found is None else (self.first or "") <= found.isoformat() <= (self.last or "9999")


@dataclass(frozen=True, slots=True)
class Limits:
    """Which single items a consent speaks of. Our records hold sections only, so whoever fills a section must ask."""

    only: tuple[Filter, ...] = ()
    never: tuple[Filter, ...] = ()

    def __bool__(self) -> bool:
        """Whether any item is left out."""
        return bool(self.only or self.never)

    def allows(self, item: Item) -> bool:
        """Return whether an item may be put into a section; what cannot be known is left out."""
        return all(row.meets(item) is True for row in self.only) and all(row.meets(item) is False for row in self.never)


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft, or what is missing for one. `left_out`: what was understood, or not, and gives no permission here."""

    draft: Mapping[str, Any] | None
    incomplete: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    limits: Limits = Limits()


def imported(
    draft: Mapping[str, Any], missing: Collection[str], left_out: Collection[str] = (), limits: Limits | None = None
) -> Imported:
    """Return the draft if nothing is missing, it makes a record, and somebody explained what was agreed to (R06)."""
    made, wrong = begun(draft)
    found = [*missing, *wrong, *_unexplained((made or draft).get("informing"))]
    incomplete = tuple(dict.fromkeys(found))
    kept = tuple(dict.fromkeys(left_out))
    return Imported(None if incomplete else draft, incomplete, kept, limits or Limits())


def begun(draft: Mapping[str, Any], name: str = "A" * 22) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return the record that a draft would make on the day it was given, or which field is wrong."""
    day = read_day((draft.get("expression") or {}).get("on"))
    if day is None:
        return None, ("expression.on",)
    at = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    try:
        return record.begin(draft, record=name, agency=_NOBODY, member="A" * 22, at=at, token="0"), ()  # noqa: S106 - none yet
    except BasisError as error:
        return None, (error.field or "record",)


def read_day(value: object) -> date | None:
    """Return a day that a consent may name, or None."""
    found = policy.day(value)
    return found if found is not None and _EARLIEST <= found.year <= _LATEST else None


def _unexplained(informing: object) -> Iterator[str]:
    said: dict[str, Any] = informing if isinstance(informing, dict) else {}
    for name in ("by", "language"):
        if said.get(name) is None:
            yield f"informing.{name}"
    if said.get("understanding", "not_checked") == "not_checked":
        yield "informing.understanding"
    explained = said.get("explained")
    if not isinstance(explained, list) or any(topic not in explained for topic in policy.TOPICS):
        yield "informing.explained"
