"""Reads administrative areas out of what others publish: p-code CSV, GeoJSON, shapefiles (COD-AB and their like). Pure.

What a column means is told by its name (`_COLUMNS`), or by whoever imports; a level, by a column or by whoever imports.
Parents come from a column and never from how a code begins. Nothing is dropped in silence: each row becomes an area or
a problem. Coordinates are WGS 84 degrees; a file in another projection is refused rather than drawn wrongly.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import shapefile
import shapely
from shapely.geometry import mapping, shape

from hub.directory.areas.domain import CODE
from hub.directory.areas.problems import SENTENCES, because
from hub.errors import InvalidRequest, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_ROWS: Final = 100_000
MOST_BYTES: Final = 32 * 1024 * 1024
_UNPACKED: Final = 160 * 1024 * 1024
_GRID: Final = 0.001
_DETAIL: Final = 0.002
_NAME: Final = 200
_COLUMNS: Final = {
    "code": r"p-?code|code|adm(in)?[0-4]_?p?code|adm[0-4]_(id|cod)|moh_cod|kadaa_code",
    "parent": r"parent( ?p-?code)?|parent_code",
    "name": r"name|adm(in)?[0-4]_?name|adm(in)?[0-4]_[a-z]{2}|adm(in)?[0-4]name_[a-z]{2}|name_[a-z]{2}|"
    "moh_na_i|kada_name",
    "level": r"(admin )?level|adm(in)?_?level",
    "country": r"location|iso3|iso_?a2|country|adm(in)?0_?(p?code|iso)",
    "from": r"valid(ity)? ?from( date)?|validon|valid_?from|date",
    "to": r"valid_?to",
    "iso": r"iso_?3166(_|-)2|iso",
}
_NUMBERED: Final = re.compile(r"adm(?:in)?([0-4])")
_LANGUAGE: Final = re.compile(r"_([a-z]{2})\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """One area as a file says it; `parent` as the file writes it, `also` other codes of the same area."""

    row: int
    code: str
    level: int
    parent: str | None
    names: Mapping[str, str]
    valid_from: str = ""
    valid_to: str = ""
    also: tuple[str, ...] = ()
    geometry: Mapping[str, Any] | None = None
    place: str = ""


@dataclass(slots=True)
class File:
    """What a file says: its areas, what could not be read, by row, and how many rows are of other countries."""

    areas: list[Found] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    elsewhere: int = 0


def read(
    data: bytes,
    *,
    level: int | None = None,
    columns: Mapping[str, str] | None = None,
    language: str = "en",
    location: str = "",
) -> File:
    """Return the areas of a file: CSV, GeoJSON or a zip with one shapefile, told by how it begins.

    `level` and `columns` (meaning: name in the file) say what the file does not; `location` is what its column of
    countries says of the one that is meant, where it has several.

    Raises:
        InvalidRequest: it is none of these, or has several countries and none was chosen.
        TooLarge: more rows or bytes than any country has.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge("A file of areas has at most 32 MiB.", todo="Simplify its outlines, or send a level at a time.")
    found, used = File(), set()
    for number, (properties, geometry) in enumerate(_rows(data), 1):
        if number > MOST_ROWS:
            raise TooLarge("A file of areas has at most 100,000 rows.")
        try:
            area = _area(number, properties, geometry, level, columns or {}, language)
        except InvalidRequest as error:
            found.problems.append({"row": number, **because(str(error.facts["because"]))})
            continue
        if location and area.place != location:
            found.elsewhere += 1
        elif (area.code, area.valid_from) in used:
            found.problems.append({"row": number, "code": area.code, **because("twice")})
        else:
            used.add((area.code, area.valid_from))
            found.areas.append(area)
    if len({area.place for area in found.areas} - {""}) > 1:
        raise InvalidRequest("This file is of several countries.", todo="Say which: --location, as the file writes it.")
    return found


def _rows(data: bytes) -> Iterator[tuple[dict[str, Any], Any]]:
    if data[:2] == b"PK":
        return _shapefile(data)
    text = _text(data)
    return _geojson(text) if text.lstrip()[:1] == "{" else _csv(text)


def _csv(text: str) -> Iterator[tuple[dict[str, Any], Any]]:
    lines = csv.DictReader(io.StringIO(text))
    try:
        for row in lines:
            values = {str(name): value for name, value in row.items() if name and isinstance(value, str)}
            if not any(value.startswith("#") for value in values.values()):  # a row of HXL tags
                yield values, None
    except csv.Error as error:
        raise InvalidRequest("This file is no CSV.") from error


def _geojson(text: str) -> Iterator[tuple[dict[str, Any], Any]]:
    try:
        value = json.loads(text)
        features = list(value["features"])
        yield from ((dict(feature["properties"]), feature["geometry"]) for feature in features)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidRequest("This file is no GeoJSON with features.") from error


def _shapefile(data: bytes) -> Iterator[tuple[dict[str, Any], Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _parts(archive)
        given = {name: io.BytesIO(parts[name]) for name in ("shp", "shx", "dbf") if name in parts}
        with shapefile.Reader(**given, encoding=_encoding(parts), encodingErrors="replace") as reader:
            yield from ((row.record.as_dict(), row.shape.__geo_interface__) for row in reader.iterShapeRecords())
    except InvalidRequest:
        raise
    except Exception as error:
        raise InvalidRequest("This zip holds no shapefile that can be read.") from error


def _parts(archive: zipfile.ZipFile) -> Mapping[str, bytes]:
    """Return the files of the only shapefile in a zip, by ending; a zip that unpacks to too much is not unpacked."""
    names = {info.filename.rsplit(".", 1)[-1].lower(): info for info in archive.infolist() if not info.is_dir()}
    shapes = [info for info in archive.infolist() if info.filename.lower().endswith(".shp")]
    if len(shapes) != 1 or "dbf" not in names:
        raise InvalidRequest("A zip holds one shapefile: .shp, .dbf, and best .shx and .prj.")
    wanted = {ending: names[ending] for ending in ("shp", "shx", "dbf", "prj", "cpg") if ending in names}
    if sum(info.file_size for info in wanted.values()) > _UNPACKED:
        raise TooLarge("This zip unpacks to more than any country's areas.")
    if "prj" in wanted and b"PROJCS" in archive.read(wanted["prj"]).upper():
        raise InvalidRequest("These outlines are projected.", todo="Save them in WGS 84 degrees (EPSG:4326).")
    return {ending: archive.read(info) for ending, info in wanted.items()}


def _encoding(parts: Mapping[str, bytes]) -> str:
    """Return the encoding of a shapefile's texts: as its .cpg says, else UTF-8 where all of it is, else Latin 1."""
    said = parts.get("cpg", b"").decode("ascii", "replace").strip().lower()
    if said in {"utf-8", "utf8", "65001"}:
        return "utf-8"
    try:
        parts["dbf"].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest("This file is not UTF-8.", todo="Save it as UTF-8.") from error


def _area(
    row: int, properties: Mapping[str, Any], geometry: Any, level: int | None, columns: Mapping[str, str], language: str
) -> Found:
    values = {str(name).strip(): _cell(value) for name, value in properties.items()}
    own = _level(values, level, columns)
    code = _pick(values, "code", own, columns)
    if not code or not CODE.fullmatch(code):
        raise _wrong("no_code")
    parent = _pick(values, "parent", own - 1, columns) or _pick(values, "code", own - 1, columns, numbered=True)
    iso = _pick(values, "iso", own, columns)
    return Found(
        row,
        code,
        own,
        (parent or None) if own else None,
        _names(values, own, columns, language) or {language: code},
        _day(_pick(values, "from", own, columns)),
        _day(_pick(values, "to", own, columns)),
        (iso,) if iso and CODE.fullmatch(iso) and iso != code else (),
        _outline(geometry),
        _pick(values, "country", own, columns),
    )


def _level(values: Mapping[str, str], level: int | None, columns: Mapping[str, str]) -> int:
    said = _pick(values, "level", 0, columns)
    digits = re.sub(r"\D", "", said)
    if digits:
        return min(int(digits[:2]), 9)
    if level is not None:
        return level
    numbered = [int(m[1]) for name in values if _matches("code", name) and (m := _NUMBERED.match(name.lower()))]
    if not numbered:
        raise _wrong("no_level")
    return max(numbered)


def _pick(
    values: Mapping[str, str], meaning: str, level: int, columns: Mapping[str, str], *, numbered: bool = False
) -> str:
    """Return the cell that has a meaning: in the column that was named, or in one of its usual names for this level."""
    if meaning in columns and not numbered:
        return values.get(columns[meaning], "")
    for name, value in values.items():
        number = _NUMBERED.match(name.lower())
        if value and _matches(meaning, name) and (int(number[1]) == level if number else not numbered):
            return value
    return ""


def _names(values: Mapping[str, str], level: int, columns: Mapping[str, str], language: str) -> dict[str, str]:
    if "name" in columns:
        named = {language: values.get(columns["name"], "")}
    else:
        named = {}
        for name, value in values.items():
            number = _NUMBERED.match(name.lower())
            if _matches("name", name) and (number is None or int(number[1]) == level):
                told = _LANGUAGE.search(name.lower())
                named.setdefault(told[1] if told and told[1] != "na" else language, value)
    return {code: value[:_NAME] for code, value in named.items() if value}


def _matches(meaning: str, name: str) -> bool:
    return re.fullmatch(_COLUMNS[meaning], name.strip().lower()) is not None


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).replace("\x00", "").strip()
    return "".join(letter for letter in text if letter.isprintable())


def _day(text: str) -> str:
    """Return a day; a time of day is left out, and what is no day means that none is known."""
    try:
        return date.fromisoformat(text[:10].replace("/", "-")).isoformat()
    except ValueError:
        return ""


def _wrong(code: str) -> InvalidRequest:
    return InvalidRequest(SENTENCES[code], because=code)


def _outline(geometry: Any) -> Mapping[str, Any] | None:
    """Return an outline in degrees, simplified to what a map of a country shows.

    Raises:
        InvalidRequest: it is no area, or not in degrees.
    """
    if geometry is None:
        return None
    try:
        form = shapely.make_valid(shape(geometry))
    except Exception as error:
        raise _wrong("malformed_outline") from error
    parts = [part for part in getattr(form, "geoms", [form]) if part.geom_type in {"Polygon", "MultiPolygon"}]
    whole = shapely.union_all(parts) if parts else None
    if whole is None or whole.is_empty or not _in_degrees(whole.bounds):
        raise _wrong("no_area")
    simple = shapely.set_precision(shapely.simplify(whole, _DETAIL), _GRID)
    return dict(mapping(whole if simple.is_empty else simple))


def _in_degrees(bounds: Iterable[float]) -> bool:
    west, south, east, north = bounds
    return -180.001 <= west <= east <= 180.001 and -90.001 <= south <= north <= 90.001  # noqa: PLR2004 - degrees
