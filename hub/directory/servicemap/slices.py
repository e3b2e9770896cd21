"""Slices: the services that may help with a need at a place, for clients that alone know for whom.

A question names a need, an area or a point with a radius, a language and a day, and nothing about any person. The
answer is signed by the hub, so a client that keeps it knows later what it was told. Nearest relation first: in the area
or covering it, then what covers its region, then its country; around a point by distance.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, String, and_, bindparam, literal_column, or_, select, union_all

from hub.db import padded
from hub.directory.areas.domain import parts
from hub.directory.areas.store import Areas
from hub.directory.records.globe import EARTH_KM, kilometres
from hub.directory.records.listing import micro
from hub.directory.records.slices import SLICE_TYPE
from hub.directory.servicemap.store import NEVER, map_points, map_postings, map_views
from hub.errors import InvalidRequest, Malformed
from hub.packets import shapes as a
from hub.packets.dsse import sign_canonical
from hub.packets.encoding import b64u, canonical, from_b64u, parse_canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from hub.directory.servicemap.viewer import Viewer
    from hub.packets.dsse import Signer

PAGE: Final = 100
MAX_BYTES: Final = 150_000
"""Of the listings of one answer: an envelope has 256 KiB."""
_AREA: Final = re.compile(rb'"area":"([^"]+)"')
_LISTS: Final = re.compile(rb'"(?:covers|residence)":\[([^\]]*)\]')
"""In canonical JSON a quotation mark inside a text has a backslash before it."""
_DEGREE_KM: Final = math.pi * EARTH_KM / 180
_ALL_ROUND: Final = 180.0
_POLE: Final = 89.9


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the globe, in degrees, and how far around it, in kilometres."""

    lat: float
    lon: float
    km: float


@dataclass(frozen=True, slots=True)
class Query:
    """What a client asks. `day`: services that are shown on it; `stale`: also those past their limit."""

    need: str
    day: str
    area: str | None = None
    point: Point | None = None
    language: str | None = None
    stale: bool = False
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Listings as canonical JSON, where the next page begins, and how many there are, if this is all."""

    listings: list[bytes]
    total: int | None
    after: str | None


def candidates(connection: Connection, query: Query, viewer: Viewer) -> Page:
    """Return one page of the services that a question finds.

    Raises:
        InvalidRequest: neither an area nor a point, or a cursor of another question.
    """
    return _Search(connection, query, viewer).page()


def sign_slice(page: Page, query: dict[str, Any], areas: bytes, host: str, signer: Signer, now: int) -> bytes:
    """Return the answer signed by the hub; areas and listings go in as they are."""
    frame = {"v": 1, "host": host, "at": now, "asked": query, "areas": None, "candidates": []}
    whole = canonical({**frame, "total": page.total, "after": page.after})
    payload = whole.replace(b'"candidates":[]', b'"candidates":[%s]' % b",".join(page.listings), 1)
    payload = payload.replace(b'"areas":null', b'"areas":' + areas, 1)
    return sign_canonical(SLICE_TYPE, payload, [signer]).to_bytes()


def said(query: Query) -> dict[str, Any]:
    """Return a question as the signed answer repeats it: positions in millionths of a degree, the radius in metres."""
    point = query.point
    around = None if point is None else {"lat": micro(point.lat), "lon": micro(point.lon), "m": round(point.km * 1000)}
    found = {"need": query.need, "area": query.area, "point": around, "language": query.language, "date": query.day}
    rest = {"after": query.after, "stale": query.stale}
    return {name: value for name, value in {**found, **rest}.items() if value is not None}


def areas_named(connection: Connection, page: Page, query: Query) -> bytes:
    """Return the areas that the question and the listings name: path, names and middle, in millionths of a degree.

    The answer is canonical JSON. The area of the question stands under the code by which it was asked for, whatever its
    scheme.
    """
    tree = Areas(connection)
    asked = query.area
    codes = set() if asked is None else {asked}
    data = b"".join(page.listings)
    codes |= {code.decode() for code in set(_AREA.findall(data))}
    codes |= {code.strip('"') for row in set(_LISTS.findall(data)) for code in row.decode().split(",") if code}
    named = {code: _said(path, names, lat, lon) for code, path, names, lat, lon in tree.told(codes)}
    if asked is not None and asked not in named and (other := tree.get(asked)):
        named[asked] = _said(other.path, json.dumps(dict(other.names)), other.lat, other.lon)
    return b"{%s}" % b",".join(b'"%s":%s' % (code.encode(), said) for code, said in sorted(named.items()))


@lru_cache(10_000)
def _said(path: str, names: str, lat: float | None, lon: float | None) -> bytes:
    said = {"names": json.loads(names), "path": parts(path), "lat": micro(lat), "lon": micro(lon)}
    return canonical({name: value for name, value in said.items() if value is not None})


@dataclass(slots=True)
class _Search:
    """One question while it is answered."""

    connection: Connection
    query: Query
    viewer: Viewer
    codes: list[str] = field(init=False)
    """The area that was asked for, then those around it up to the country."""
    near: list[str] = field(init=False)
    """Services inside the circle, the nearest first."""
    taken: list[tuple[str, _Cursor, bytes | None]] = field(default_factory=list)
    """What is on the page so far: services, the cursor behind each, and the listing."""

    def __post_init__(self) -> None:
        self.codes = self._around()
        self.near = [] if self.query.point is None else self._inside(self.query.point)

    def page(self) -> Page:
        start = _Cursor.read(self.query.after)
        self._take_near(start)
        if len(self.taken) <= PAGE and start.depth < len(self.codes):
            self._take_around(start)
        return self._cut(self.taken[: PAGE + 1])

    def _around(self) -> list[str]:
        areas, code, point = Areas(self.connection), self.query.area, self.query.point
        if code is None and point is None:
            raise InvalidRequest("A question for services names an area or a point.")
        if code is None and point is not None:
            code = areas.at(point.lat, point.lon)
        if code is None:
            return []
        known = [path for _code, path, *_ in areas.told([code])]
        return (parts(known[0]) if known else areas.path(code) or [code])[::-1]

    def _take_near(self, start: _Cursor) -> None:
        ids = self.near[start.near : start.near + PAGE + 1]
        if not ids:
            return
        rows = self.connection.execute(_listings(self.viewer), {"ids": padded(ids)})
        views = {row.id: row.data for row in rows}
        for number, service in enumerate(ids, start.near + 1):
            self.taken.append((service, _Cursor(near=number), views.get(service)))

    def _take_around(self, start: _Cursor) -> None:
        """Add what is found under the area and those around it, after the cursor, until the page is full."""
        known, room = set(self.near), PAGE + 1 - len(self.taken)
        shape = self._shape(start.depth, going_on=bool(start.service))
        given = {**self._given(), "shown": start.shown, "service": start.service, "most": room + len(known)}
        for depth, service, shown, data in self.connection.execute(_listed(self.viewer, shape), given):
            if service not in known:
                self.taken.append((service, _Cursor(_ALL, depth, shown, service), data))

    def _shape(self, first: int = 0, *, going_on: bool = False) -> _Shape:
        return _Shape(first, len(self.codes), self.query.language is not None, self.query.stale, going_on)

    def _given(self) -> dict[str, Any]:
        codes = {f"code_{depth}": code for depth, code in enumerate(self.codes)}
        spoken = {} if self.query.language is None else {"language": f"%,{self.query.language},%"}
        return {"need": self.query.need, "day": self.query.day, **codes, **spoken}

    def _inside(self, point: Point) -> list[str]:
        """Return the services with a place in the circle, by distance; of two positions of a site the better known."""
        rows = _by_point(self.viewer, self._shape()).where(*box(point))
        sites: dict[tuple[str, str], tuple[int, float]] = {}
        for row in self.connection.execute(rows, self._given()):
            found = (row.level, kilometres(point.lat, point.lon, row.lat, row.lon))
            sites[row.service, row.site] = max(found, sites.get((row.service, row.site), found))
        best: dict[str, float] = {}
        for (service, _site), (_level, km) in sites.items():
            if km <= point.km:
                best[service] = min(km, best.get(service, km))
        return sorted(best, key=lambda service: (best[service], service))

    def _cut(self, rows: Sequence[tuple[str, _Cursor, bytes | None]]) -> Page:
        size, fit = 0, 0
        for _service, _cursor, data in rows[:PAGE]:
            size += len(data or b"")
            if size > MAX_BYTES and fit:
                break
            fit += 1
        listings = [bytes(data) for _service, _cursor, data in rows[:fit] if data]
        after = rows[fit - 1][1].text() if fit < len(rows) else None
        whole = self.query.after is None and after is None
        return Page(listings, len(listings) if whole else None, after)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What makes a statement another one; its values are given when it runs.

    `first` and `end` are the depths that are searched: 0 is the area that was asked for, the last is the country.
    """

    first: int
    end: int
    spoken: bool
    stale: bool
    going_on: bool


@lru_cache(512)
def _listed(viewer: Viewer, shape: _Shape) -> Select[Any]:
    """Return the statement that finds what is under some areas, nearest first; building one costs more than running."""
    under = [_under(viewer, shape, depth) for depth in range(shape.first, shape.end)]
    if len(under) == 1:
        return under[0]
    found = union_all(*(select(one.subquery()) for one in under)).subquery()
    rows = select(found).order_by(found.c.depth, found.c.shown_until.desc(), found.c.service.desc())
    return rows.limit(bindparam("most", type_=Integer()))


def _under(viewer: Viewer, shape: _Shape, depth: int) -> Select[Any]:
    """Return the statement that finds what is under one of the areas, and not under a nearer one."""
    c, v, codes = map_postings.c, map_views.c, [bindparam(f"code_{step}", type_=String()) for step in range(depth + 1)]
    reach = viewer.reach(v.steward, v.agency, v.home)
    asked = [c.need == bindparam("need"), c.place == codes[-1], *_common(shape, c.shown_until, c.languages)]
    if depth:
        n = map_postings.alias().c
        within = and_(n.place == codes[0], n.level <= reach)
        if depth > 1:
            within = or_(within, and_(n.place.in_(codes[1:-1]), n.covers <= reach))
        nearer = select(1).where(n.need == c.need, n.service == c.service, within)
        few = c.covers < literal_column(str(NEVER))  # in the words of the index that holds those alone
        asked += [few, c.covers <= reach, ~nearer.exists()]
    else:
        asked.append(c.level <= reach)
    if shape.going_on and depth == shape.first:
        shown, service = bindparam("shown", type_=String()), bindparam("service", type_=String())
        asked.append(or_(c.shown_until < shown, and_(c.shown_until == shown, c.service < service)))
    rows = select(literal_column(str(depth)).label("depth"), c.service, c.shown_until, viewer.view().label("data"))
    rows = rows.select_from(map_postings.join(map_views, v.id == c.service)).where(*asked)
    return rows.order_by(c.shown_until.desc(), c.service.desc()).limit(bindparam("most", type_=Integer()))


@lru_cache(512)
def _by_point(viewer: Viewer, shape: _Shape) -> Select[Any]:
    c = map_points.c
    asked = [c.need == bindparam("need"), viewer.may(c.level, c.service), *_common(shape, c.shown_until, c.languages)]
    return select(c.service, c.site, c.level, c.lat, c.lon).where(*asked)


@lru_cache(512)
def _listings(viewer: Viewer) -> Select[Any]:
    c = map_views.c
    return select(c.id, viewer.view().label("data")).where(c.id.in_(bindparam("ids", expanding=True)))


def _common(
    shape: _Shape, shown_until: ColumnElement[str], languages: ColumnElement[Any]
) -> Iterator[ColumnElement[bool]]:
    if not shape.stale:
        yield shown_until >= bindparam("day")
    if shape.spoken:
        yield or_(languages.is_(None), languages.like(bindparam("language")))


def box(point: Point) -> Iterator[ColumnElement[bool]]:
    """Return the conditions that a position is in the smallest box around the circle, across 180 degrees too."""
    c, high = map_points.c, point.km / _DEGREE_KM
    yield c.lat.between(point.lat - high, point.lat + high)
    widest = max(abs(point.lat - high), abs(point.lat + high))
    if widest >= _POLE:
        return
    wide = high / math.cos(math.radians(widest))
    west, east = point.lon - wide, point.lon + wide
    if wide < _ALL_ROUND and west < -_ALL_ROUND:
        yield or_(c.lon <= east, c.lon >= west + 2 * _ALL_ROUND)
    elif wide < _ALL_ROUND and east > _ALL_ROUND:
        yield or_(c.lon >= west, c.lon <= east - 2 * _ALL_ROUND)
    elif wide < _ALL_ROUND:
        yield c.lon.between(west, east)


_CURSOR: Final = a.object_of({"n": a.integer(0, 2**31), "d": a.integer(0, 64), "u": a.string, "s": a.string})
_ALL: Final = 2**31
"""More than any circle holds."""


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Behind which row the next page begins: how many of those near, or the last of those under an area."""

    near: int = 0
    depth: int = 0
    shown: str = ""
    service: str = ""

    def text(self) -> str:
        return b64u(canonical({"n": self.near, "d": self.depth, "u": self.shown, "s": self.service}))

    @classmethod
    def read(cls, text: str | None) -> _Cursor:
        if text is None:
            return cls()
        value = parse_canonical(from_b64u(text))
        try:
            _CURSOR(value)
        except Malformed as error:
            raise InvalidRequest("This cursor is of another question.") from error
        return cls(value["n"], value["d"], value["u"], value["s"])
