"""Who looks at the service map, and what they may see of a row. Pure; fields are `hub.directory.records.visibility`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, case, exists, false, literal, or_

from hub.directory.records.visibility import AREA, FOCAL, PARTNERS, PUBLIC
from hub.directory.servicemap.store import map_records, map_views
from hub.keys.certificates import CASE_ROLES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

AREA_ROLES: Final = CASE_ROLES | {"coordinator"}


@dataclass(frozen=True, slots=True)
class Viewer:
    """A member, or everybody (`agency` empty). `areas` are the paths of the areas assigned to the member's agency."""

    agency: str = ""
    roles: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()

    def level(self, steward: str, agency: str | None, home: str) -> int:
        """Return the level at which a record is seen, from whose it is and the path of its area."""
        if not self.agency:
            return PUBLIC
        if self.agency in {steward, agency}:
            return FOCAL
        inside = any(home == area or home.startswith(f"{area}/") for area in self._areas())
        return AREA if home and inside else PARTNERS

    def may(self, level: ColumnElement[int], service: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition that a derived row of `level` is there for this viewer; few rows are above partners."""
        if not self.agency:
            return level <= PUBLIC
        owned = and_(level <= FOCAL, or_(*self._mine(), and_(level <= AREA, self._inside(map_views.c.home))))
        return or_(level <= PARTNERS, exists().where(map_views.c.id == service, owned))

    def may_know(self) -> ColumnElement[bool]:
        """Return the condition that a record is there at all for this viewer."""
        c = map_records.c
        if not self.agency:
            return c.level <= PUBLIC
        inside = and_(c.level <= AREA, self._inside(c.home))
        return or_(c.level <= PARTNERS, c.steward == self.agency, c.agency == self.agency, inside)

    def view(self) -> ColumnElement[bytes]:
        """Return the column of `map_views` that this viewer reads, chosen row by row."""
        c = map_views.c
        if not self.agency:
            return c.public
        return case((or_(*self._mine()), c.focal), (self._inside(c.home), c.area), else_=c.partners)

    def reach(
        self, steward: ColumnElement[str], agency: ColumnElement[str], home: ColumnElement[str]
    ) -> ColumnElement[int]:
        """Return `level` as an expression, for rows that say whose they are."""
        if not self.agency:
            return literal(PUBLIC)
        owned = or_(steward == self.agency, agency == self.agency)
        return case((owned, FOCAL), (self._inside(home), AREA), else_=PARTNERS)

    def _mine(self) -> list[ColumnElement[bool]]:
        return [map_views.c.steward == self.agency, map_views.c.agency == self.agency]

    def _inside(self, home: ColumnElement[str] = map_views.c.home) -> ColumnElement[bool]:
        paths = sorted(self._areas())
        return or_(false(), *(or_(home == path, home.startswith(f"{path}/", autoescape=True)) for path in paths))

    def _areas(self) -> frozenset[str]:
        return self.areas if self.roles & AREA_ROLES else frozenset()


EVERYBODY: Final = Viewer()
