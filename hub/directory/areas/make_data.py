"""Makes `data/outlines.zip` out of Natural Earth's admin-1 provinces: `python -m hub.directory.areas.make_data FILE`.

FILE is GeoJSON (or .gz) with the properties of ne_10m_admin_1. Names of countries come from CLDR by way of babel, which
only this needs. ISO 3166-2 codes decide to which country a province belongs; a code that several provinces share, and
one that Natural Earth made up, is our own (`scheme` own). The same input makes the same file.
"""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import shapely
from shapely.geometry import shape

from hub.directory.areas.outlines import encode

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET: Final = Path(__file__).with_name("data") / "outlines.zip"
LANGUAGES: Final = ("en", "ar", "fr", "es", "fa", "uk", "pt")
_HOSTED: Final = {"SOL": "SO", "CYN": "CY", "ESB": "CY", "WSB": "CY", "KAB": "KZ"}
"""Places without an ISO code in which people live, by the country whose code their towns have in ISO 3166-2.
Those that are left out are rocks, glaciers and a naval base."""
_SMALL: Final = 20.0
_COARSE: Final = 0.06
_ISLET: Final = 0.004
_STAMP: Final = (2020, 1, 1, 0, 0, 0)


def main(source: str, target: Path = TARGET, names: Callable[[str], dict[str, str]] | None = None) -> None:
    """Write the file; `names` says what a country is called, as CLDR does where nothing else is given."""
    data = Path(source).read_bytes()
    features = json.loads(gzip.decompress(data) if source.endswith(".gz") else data)["features"]
    grouped = _by_country(features)
    boxes = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for country in sorted(grouped):
            value, boxes[country] = _country(grouped[country])
            value["names"] = (names or _country_names)(country)
            _write(archive, country, value)
        _write(archive, "boxes", boxes)


def _by_country(features: list[dict[str, Any]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return provinces by country and code; a code stands several times where its provinces have one name."""
    named: dict[str, set[str]] = defaultdict(set)
    for feature in features:
        named[feature["properties"]["iso_3166_2"]].add(feature["properties"]["name"])
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for feature in features:
        p = feature["properties"]
        code = p["iso_3166_2"]
        if code.startswith("-"):
            if p["adm0_a3"] not in _HOSTED:
                continue
            code = f"{_HOSTED[p['adm0_a3']]}-{p['adm0_a3']}~"
        elif len(named[code]) > 1:
            code = f"{code}~{sorted(named[code]).index(p['name']) + 1}"
        found[code[:2]][code].append(feature)
    return found


def _country(provinces: dict[str, list[dict[str, Any]]]) -> tuple[dict[str, Any], list[list[float]]]:
    shapes = {
        code: shapely.union_all([shapely.make_valid(shape(f["geometry"])) for f in rows])
        for code, rows in provinces.items()
    }
    whole = shapely.union_all(list(shapes.values()))
    tolerance = _COARSE if max(whole.bounds[2] - whole.bounds[0], whole.bounds[3] - whole.bounds[1]) > _SMALL else 0
    areas = [_area(code, provinces[code][0]["properties"], shapes[code], tolerance) for code in sorted(shapes)]
    lat, lon = _at(max(getattr(whole, "geoms", [whole]), key=lambda part: part.area))
    outline = encode(_simple(whole.buffer(0.02).buffer(-0.02), max(tolerance, 0.03)))
    value = {"at": [lat, lon], "outline": outline, "areas": areas}
    strips = [shapely.intersection(whole, shapely.box(west, -90, west + 30, 90)) for west in range(-180, 180, 30)]
    return value, [[round(x, 2) for x in strip.bounds] for strip in strips if not strip.is_empty]


def _area(code: str, p: dict[str, Any], geometry: Any, tolerance: float) -> dict[str, Any]:
    names = {language: p[f"name_{language}"] for language in LANGUAGES if p.get(f"name_{language}")}
    names.setdefault("en", p["name"] or code)
    scheme = "own" if "~" in code else "iso"
    return {
        "code": code,
        "scheme": scheme,
        "names": names,
        "at": _at(geometry),
        "outline": encode(_simple(geometry, tolerance)),
    }


def _simple(geometry: Any, tolerance: float) -> Any:
    """Return an outline with fewer points, without islets, the largest part always."""
    parts = sorted(_polygons(geometry), key=lambda part: -part.area)
    kept = [part for index, part in enumerate(parts) if index == 0 or not tolerance or part.area > _ISLET]
    return shapely.MultiPolygon(_polygons(shapely.simplify(shapely.MultiPolygon(kept), tolerance)))


def _polygons(geometry: Any) -> list[Any]:
    return [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon"]


def _at(geometry: Any) -> list[float]:
    point = geometry.representative_point()
    return [round(point.y, 4), round(point.x, 4)]


def _country_names(country: str) -> dict[str, str]:
    import babel  # type: ignore[import-not-found]  # needed to make the file, never to read it

    names = {language: babel.Locale(language).territories.get(country) for language in LANGUAGES}
    return {language: str(name) for language, name in names.items() if name} or {"en": country}


def _write(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    archive.writestr(zipfile.ZipInfo(f"{name}.json", _STAMP), text, zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    main(sys.argv[1])
