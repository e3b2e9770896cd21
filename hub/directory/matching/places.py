"""Where a service is, seen from where help is wanted: the area first, then the distance. Pure.

Positions are millionths of a degree, as in a listing. Only an exact position, or the access point shown in its stead,
has a distance that ranks; of an approximate one, an area's middle and a mobile service the distance is said to be
approximate. `web/rules/match.js` is the same in JavaScript.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records import globe
from hub.directory.records.listing import MICRO

if TYPE_CHECKING:
    from collections.abc import Mapping

"""The mean radius of the earth (IUGG)."""
KM: Final = 25.0
"""How far around a point is looked where nobody says."""
FAR: Final = 10**9
"""The metres of what has no distance that ranks: after everything that has one."""
HERE, COVERS, WITHIN, PART, WIDER, APPROXIMATE = "here", "covers", "within", "part", "wider", "approximate"
ELSEWHERE, TOO_FAR, NOT_SAID = "elsewhere", "too_far", "not_said"
_FITS: Final = {HERE: True, COVERS: True, WITHIN: True, ELSEWHERE: False, TOO_FAR: False}
ORDER: Final = {HERE: 0, WITHIN: 0, COVERS: 1}
"""What comes first: a place in the area, then a service that covers it, then whatever has to be asked."""
_RANKING: Final = frozenset({"exact", "access_point"})
_POINTLESS: Final = frozenset({"virtual", "postal"})


@dataclass(frozen=True, slots=True)
class Where:
    """Where help is wanted: an area by its code, a point in millionths of a degree with a radius, or both."""

    area: str | None = None
    path: tuple[str, ...] = ()
    """The codes from the country down to `area`."""
    point: tuple[int, int] | None = None
    km: float | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """How a service lies: `area` is one of the words above, `metres` to `site` where one has a position."""

    area: str
    metres: int | None = None
    approximate: bool = False
    site: Mapping[str, Any] | None = None

    @property
    def fits(self) -> bool | None:
        """Whether it is where it is wanted; None where that has to be asked."""
        return _FITS.get(self.area)

    @property
    def ranking(self) -> int:
        """The metres by which it is ranked."""
        return FAR if self.metres is None or self.approximate else self.metres


def kilometres(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return the distance of two positions in millionths of a degree, on a sphere (haversine)."""
    return globe.kilometres(*(each / MICRO for each in (*one, *other)))


def near(listing: Mapping[str, Any], where: Where, areas: Mapping[str, Any]) -> Near:
    """Return how a listing lies. `areas` has of each code its path, and the middle of it where that is known."""
    places = listing.get("places") or []
    found = [each for each in (_distance(place, where, areas) for place in places) if each is not None]
    inside = [place for place in places if where.area and where.area in (place.get("path") or ())]
    if inside:
        found = [each for each in found if each[2] in inside] or found
    km, approximate, site = min(found, key=lambda each: (each[1], each[0]), default=(None, False, None))
    if site is None:
        site = next(iter(inside or places), None)
    metres = None if km is None else math.floor(km * 10 + 0.5) * 100
    area = _area(listing, where, areas)
    if area not in ORDER and where.area is None and where.km is not None and km is not None:
        area = _within(listing, where, (km, approximate))
    return Near(area, metres, approximate, site)


def _area(listing: Mapping[str, Any], where: Where, areas: Mapping[str, Any]) -> str:
    """Return how a listing lies to the area that is asked for, or to that of the point."""
    places, covers = listing.get("places") or (), listing.get("covers") or ()
    known = [place["path"] for place in places if place.get("path")]
    if where.area and any(where.area in path for path in known):
        return HERE
    if any(code in where.path for code in covers):
        return COVERS
    ways = [(areas.get(code) or {}).get("path") for code in covers]
    if where.area and any(where.area in way for way in ways if way):
        return PART
    if any(path[-1] in where.path for path in known):
        return WIDER
    told = len(known) == len(places) and all(ways) and (known or covers)
    return ELSEWHERE if where.area and told else NOT_SAID


def _within(listing: Mapping[str, Any], where: Where, nearest: tuple[float, bool]) -> str:
    """Return how a listing lies to a point with a radius."""
    km, approximate = nearest
    if approximate:
        return APPROXIMATE
    if km <= (where.km or 0):
        return WITHIN
    return PART if listing.get("covers") else TOO_FAR


def _distance(
    place: Mapping[str, Any], where: Where, areas: Mapping[str, Any]
) -> tuple[float, bool, Mapping[str, Any]] | None:
    if where.point is None or place.get("type") in _POINTLESS:
        return None
    exact = place.get("precision") in _RANKING and not place.get("mobile")
    at = areas.get(place.get("area") or "") or {} if place.get("mobile") else place
    lat, lon = at.get("lat"), at.get("lon")
    if lat is None or lon is None:
        at = areas.get(place.get("area") or "") or {}
        lat, lon, exact = at.get("lat"), at.get("lon"), False
    if lat is None or lon is None:
        return None
    return kilometres(where.point, (lat, lon)), not exact, place
