"""Joins the areas of a file to those that are here: dry run first, a report by row, the same again changes nothing.

An area that is here already by another code (the provinces that come with the hub have ISO 3166-2 codes) is found by a
code that the file gives, by what the importer says (`same`), or by name below the same parent; the code that came first
stays, because records name it, and the file's becomes another code of it. A code issued again from a later day keeps
what it meant before. What the file does not name stays and is counted as `unseen`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from hub.db import batches
from hub.directory.areas import outlines
from hub.directory.areas.domain import Area, fold
from hub.directory.areas.problems import because
from hub.directory.areas.store import Areas
from hub.directory.servicemap.store import map_postings
from hub.directory.servicemap.write import rederive
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from hub.directory.areas.codab import File, Found

NEW, CHANGED, SAME, REISSUED, ALIAS, ENDED = "new", "changed", "same", "reissued", "alias", "ended"
PROBLEM, OUTSIDE = "problem", "outside"
_HOLLOW: Final = frozenset(
    {"governorate", "province", "district", "region", "state", "county", "al", "el", "ad", "as", "az"}
)


@dataclass(slots=True)
class Report:
    """What an import did, or would do: counts by result, and each row that is not the same as before."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[dict[str, Any]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    elsewhere: int = 0
    touched: set[str] = field(default_factory=set)
    """Codes that now mean something else than before, those of other schemes among them."""

    def add(self, row: int, result: str, **more: Any) -> None:
        """Note what became of a row."""
        self.counts[result] += 1
        if result != SAME:
            self.rows.append({"row": row, "result": result, **more})


def import_areas(
    areas: Areas,
    file: File,
    country: str,
    *,
    scheme: str = "cod",
    same: Mapping[str, str] | None = None,
    write: bool = True,
    moves: bool = True,
) -> Report:
    """Join a file's areas to those of a country; with `write` False only say what would become of them.

    `moves`: whether an area may come to lie in another one than before, and so before other agencies' eyes.

    Raises:
        InvalidRequest: `same` names an area that is not here.
    """
    areas.ensure(country)
    report = Report(elsewhere=file.elsewhere)
    for problem in file.problems:
        report.add(result=PROBLEM, **problem)
    state = _State(areas, country, scheme, dict(same or {}), report, moves=moves)
    for found in sorted(file.areas, key=lambda one: (one.level, one.valid_from, one.row)):
        state.take(found)
    report.unseen = state.unseen()
    report.touched = {area.code for area in state.rows} | set(state.aliases)
    if write:
        areas.put(state.rows)
        for alias, code in state.aliases.items():
            areas.put_alias(alias, code)
        areas.put_outlines(state.outlines)
    return report


def follow(connection: Connection, codes: Iterable[str], now: int) -> None:
    """Derive anew what is searched of the services that stand in some areas or in what lies in them."""
    tree = Areas(connection)
    places = sorted({below for code in codes for below in (code, *tree.below(code))})
    services: set[str] = set()
    for some in batches(places):
        there = map_postings.c.place.in_(some)
        services |= set(connection.scalars(select(map_postings.c.service).distinct().where(there)))
    rederive(connection, sorted(services), now)


class _State:
    """The tree as it grows while a file is joined to it."""

    def __init__(
        self, areas: Areas, country: str, scheme: str, same: dict[str, str], report: Report, *, moves: bool
    ) -> None:
        self._moves = moves
        self._areas, self._country, self._scheme, self._same, self._report = areas, country, scheme, same, report
        self._known = {area.code: area for area in areas.listing(country)}
        self._mentioned: set[str] = set()
        self._drawn = set(areas.outlines(self._known))
        self.rows: list[Area] = []
        self.aliases: dict[str, str] = {}
        self.outlines: dict[str, Mapping[str, Any]] = {}
        for code in same.values():
            if code not in self._known:
                raise InvalidRequest("A code that shall mean the same is no area of this country here.", field="same")

    def take(self, found: Found) -> None:
        """Join one area of the file."""
        if any(self._foreign(code) for code in (found.code, *found.also)):
            self._report.add(found.row, PROBLEM, code=found.code, **because("other_country"))
            return
        parent = self._parent(found)
        if found.level and parent is None:
            self._report.add(found.row, PROBLEM, code=found.code, **because("orphan"))
            return
        code = self._canonical(found, parent)
        if code in self._known and self._known[code].level != found.level:
            self._report.add(found.row, PROBLEM, code=found.code, **because("other_level"))
            return
        before = self._known.get(code)
        if self._past(found, code, before):
            return
        area = self._area(found, code, parent, before)
        if before is not None and area.parent != before.parent and not self._moves:
            self._report.add(found.row, PROBLEM, code=found.code, **because("moved"))
            return
        self._mentioned.add(code)
        for other in {found.code, *found.also} - {code}:
            self._alias(other, code)
        self._keep(found, area, before)

    def _foreign(self, code: str) -> bool:
        area = self._areas.get(code)
        return area is not None and area.country != self._country

    def _past(self, found: Found, code: str, before: Area | None) -> bool:
        """Return whether a row is about what its code meant once, which is kept as it is."""
        once = [area for area in self._areas.history(code) if area.valid_from == found.valid_from and area.valid_to]
        if (once and once[0].valid_to == found.valid_to) or (once and before is not None):
            self._report.add(found.row, SAME)
            return True
        if before is not None and found.valid_from and found.valid_from < before.valid_from:
            self._report.add(found.row, PROBLEM, code=found.code, **because("issued_again"))
            return True
        return False

    def unseen(self) -> list[str]:
        """Return the areas of the levels that the file has which it does not name."""
        levels = {self._known[code].level for code in self._mentioned}
        return [code for code, area in self._known.items() if area.level in levels and code not in self._mentioned]

    def _parent(self, found: Found) -> Area | None:
        if not found.level:
            return None
        above = self._known.get(self._code(found.parent)) if found.parent else None
        if above is None and found.level == 1:
            above = self._known.get(self._country)
        if above is None and found.parent:
            above = self._named(found.parent, found.level - 1)
        return above if above is not None and above.level < found.level else None

    def _named(self, name: str, level: int) -> Area | None:
        wanted = _bare(name)
        found = [
            area for area in self._known.values() if area.level == level and wanted in map(_bare, area.names.values())
        ]
        return found[0] if wanted and len(found) == 1 else None

    def _code(self, code: str) -> str:
        code = self._same.get(code, code)
        return self.aliases.get(code) or (code if code in self._known else self._areas.canonical(code))

    def _canonical(self, found: Found, parent: Area | None) -> str:
        """Return the code by which an area is kept here, which is the file's own unless it is here by another."""
        if not found.level:
            return self._country
        for code in (found.code, *found.also):
            if self._code(code) in self._known:
                return self._code(code)
        others = [
            area
            for area in self._known.values()
            if parent and area.parent == parent.code and area.level == found.level and area.scheme != self._scheme
            if area.code not in self._mentioned
        ]
        names = {_bare(name) for name in found.names.values()} - {""}
        alike = [area.code for area in others if names & set(map(_bare, area.names.values()))]
        if not alike and found.geometry:
            drawn = self._areas.outlines(area.code for area in others)
            alike = [code for code, outline in drawn.items() if outlines.same_place(found.geometry, outline)]
        return alike[0] if len(alike) == 1 else found.code

    def _area(self, found: Found, code: str, parent: Area | None, before: Area | None) -> Area:
        path = f"{parent.path}/{code}" if parent else code
        lat, lon = outlines.centre(found.geometry) if found.geometry else (None, None)
        made = Area(code, self._scheme, found.level, parent.code if parent else None, path, self._country, found.names)
        made = replace(made, valid_from=found.valid_from, valid_to=found.valid_to, lat=lat, lon=lon)
        if before is None or _again(found, before):
            return made
        if before.scheme != self._scheme:  # another scheme's area gains names that it has not, and stays as it is
            return replace(before, names={**found.names, **before.names})
        lat, lon = (lat, lon) if found.geometry else (before.lat, before.lon)
        names = {**before.names, **found.names}
        return replace(made, valid_from=before.valid_from, names=names, lat=lat, lon=lon)

    def _alias(self, other: str, code: str) -> None:
        if other not in self._known and self._areas.canonical(other) != code:
            self.aliases[other] = code

    def _keep(self, found: Found, area: Area, before: Area | None) -> None:
        result = SAME
        if before is None:
            result = NEW
        elif _again(found, before):
            result = REISSUED
        elif area != before:
            result = ENDED if area.valid_to else CHANGED
        if self._redrawn(found, area):
            self.outlines[area.code] = found.geometry or {}
            result = CHANGED if result == SAME else result
        if result == SAME and found.code in self.aliases:
            result = ALIAS
        if result in {NEW, CHANGED, REISSUED, ENDED}:
            self.rows.append(area)
            self._known[area.code] = area
        other = {"area": area.code} if area.code != found.code else {}
        self._report.add(found.row, result, code=found.code, name=next(iter(found.names.values()), ""), **other)
        if self._outside(found, area):
            self._report.add(found.row, OUTSIDE, code=found.code, **because("outside"))

    def _outside(self, found: Found, area: Area) -> bool:
        """Whether the middle of an area does not lie in its parent: then one of the two codes is wrong in the file."""
        if found.geometry is None or area.parent is None:
            return False
        above = self.outlines.get(area.parent) or self._areas.outlines([area.parent]).get(area.parent)
        return above is not None and not outlines.holds(above, *outlines.centre(found.geometry))

    def _redrawn(self, found: Found, area: Area) -> bool:
        """Whether the file's outline is taken: a new one, never in place of another scheme's."""
        if found.geometry is None or area.valid_to or (area.scheme != self._scheme and area.code in self._drawn):
            return False
        kept: dict[str, Any] = self._areas.outlines([area.code]).get(area.code, {})
        return bool(kept != json.loads(json.dumps(found.geometry)))


def _again(found: Found, before: Area) -> bool:
    """Whether a code is issued again: from a later day, and with another meaning than before."""
    later = bool(found.valid_from) and found.valid_from > before.valid_from
    names = {_bare(name) for name in found.names.values()}
    return later and not names & {_bare(name) for name in before.names.values()} and before.code == found.code


def _bare(name: str) -> str:
    """Return a name without the words that say what kind of area it is, and the article."""
    return "".join(word for word in fold(name.replace("-", " ")).split() if word not in _HOLLOW)
