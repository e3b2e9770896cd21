"""How many services help with a need in an area: the layers of the gap table. Pure.

`here`: a site in the area or below it. `covers`: coverage that was stated reaches all of the area; countrywide services
raise this alone. `open`: one of the two, active, verified within its limit and not ended. `usable`: of those, known to
have places now; what is open and not usable is full or has not said. `claimed`: somebody reported an organisation's
presence and nobody has verified it; a claim counts nowhere else.
A group of persons counts the services that say that they are for it; `all` counts every service.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    covering: dict[str, list[Offer]] = {}
    inside: dict[str, list[Offer]] = {}
    for offer in offers:
        for code in offer.covers:
            covering.setdefault(code, []).append(offer)
        for code in offer.here:
            inside.setdefault(code, []).append(offer)
    named = (covering.keys() | inside.keys()) & paths.keys()
    found = {}
    for code in named:
        over = _once(offer for above in paths[code] for offer in covering.get(above, ()))
        found[code] = _row(inside.get(code, []), over, today)
    return found


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


def _row(inside: list[Offer], over: list[Offer], today: str) -> dict[str, Any]:
    both = _once([*inside, *over])
    real = [offer for offer in both if not offer.claimed]
    counts: dict[str, list[int]] = {}
    for place, group in enumerate(GROUPS):
        bit = (1 << place) >> 1
        near, far, any_ = (_for(some, bit) for some in (inside, over, both))
        if any_:
            counts[group] = _counts(near, far, any_, today)
    return {
        "groups": counts,
        "grid": _grid(real, today),
        "covering_grid": _grid((offer for offer in over if not offer.claimed), today),
        "returnees_only": sum(offer.returnees_only for offer in real),
    }


def _for(offers: Iterable[Offer], bit: int) -> list[Offer]:
    return [offer for offer in offers if not bit or offer.groups & bit]


def _counts(inside: list[Offer], over: list[Offer], both: list[Offer], today: str) -> list[int]:
    real = [[offer for offer in some if not offer.claimed] for some in (inside, over, both)]
    unfinished = [sum(offer.shown_until >= today for offer in some) for some in (real[2], real[1])]
    places = [sum(offer.usable_until >= today for offer in some) for some in (real[2], real[1])]
    claims = sum(offer.claimed for offer in both)
    return [len(real[0]), len(real[1]), unfinished[0], places[0], claims, unfinished[1], places[1]]


def _grid(offers: Iterable[Offer], today: str) -> dict[str, int]:
    """Return how many open offers stand in each cell of dimension and level (D4)."""
    found: dict[str, int] = {}
    for offer in offers:
        for cell in offer.cells if offer.shown_until >= today else ():
            found[cell] = found.get(cell, 0) + 1
    return found


def _once(offers: Iterable[Offer]) -> list[Offer]:
    return list({id(offer): offer for offer in offers}.values())
