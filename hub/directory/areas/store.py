"""Rows of administrative areas: codes, names, parents, when they counted, outlines, and who works where.

Points are resolved when a record is saved, never when somebody asks. A code that was issued again keeps its earlier
meaning as a row with `valid_to`; `get` and all others return what it means now. Outlines stand apart, so that reading a
tree reads no geometry. Importing files is `codab`'s business, the countries that come with the hub are `outlines`'.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from hub.db import MOST_AT_ONCE, Store, batches, metadata, padded
from hub.directory.areas import outlines
from hub.directory.areas.domain import CODE, Area, fold, parts
from hub.directory.records.freshness import day_after
from hub.errors import Forbidden, InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection
    from sqlalchemy.engine import RowMapping

areas = Table(
    "areas",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("valid_from", String(10), primary_key=True),
    Column("valid_to", String(10), nullable=False),
    Column("scheme", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("parent", String(32), index=True),
    Column("path", String(300), nullable=False),
    Column("country", String(2), nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("names", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index(None, "country", "level"),
)
area_outlines = Table(
    "area_outlines",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("country", String(2), nullable=False, index=True),
    Column("level", Integer, nullable=False),
    Column("west", Float, nullable=False),
    Column("south", Float, nullable=False),
    Column("east", Float, nullable=False),
    Column("north", Float, nullable=False),
    Column("geometry", Text, nullable=False),
    Index("ix_area_outlines_box", "south", "north", "west", "east", "code", "level"),
)
area_aliases = Table(
    "area_aliases",
    metadata,
    Column("alias", String(32), primary_key=True),
    Column("code", String(32), nullable=False, index=True),
)
area_agencies = Table(
    "area_agencies",
    metadata,
    Column("area", String(32), primary_key=True),
    Column("agency", String(400), primary_key=True),
    Column("lead", Boolean, nullable=False),
    Column("by_agency", String(400), nullable=False),
    Column("by_member", String(22), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "agency"),
)
_NOW = areas.c.valid_to == ""
_TOLD = select(areas.c.code, areas.c.path, areas.c.names, areas.c.lat, areas.c.lon).where(
    _NOW, areas.c.code.in_(bindparam("codes", expanding=True))
)
_MOST_FOUND = 100
_POLE, _DATE_LINE = 90, 180
_LAT, _LON = bindparam("lat", type_=Float()), bindparam("lon", type_=Float())
_OUTLINES = select(area_outlines.c.code, area_outlines.c.geometry).where(
    area_outlines.c.code.in_(bindparam("codes", expanding=True))
)
_AROUND = select(area_outlines.c.code, area_outlines.c.level).where(
    area_outlines.c.south <= _LAT + outlines.NEAR,
    area_outlines.c.north >= _LAT - outlines.NEAR,
    area_outlines.c.west <= _LON + outlines.NEAR,
    area_outlines.c.east >= _LON - outlines.NEAR,
)


class Areas(Store):
    """Administrative areas through one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._finder: outlines.Finder | None = None
        self._within: dict[str, frozenset[str]] = {}
        self._seen: dict[str, Area | None] = {}

    def get(self, code: str) -> Area | None:
        """Return what a code, or another for the same area, means now, else what it meant last, else None."""
        if code not in self._seen:
            meant = self.history(self.canonical(code))
            self._seen[code] = next((area for area in meant if not area.valid_to), meant[0] if meant else None)
        return self._seen[code]

    def told(self, codes: Iterable[str]) -> list[tuple[str, str, str, float | None, float | None]]:
        """Return code, path, names as JSON, latitude and longitude of the areas of some codes, those that there are."""
        wanted = sorted(set(codes))[:MOST_AT_ONCE]
        found = self._connection.execute(_TOLD, {"codes": padded(wanted)}) if wanted else ()
        return [(row.code, row.path, row.names, row.lat, row.lon) for row in found]

    def need(self, code: str) -> Area:
        """Return an area.

        Raises:
            NotFound: nobody has imported it.
        """
        found = self.get(code)
        if found is None:
            raise NotFound("There is no such area here.", todo="Look for it with hub directory areas find, or import.")
        return found

    def canonical(self, code: str) -> str:
        """Return the code by which an area is kept, for a code of any scheme."""
        other = self._connection.scalar(select(area_aliases.c.code).where(area_aliases.c.alias == code))
        return str(other) if other else code

    def path(self, code: str) -> list[str]:
        """Return the codes from the country down to an area; none where nobody knows it."""
        found = self.get(code)
        return parts(found.path) if found else []

    def ancestors(self, code: str) -> list[str]:
        """Return the codes of the areas in which an area lies, the country first."""
        return self.path(code)[:-1]

    def children(self, code: str) -> list[Area]:
        """Return the areas directly below one."""
        return self._areas(areas.c.parent == self.canonical(code))

    def below(self, code: str) -> list[str]:
        """Return the codes of an area and of all that lie in it."""
        found = self.get(code)
        if found is None:
            return []
        down = areas.c.path.startswith(f"{found.path}/", autoescape=True)
        here = areas.c.country == found.country
        return [found.code, *self._connection.scalars(select(areas.c.code).where(_NOW, here, down))]

    def listing(self, country: str, level: int | None = None) -> list[Area]:
        """Return the areas of a country, or those of one level, in the order of their paths."""
        which = areas.c.country == country
        return self._areas(which if level is None else which & (areas.c.level == level))

    def countries(self) -> list[str]:
        """Return the countries that have areas here."""
        return list(self._connection.scalars(select(areas.c.country).distinct().order_by(areas.c.country)))

    def find(self, text: str, country: str | None = None) -> list[Area]:
        """Return areas by a code of any scheme, or by the whole name or its beginning in any language."""
        named = self.get(text.strip())
        if named and country in {None, named.country}:
            return [named]
        folded = fold(text)
        here = areas.c.country == country if country else areas.c.country.is_not(None)
        for shape in (f"|{folded}|", f"|{folded}", f" {folded}") if folded else ():
            found = self._areas(here & areas.c.words.contains(shape, autoescape=True))
            if found:
                return found[:_MOST_FOUND]
        return []

    def named(self, texts: Iterable[str]) -> dict[str, list[str]]:
        """Return the codes of the areas that have one of these names as a whole, by the name as `fold` gives it."""
        wanted = {fold(text) for text in texts} - {""}
        if not wanted:
            return {}
        shapes = [areas.c.words.contains(f"|{text}|", autoescape=True) for text in sorted(wanted)]
        found: dict[str, list[str]] = {}
        for row in self._all(select(areas.c.code, areas.c.words).where(_NOW, or_(*shapes))):
            for text in wanted & set(row["words"].split("|")):
                found.setdefault(text, []).append(row["code"])
        return found

    def history(self, code: str) -> list[Area]:
        """Return all that a code has meant, the newest first."""
        rows = self._all(select(areas).where(areas.c.code == code).order_by(areas.c.valid_from.desc()))
        return [_area(row) for row in rows]

    def at(self, lat: float, lon: float, country: str = "") -> str | None:
        """Return the deepest area whose outline holds a point, or None; near a border a stored code knows better.

        `country`: where the point is said to be; counts where the point lies in it or just beyond its border.
        """
        if self._finder is None:
            self._finder = outlines.Finder(self._around, self._drawn)
        if country and country not in self._within:
            self._within[country] = frozenset(area.code for area in self.listing(country))
        return self._finder.at(lat, lon, self._within.get(country, frozenset()))

    def locate(self, lat: float, lon: float, country: str = "") -> str | None:
        """Return what `at` does, after loading the countries that come with the hub and may hold the point."""
        for near in outlines.countries_near(lat, lon):
            self.ensure(near)
        return self.at(lat, lon, country)

    def placed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record that is about to be kept: a site that names no area gets that of its point.

        The countries of the codes that it names are loaded. What is not of its form is left to whoever checks it.
        """
        coverage = document.get("coverage")
        covered = coverage.get("areas") if isinstance(coverage, dict) else None
        named = [document.get("area"), document.get("country"), *(covered if isinstance(covered, list) else ())]
        self.load(code for code in named if isinstance(code, str))
        lat, lon = document.get("latitude"), document.get("longitude")
        if "area" in document or not isinstance(lat, int | float) or not isinstance(lon, int | float):
            return dict(document)
        inside = -_POLE <= lat <= _POLE and -_DATE_LINE <= lon <= _DATE_LINE
        area = self.locate(lat, lon) if inside else None
        return {**document, "area": area} if area else dict(document)

    def load(self, codes: Iterable[str]) -> None:
        """Load the countries that come with the hub and that some codes, as ISO writes them, are of."""
        for country in {code[:2] for code in codes if code[2:3] in {"", "-"}}:
            self.ensure(country)

    def ensure(self, country: str) -> bool:
        """Load a country that comes with the hub, unless it is here; return whether there is such a country."""
        if self._connection.scalar(select(areas.c.code).where(areas.c.code == country, _NOW)) is not None:
            return True
        rows = outlines.country(country)
        self.put([area for area, _ in rows])
        self.put_outlines({area.code: geometry for area, geometry in rows if geometry})
        return bool(rows)

    def outlines(self, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the outlines of those of the areas that have one, as GeoJSON geometries."""
        return {code: json.loads(geometry) for code, geometry in self._drawn(codes).items()}

    def put(self, rows: Iterable[Area]) -> None:
        """Keep areas: in place of what the same code meant since the same day, or after what it meant before.

        Raises:
            InvalidRequest: a code that cannot be one.
        """
        for area in rows:
            if not CODE.fullmatch(area.code):
                raise InvalidRequest("A code of an area has letters, digits, dots, hyphens.")
            before = self._now(area.code)
            if before is not None:
                self._close(area, before)
                self._move(before, area)
            self._put(areas, **_columns(area))
            if area.valid_to:
                self._run(delete(area_outlines).where(area_outlines.c.code == area.code))
        self._seen.clear()
        self._finder = None
        self._within.clear()

    def put_outlines(self, geometries: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep the outlines of areas that are here."""
        for code, geometry in geometries.items():
            area = self.need(code)
            west, south, east, north = outlines.bounds(geometry)
            box = {"west": west, "south": south, "east": east, "north": north}
            text = json.dumps(geometry, separators=(",", ":"))
            row = {"code": area.code, "country": area.country, "level": area.level, "geometry": text}
            self._put(area_outlines, **row, **box)
        self._finder = None

    def put_alias(self, alias: str, code: str) -> None:
        """Let another code mean the same area.

        Raises:
            InvalidRequest: the other code is an area of its own.
        """
        if self._connection.scalar(select(areas.c.code).where(areas.c.code == alias, _NOW)) is not None:
            raise InvalidRequest("This code is an area of its own.")
        self._put(area_aliases, alias=alias, code=self.need(code).code)
        self._seen.clear()

    def aliases(self, code: str) -> list[str]:
        """Return the other codes of an area."""
        query = select(area_aliases.c.alias).where(area_aliases.c.code == code).order_by(area_aliases.c.alias)
        return list(self._connection.scalars(query))

    def assign(self, area: str, agency: str, *, by: tuple[str, str], now: int, lead: bool = False) -> None:
        """Let an agency's case workers belong to an area, as a member (agency, member) of another agency says.

        Raises:
            Forbidden: an agency cannot say so of itself: what is hidden there would be open to whoever asks.
        """
        if by[0] == agency:
            raise Forbidden("Another agency's coordinator says which areas an agency works in.")
        code = self.need(area).code
        row = {"area": code, "agency": agency, "lead": lead, "by_agency": by[0], "by_member": by[1], "at": now}
        if lead:
            self._run(update(area_agencies).where(area_agencies.c.area == code).values(lead=False))
        self._put(area_agencies, **row)

    def unassign(self, area: str, agency: str) -> bool:
        """Take an agency's area from it; return whether it had it."""
        mine = (area_agencies.c.area == self.canonical(area)) & (area_agencies.c.agency == agency)
        return self._run(delete(area_agencies).where(mine)) > 0

    def assigned(self, agency: str) -> frozenset[str]:
        """Return the paths of the areas to which an agency's case workers belong; what lies in them is theirs too."""
        joined = area_agencies.join(areas, (areas.c.code == area_agencies.c.area) & _NOW)
        query = select(areas.c.path).select_from(joined).where(area_agencies.c.agency == agency)
        return frozenset(self._connection.scalars(query))

    def agencies(self, area: str) -> list[dict[str, Any]]:
        """Return the agencies of an area and of those in which it lies, the nearest first, the lead agency before."""
        path = self.path(area)
        rows = self._all(select(area_agencies).where(area_agencies.c.area.in_(path)))
        near = sorted(rows, key=lambda row: (-path.index(row["area"]), not row["lead"], row["agency"]))
        return [dict(row) for row in near]

    def _around(self, lat: float, lon: float) -> list[tuple[str, int]]:
        return [(row.code, row.level) for row in self._connection.execute(_AROUND, {"lat": lat, "lon": lon})]

    def _drawn(self, codes: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in batches(list(codes)):
            rows = self._connection.execute(_OUTLINES, {"codes": padded(some)})
            found |= {row.code: row.geometry for row in rows}
        return found

    def _now(self, code: str) -> Area | None:
        row = self._one(select(areas).where(areas.c.code == code, _NOW))
        return None if row is None else _area(row)

    def _close(self, area: Area, before: Area) -> None:
        """End what the code meant before, where it is issued again from a later day."""
        if area.valid_from < before.valid_from:
            raise InvalidRequest("This code was issued again since; what it meant before cannot be changed.")
        if area.valid_from > before.valid_from:
            mine = (areas.c.code == area.code) & _NOW
            self._run(update(areas).where(mine).values(valid_to=day_after(area.valid_from, -1)))

    def _move(self, before: Area, area: Area) -> None:
        """Take along what lies in an area that has another place in the tree."""
        if before.path != area.path:
            down = areas.c.path.startswith(f"{before.path}/", autoescape=True)
            moved = area.path + func.substr(areas.c.path, len(before.path) + 1)
            self._run(update(areas).where(areas.c.country == before.country, down).values(path=moved))

    def _areas(self, which: Any) -> list[Area]:
        return [_area(row) for row in self._all(select(areas).where(_NOW, which).order_by(areas.c.path))]


def _area(row: RowMapping) -> Area:
    values = {name: row[name] for name in Area.__slots__}
    return Area(**{**values, "names": json.loads(row["names"])})


def _columns(area: Area) -> dict[str, Any]:
    values = {name: getattr(area, name) for name in Area.__slots__}
    names = json.dumps(dict(area.names), ensure_ascii=False, sort_keys=True)
    folded = sorted({fold(name) for name in area.names.values()} - {""})
    return {**values, "names": names, "words": "".join(f"|{name}" for name in folded) + "|"}
