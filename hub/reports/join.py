"""Counts of several agencies together, out of what each of them published. Pure.

An agency counts the needs for which it sought help itself, so none is in two documents. A sum is told where every
agency that tells the place tells the count; else it is hidden, and `least` is what those count who do. So a sum says
nothing that the documents do not, and who knows its own part learns nothing of another's that was hidden. The
sums pass the same check as each document did.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.reports.domain import DEPTH, SPLITS, percent
from hub.reports.suppression import Row, Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.reports.domain import Path


@dataclass(slots=True)
class Joined:
    """A place in the counts of several agencies."""

    agencies: int
    """How many of them tell it; the others sought help for fewer than ten needs there, or hide for how many."""
    row: Row
    least: dict[str, dict[str, int]] = field(default_factory=dict)


def join(documents: Iterable[Told]) -> dict[Path, Joined]:
    """Return the sums of several agencies' counts of one month, by place."""
    told: dict[Path, list[Row]] = defaultdict(list)
    for rows in documents:
        for path, row in rows.items():
            told[path].append(row)
    return {path: _joined(rows) for path, rows in sorted(told.items())}


def as_rows(found: Mapping[Path, Joined], split: str | None = None) -> list[dict[str, Any]]:
    """Return a line for each count of a split, or for the number of needs of each place: count, or what it is at least.

    Each line has the grades of its place, or where those are hidden of the nearest place above that tells them: what is
    published there already, and so nothing more. `grades_of` is how many levels that place names; null: none tells any.
    """
    return [line for path, one in found.items() for line in _lines(path, one, split, _grades(found, path))]


def _joined(rows: Sequence[Row]) -> Joined:
    joined = Joined(len(rows), Row(sum(row.sought for row in rows)))
    for name, split in SPLITS.items():
        for one in split.classes:
            counts = [row.told[name][one] for row in rows if one in row.told.get(name, {})]
            if counts:
                joined.least.setdefault(name, {})[one] = sum(counts)
            if len(counts) == len(rows):
                joined.row.told.setdefault(name, {})[one] = sum(counts)
    return joined


def _grades(found: Mapping[Path, Joined], path: Path) -> dict[str, Any]:
    for depth in range(len(path), -1, -1):
        place = found.get(path[:depth])
        if place is not None and (told := place.row.told.get("grade")):
            return {"grades": told, "grades_of": depth}
    return {"grades": {}, "grades_of": None}


def _lines(path: Path, one: Joined, split: str | None, grades: Mapping[str, Any]) -> list[dict[str, Any]]:
    place = dict(zip(("service", "area", "age_band", "sex"), (*path, *[None] * DEPTH), strict=False))
    sought = one.row.sought
    head = {**place, "agencies": one.agencies, "sought": sought, **grades}
    if split is None:
        return [{**head, "class": None, "count": sought, "least": sought, "percent": None}]
    told = one.row.told.get(split, {})
    return [
        {**head, "class": code, "count": told.get(code), "least": least, "percent": _share(told.get(code), sought)}
        for code, least in one.least.get(split, {}).items()
    ]


def _share(count: int | None, sought: int) -> int | None:
    return None if count is None else percent(count, sought)
