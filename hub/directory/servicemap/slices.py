"""Slices: the services that may help with a need at a place, for clients that alone know for whom.

A question names a need, an area or a point with a radius, a language and a day, and nothing about any person. The
answer is signed by the hub, so a client that keeps it knows later what it was told. Nearest relation first: in the area
or covering it, then what covers its region, then its country; around a point by distance.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, or_, select, tuple_

from hub.directory.areas.domain import parts
from hub.directory.areas.store import Areas
from hub.directory.records.listing import micro
from hub.directory.servicemap.store import map_points, map_postings, map_views
from hub.errors import InvalidRequest, Malformed
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_canonical
from hub.packets.encoding import b64u, canonical, from_b64u, parse_canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from hub.directory.areas.domain import Area
    from hub.directory.servicemap.viewer import Viewer
    from hub.packets.dsse import Signer

SLICE_TYPE: Final = "application/vnd.rcp.slice+json;v=1"
PAGE: Final = 100
MAX_BYTES: Final = 150_000
"""Of the listings of one answer: an envelope has 256 KiB."""
COUNTED: Final = 1000
"""More than these are not counted: the total is then unknown."""
EARTH_KM: Final = 6371.0088
_AREA: Final = re.compile(rb'"area":"([^"]+)"')
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
    """Listings as canonical JSON, how many there are in all, and where the next page begins."""

    listings: list[bytes]
    total: int | None
    after: str | None


def candidates(connection: Connection, query: Query, viewer: Viewer) -> Page:
    """Return one page of the services that a question finds.

    Raises:
        InvalidRequest: neither an area nor a point, or a cursor of another question.
    """
    return _Search(connection, query, viewer).page()


def sign_slice(page: Page, query: dict[str, Any], areas: dict[str, Any], host: str, signer: Signer, now: int) -> bytes:
    """Return the answer signed by the hub; the listings go in as they are stored."""
    frame = {"v": 1, "host": host, "at": now, "asked": query, "areas": areas, "candidates": []}
    whole = canonical({**frame, "total": page.total, "after": page.after})
    payload = whole.replace(b'"candidates":[]', b'"candidates":[%s]' % b",".join(page.listings), 1)
    return sign_canonical(SLICE_TYPE, payload, [signer]).to_bytes()


def read_slice(data: bytes, host: str, key: bytes) -> dict[str, Any]:
    """Return what a hub said in a slice.

    Raises:
        PacketError: not of its form, not signed by `key`, or another hub's.
    """
    envelope = Envelope.from_bytes(data, SLICE_TYPE)
    envelope.verified_by([key])
    value = envelope.value
    if value.get("host") != host or value.get("v") != 1:
        raise InvalidRequest("The slice is another hub's.")
    return value


def kilometres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the distance of two points on the globe; exactly 0 for the same point."""
    up, across = math.radians(other_lat - lat), math.radians(other_lon - lon)
    half = (
        math.sin(up / 2) ** 2
        + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def said(query: Query) -> dict[str, Any]:
    """Return a question as the signed answer repeats it: positions in millionths of a degree, the radius in metres."""
    point = query.point
    around = None if point is None else {"lat": micro(point.lat), "lon": micro(point.lon), "m": round(point.km * 1000)}
    found = {"need": query.need, "area": query.area, "point": around, "language": query.language, "date": query.day}
    rest = {"after": query.after, "stale": query.stale}
    return {name: value for name, value in {**found, **rest}.items() if value is not None}


def areas_named(connection: Connection, page: Page, query: Query) -> dict[str, Any]:
    """Return the areas that the question and the listings name: path, names and middle, in millionths of a degree."""
    codes = set() if query.area is None else {query.area}
    for data in page.listings:
        codes |= {code.decode() for code in _AREA.findall(data)}
    known = Areas(connection)
    found = {code: known.get(code) for code in sorted(codes)}
    return {code: _said(area) for code, area in found.items() if area is not None}


def _said(area: Area) -> dict[str, Any]:
    said = {"names": dict(area.names), "path": parts(area.path), "lat": micro(area.lat), "lon": micro(area.lon)}
    return {name: value for name, value in said.items() if value is not None}


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
    taken: dict[str, str] = field(default_factory=dict)
    """What is on the page so far: services, and the cursor behind each."""

    def __post_init__(self) -> None:
        self.codes = self._around()
        self.near = [] if self.query.point is None else self._inside(self.query.point)

    def page(self) -> Page:
        start = _Cursor.read(self.query.after)
        for number, service in enumerate(self.near[start.near : start.near + PAGE + 1], start.near + 1):
            self.taken[service] = _Cursor(near=number).text()
        for depth in range(start.depth, len(self.codes)):
            if self._room():
                self._fill(depth, start if start.depth == depth else _Cursor())
        return self._cut()

    def _room(self) -> int:
        return PAGE + 1 - len(self.taken)

    def _around(self) -> list[str]:
        areas, code, point = Areas(self.connection), self.query.area, self.query.point
        if code is None and point is None:
            raise InvalidRequest("A question for services names an area or a point.")
        if code is None and point is not None:
            code = areas.at(point.lat, point.lon)
        return [] if code is None else (areas.path(code) or [code])[::-1]

    def _fill(self, depth: int, start: _Cursor) -> None:
        """Add what is found under one of the areas, after the cursor, until the page is full."""
        c, known = map_postings.c, set(self.near)
        asked = list(self._at(depth))
        if start.service:
            asked.append(tuple_(c.shown_until, c.service) < (start.shown, start.service))
        rows = select(c.service, c.shown_until).where(*asked).order_by(c.shown_until.desc(), c.service.desc())
        for service, shown in self.connection.execute(rows.limit(self._room() + len(known))):
            if service not in known and self._room():
                self.taken[service] = _Cursor(_ALL, depth, shown, service).text()

    def _at(self, depth: int) -> Iterator[ColumnElement[bool]]:
        """Return the conditions of what is found under one of the areas, and not under a nearer one."""
        c, codes = map_postings.c, self.codes
        yield from (c.need == self.query.need, c.place == codes[depth], self.viewer.may(c.level, c.service))
        yield from self._common(c.shown_until, c.languages)
        if depth:
            yield self.viewer.may(c.covers, c.service)
            n = map_postings.alias().c
            covers = and_(n.place.in_(codes[1:depth]), self.viewer.may(n.covers, n.service))
            within = or_(and_(n.place == codes[0], self.viewer.may(n.level, n.service)), covers)
            yield ~select(1).where(n.need == c.need, n.service == c.service, within).exists()

    def _common(self, shown_until: ColumnElement[str], languages: ColumnElement[Any]) -> Iterator[ColumnElement[bool]]:
        if not self.query.stale:
            yield shown_until >= self.query.day
        if self.query.language is not None:
            yield or_(languages.is_(None), languages.contains(f",{self.query.language},", autoescape=True))

    def _inside(self, point: Point) -> list[str]:
        """Return the services with a place in the circle, by distance; of two positions of a site the better known."""
        c = map_points.c
        asked = [c.need == self.query.need, *box(point), self.viewer.may(c.level, c.service)]
        asked += self._common(c.shown_until, c.languages)
        sites: dict[tuple[str, str], tuple[int, float]] = {}
        for row in self.connection.execute(select(c.service, c.site, c.level, c.lat, c.lon).where(*asked)):
            found = (row.level, kilometres(point.lat, point.lon, row.lat, row.lon))
            sites[row.service, row.site] = max(found, sites.get((row.service, row.site), found))
        best: dict[str, float] = {}
        for (service, _site), (_level, km) in sites.items():
            if km <= point.km:
                best[service] = min(km, best.get(service, km))
        return sorted(best, key=lambda service: (best[service], service))

    def _cut(self) -> Page:
        ids = list(self.taken)
        views = self._views(ids[:PAGE])
        listings: list[bytes] = []
        size, last = 0, None
        for service in ids[:PAGE]:
            data = views.get(service, b"")
            if size + len(data) > MAX_BYTES and listings:
                break
            last, size = service, size + len(data)
            listings += [data] if data else []
        after = None if last is None or last == ids[-1] else self.taken[last]
        if self.query.after is not None:
            return Page(listings, None, after)
        return Page(listings, len(listings) if after is None else self._total(), after)

    def _views(self, ids: Sequence[str]) -> dict[str, bytes]:
        c = map_views.c
        rows = self.connection.execute(select(c.id, self.viewer.view().label("data")).where(c.id.in_(ids)))
        return {row.id: bytes(row.data) for row in rows if row.data is not None}

    def _total(self) -> int | None:
        known, found = set(self.near), len(self.near)
        for depth in range(len(self.codes)):
            rows = select(map_postings.c.service).where(*self._at(depth)).limit(COUNTED + 1)
            found += sum(row.service not in known for row in self.connection.execute(rows))
            if found > COUNTED:
                return None
        return found


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
