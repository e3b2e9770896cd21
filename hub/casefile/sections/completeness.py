"""How much of a file stands there: a score, and what is missing in plain words (requirement C14).

Judges presence, not truth or sense: whether a step may be taken is the gates' business. More in a file never lowers its
score. What counts, for whom and from when, is data (`completeness.json`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.casefile.sections.data import load
from hub.casefile.sections.forms import is_newer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.casefile.sections.situation import Situation

_ANY_ROW: Final = "*"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that a section ought to hold, at one of some places."""

    section: str
    id: str
    at: tuple[str, ...]
    weight: int
    begins: str
    applies_to: str
    least: int

    @property
    def key(self) -> str:
        """What its words are found by."""
        return f"{self.section}.{self.id}"


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing: the JSON pointer where it would stand, and the key of its words."""

    section: str
    pointer: str
    key: str
    weight: int

    def words(self, language: str = "en") -> str:
        """Return what is missing, in plain words."""
        return str(load(f"words/{language}.json")["gaps"][self.key])


@dataclass(frozen=True, slots=True)
class Completeness:
    """A score of 0 to 100 for all and for each section, the gaps, and sections that a newer program wrote."""

    score: int
    sections: Mapping[str, int]
    gaps: tuple[Gap, ...]
    newer: tuple[str, ...]


def _read() -> Iterator[Wanted]:
    for section, rows in load("completeness.json")["sections"].items():
        for row in rows:
            facts = (row["id"], tuple(row["at"]), row["weight"], row["from"], row["for"], row.get("least", 1))
            yield Wanted(section, *facts)


WANTED: Final = tuple(_read())


def completeness(
    sections: Mapping[str, Any], situation: Situation, only: Collection[str] | None = None
) -> Completeness:
    """Return how complete a file is for a child and a phase; `only` these sections, as a packet holds them."""
    rows = [row for row in WANTED if situation.is_for(row.applies_to, row.begins)]
    rows = [row for row in rows if only is None or row.section in only]
    missing = [row for row in rows if not _stands(sections.get(row.section), row)]
    names = dict.fromkeys(row.section for row in rows)
    scores = {name: _score([r for r in rows if r.section == name], missing) for name in names}
    gaps = tuple(Gap(row.section, row.at[0], row.key, row.weight) for row in missing)
    newer = tuple(name for name, document in sections.items() if is_newer(document))
    return Completeness(_score(rows, missing), scores, gaps, newer)


def _score(rows: list[Wanted], missing: list[Wanted]) -> int:
    whole = sum(row.weight for row in rows)
    there = sum(row.weight for row in rows if row not in missing)
    return 100 * there // whole if whole else 100


def _stands(document: Any, row: Wanted) -> bool:
    return any(_count(document, at.split("/")[1:]) >= row.least for at in row.at)


def _count(value: Any, path: list[str]) -> int:
    """Return how much stands at a place: rows of a list, members of an object, 1 for a value that says something."""
    if not path:
        if isinstance(value, list | dict):
            return sum(_count(item, []) > 0 for item in (value.values() if isinstance(value, dict) else value))
        return int(value not in {None, ""})
    step, *rest = path
    if step == _ANY_ROW:
        return max((_count(item, rest) for item in value), default=0) if isinstance(value, list) else 0
    return _count(value.get(step), rest) if isinstance(value, dict) else 0
