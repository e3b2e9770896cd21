"""How many services help with a need in an area: the layers of the gap table. Pure.

`here`: a site in the area or below it. `covers`: coverage that was stated reaches all of the area; countrywide services
raise this alone. `open`: one of the two, active, verified within its limit and not ended. `usable`: of those, known to
have places now; what is open and not usable is full or has not said. `claimed`: somebody reported an organisation's
presence and nobody has verified it; a claim counts nowhere else.
A group of persons counts the services that say that they are for it; `all` counts every service.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.vocabulary import AGE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

GROUPS: Final = ("all", *AGE_GROUPS, "female", "male")
LAYERS: Final = ("here", "covers", "open", "usable", "claimed")
"""After the layers stand `open` and `usable` of those that cover the area: what an area below it has at least."""
UNSAID: Final = "unsaid"


@dataclass(frozen=True, slots=True)
class Offer:
    """One service that helps with one need: where, for whom (bits, in the order of GROUPS after `all`), until when.

    `here` are the areas in which it has a site, those above them among them; `covers` those that it covers as a whole.
    """

    groups: int
    shown_until: str
    usable_until: str
    claimed: bool
    cells: tuple[str, ...]
    returnees_only: bool
    here: set[str]
    covers: set[str]


def rows(offers: Sequence[Offer], paths: Mapping[str, Sequence[str]], today: str) -> dict[str, dict[str, Any]]:
    """Return what is known of each area that any of the offers names, by code; `paths` has the areas of a country."""
    first: dict[str, _Tally] = defaultdict(_Tally)
    inside: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        for code in offer.covers & paths.keys():
            if not offer.covers.intersection(paths[code][:-1]):  # else it counts where it begins, above
                first[code].add(offer, today)
        for code in offer.here & paths.keys():
            inside[code].append(offer)
    covered = {code for offer in offers for code in offer.covers} & paths.keys()
    return {
        code: _row(inside[code], [first[c] for c in paths[code] if c in first], paths[code], today)
        for code in covered | inside.keys()
    }


def until(offers: Iterable[Offer], today: str) -> str:
    """Return the last day on which these counts hold; empty where they do not change by time."""
    days = (day for offer in offers for day in (offer.shown_until, offer.usable_until))
    return min((day for day in days if day >= today), default="")


def below(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an area of which nothing is known, out of the row of the nearest area above it."""
    groups = {name: inherited(counts) for name, counts in row["groups"].items()}
    return {"groups": groups, "grid": row["covering_grid"], "covering_grid": row["covering_grid"], "returnees_only": 0}


def inherited(counts: Sequence[int]) -> list[int]:
    """Return the counts of an area of which nothing is known: what covers the area above covers it too."""
    return [0, counts[1], counts[5], counts[6], 0, counts[5], counts[6]]


def layers(row: Mapping[str, Any] | None, group: str) -> dict[str, int]:
    """Return the layers of a row for a group of persons."""
    counts = row["groups"].get(group, ()) if row else ()
    return dict(zip(LAYERS, counts or (0,) * len(LAYERS), strict=False))


class _Tally:
    """Counts that add up: of each group how many there are, open, usable and claimed; and of the grid."""

    def __init__(self) -> None:
        self.groups: dict[str, list[int]] = {}
        self.grid: dict[str, int] = {}
        self.returnees_only = 0

    def add(self, offer: Offer, today: str) -> None:
        """Count one service."""
        shown = not offer.claimed and offer.shown_until >= today
        usable = not offer.claimed and offer.usable_until >= today
        counts = (not offer.claimed, shown, usable, offer.claimed)
        for group in _groups(offer.groups):
            _plus(self.groups.setdefault(group, [0] * len(counts)), counts)
        for cell in offer.cells if shown else ():
            self.grid[cell] = self.grid.get(cell, 0) + 1
        self.returnees_only += offer.returnees_only and not offer.claimed

    def merge(self, other: _Tally) -> None:
        """Count all that another has counted."""
        for group, counts in other.groups.items():
            _plus(self.groups.setdefault(group, [0] * len(counts)), counts)
        for cell, count in other.grid.items():
            self.grid[cell] = self.grid.get(cell, 0) + count
        self.returnees_only += other.returnees_only


def _row(inside: Iterable[Offer], covering: Iterable[_Tally], path: Sequence[str], today: str) -> dict[str, Any]:
    over, here, both = _Tally(), _Tally(), _Tally()
    for tally in covering:
        over.merge(tally)
    both.merge(over)
    for offer in inside:
        here.add(offer, today)
        if not offer.covers.intersection(path):
            both.add(offer, today)
    none = (0, 0, 0, 0)
    counts = {
        group: _vector(here.groups.get(group, none), over.groups.get(group, none), every)
        for group, every in both.groups.items()
    }
    return {"groups": counts, "grid": both.grid, "covering_grid": over.grid, "returnees_only": both.returnees_only}


def _vector(here: Sequence[int], over: Sequence[int], both: Sequence[int]) -> list[int]:
    return [here[0], over[0], both[1], both[2], both[3], over[1], over[2]]


def _plus(total: list[int], counts: Sequence[int]) -> None:
    for place, count in enumerate(counts):
        total[place] += count


@cache
def _groups(bits: int) -> tuple[str, ...]:
    return tuple(group for place, group in enumerate(GROUPS) if not place or bits >> (place - 1) & 1)
