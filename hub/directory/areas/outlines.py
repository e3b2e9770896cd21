"""Outlines: the countries that come with the hub, and which area a point lies in. No rows.

`data/outlines.zip` holds a file for each country: its provinces after Natural Earth (public domain), simplified, with
ISO 3166-2 codes and names in several languages; rings are whole thousandths of a degree, each point told by its
distance from the one before. `make_data` makes it. The outlines help to find and to draw; they settle no border.
"""

from __future__ import annotations

import json
import zipfile
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import shapely
from shapely.geometry import shape

from hub.directory.areas.domain import Area

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

SCALE: Final = 1_000
NEAR: Final = 0.05
"""Degrees, about 5 km: a point so near an outline and in none lies on a shore that was drawn too simply."""
_MOST: Final = 0.6
_DATE_LINE: Final = 180.0


class Finder:
    """Says which area a point lies in.

    `around` returns the codes and levels of those whose box is nearly at a latitude and longitude, `load` outlines.
    """

    def __init__(
        self,
        around: Callable[[float, float], Iterable[tuple[str, int]]],
        load: Callable[[Collection[str]], Mapping[str, str]],
    ) -> None:
        self._around, self._load = around, load
        self._shapes: dict[str, Any] = {}

    def at(self, lat: float, lon: float, first: Collection[str] = ()) -> str | None:
        """Return the deepest area at a point, the nearest within a few kilometres where none holds it, or None.

        Areas of `first` go before others, also where the point lies just beyond their outline.
        """
        near = [
            (self._shapes[code].distance(shapely.Point(east, lat)), code, level)
            for east in ({lon, -lon} if abs(lon) == _DATE_LINE else {lon})
            for code, level in self._near(lat, east)
        ]
        ranked = sorted((code not in first, far, -level, code) for far, code, level in near if far <= NEAR)
        return ranked[0][3] if ranked else None

    def _near(self, lat: float, lon: float) -> list[tuple[str, int]]:
        near = list(self._around(lat, lon))
        missing = {code for code, _ in near} - self._shapes.keys()
        if missing:
            self._shapes |= {code: _drawn(geometry) for code, geometry in self._load(missing).items()}
        return near


def bounds(geometry: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Return the west, south, east and north of an outline."""
    west, south, east, north = shape(geometry).bounds
    return float(west), float(south), float(east), float(north)


def centre(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """Return a point (latitude, longitude) that lies in an outline, near its middle."""
    point = shape(geometry).representative_point()
    return round(float(point.y), 4), round(float(point.x), 4)


def holds(geometry: Mapping[str, Any], lat: float, lon: float) -> bool:
    """Whether a point lies in an outline, or nearly."""
    return float(shape(geometry).distance(shapely.Point(lon, lat))) <= NEAR


def same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two outlines are of the same area: most of each lies in the other."""
    mine, theirs = shapely.make_valid(shape(one)), shapely.make_valid(shape(other))
    return float(mine.intersection(theirs).area) > _MOST * max(float(mine.area), float(theirs.area))


def country(code: str) -> list[tuple[Area, dict[str, Any] | None]]:
    """Return a country that comes with the hub and its provinces, each with its outline; nothing for any other."""
    if code not in _boxes():
        return []
    value = _read(code)
    top = Area(code, "iso", 0, None, code, code, value["names"], "", "", *value["at"])
    rows: list[tuple[Area, dict[str, Any] | None]] = [(top, decode(value["outline"]))]
    for row in value["areas"]:
        names = row["names"]
        area = Area(row["code"], row["scheme"], 1, code, f"{code}/{row['code']}", code, names, "", "", *row["at"])
        rows.append((area, decode(row["outline"])))
    return rows


def countries_near(lat: float, lon: float) -> list[str]:
    """Return the countries that come with the hub whose box holds a point, or nearly."""
    found = []
    for code, boxes in _boxes().items():
        for west, south, east, north in boxes:
            inside = south - NEAR <= lat <= north + NEAR and west - NEAR <= lon <= east + NEAR
            if inside or (abs(lon) == _DATE_LINE and south <= lat <= north and _DATE_LINE in {-west, east}):
                found.append(code)
                break
    return found


def shipped() -> list[str]:
    """Return the countries that come with the hub."""
    return list(_boxes())


def encode(geometry: Any) -> list[list[list[int]]]:
    """Return a shape as polygons of rings of distances."""
    polygons = geometry.geoms if hasattr(geometry, "geoms") else [geometry]
    rings = [[polygon.exterior, *polygon.interiors] for polygon in polygons]
    return [[_deltas(ring.coords) for ring in polygon] for polygon in rings]


def decode(outline: list[list[list[int]]]) -> dict[str, Any] | None:
    """Return a GeoJSON geometry out of polygons of rings of distances, or None where there are none."""
    if not outline:
        return None
    return {"type": "MultiPolygon", "coordinates": [[_points(ring) for ring in polygon] for polygon in outline]}


def _deltas(points: Iterable[Sequence[float]]) -> list[int]:
    found, x, y = [], 0, 0
    for east, north in points:
        now = round(east * SCALE), round(north * SCALE)
        found += [now[0] - x, now[1] - y]
        x, y = now
    return found


def _points(ring: list[int]) -> list[list[float]]:
    found, x, y = [], 0, 0
    for east, north in zip(ring[::2], ring[1::2], strict=True):
        x, y = x + east, y + north
        found.append([x / SCALE, y / SCALE])
    return found


@lru_cache(256)
def _drawn(geometry: str) -> Any:
    """Return an outline as a shape that is fast to ask; to read one takes longer than all else of a question."""
    found = shape(json.loads(geometry))
    shapely.prepare(found)
    return found


@cache
def _boxes() -> dict[str, list[list[float]]]:
    value: dict[str, list[list[float]]] = _read("boxes")
    return value


def _read(name: str) -> Any:
    data = resources.files("hub.directory.areas").joinpath("data/outlines.zip")
    with data.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        return json.loads(archive.read(f"{name}.json"))
