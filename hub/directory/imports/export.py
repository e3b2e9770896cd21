"""Puts the map, as somebody may see it, into a file of a format. What they may not see never reaches the writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.directory.areas.store import Areas
from hub.directory.formats.items import Records
from hub.directory.formats.registry import format_of
from hub.directory.records.record import KINDS, PROVIDER, SERVICE, SITE
from hub.directory.servicemap.showing import placed, seen_by
from hub.directory.servicemap.store import ServiceMap
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hub.directory.servicemap.viewer import Viewer

PAGE = 500


def export(connection: Connection, name: str, viewer: Viewer, *, mine: bool = False) -> Iterable[bytes]:
    """Return a file of what a viewer may see; with `mine` only what their agency keeps or offers.

    Raises:
        InvalidRequest: nothing can be written in this format.
    """
    write = format_of(name).write
    if write is None:
        raise InvalidRequest("This format can only be read.")
    return write(records(connection, viewer, mine=mine))


def records(connection: Connection, viewer: Viewer, *, mine: bool = False) -> Records:
    """Return the records that a viewer may see, with those that they name."""
    store, found = ServiceMap(connection), {kind: _kind(connection, kind, viewer, mine=mine) for kind in KINDS}
    if mine:
        services = found[SERVICE].values()
        _around(store, viewer, found[PROVIDER], (str(row.get("organization_id")) for row in services))
        places = (place for row in services for place in row.get("service_at_locations") or ())
        _around(store, viewer, found[SITE], (str(place.get("location_id")) for place in places))
    offers = {key: placed(row, found[SITE]) for key, row in found[SERVICE].items() if _of(row) in found[PROVIDER]}
    return Records(found[PROVIDER], offers, found[SITE], _path(connection))


def _kind(connection: Connection, kind: str, viewer: Viewer, *, mine: bool) -> dict[str, dict[str, Any]]:
    store, found, after = ServiceMap(connection), dict[str, dict[str, Any]](), ""
    while rows := store.records(kind, after=after, limit=PAGE):
        after = rows[-1].id
        for row in rows:
            seen = seen_by(viewer, row)
            if seen is not None and (not mine or viewer.agency in {row.steward, row.agency}):
                found[row.id] = seen
    return found


def _around(store: ServiceMap, viewer: Viewer, found: dict[str, dict[str, Any]], named: Iterable[str]) -> None:
    for row in store.many(identity for identity in named if identity not in found).values():
        seen = seen_by(viewer, row)
        if seen is not None:
            found[row.id] = seen


def _of(service: Mapping[str, Any]) -> str:
    return str(service.get("organization_id"))


def _path(connection: Connection) -> Callable[[str], Sequence[tuple[str, str]]]:
    areas = Areas(connection)

    def path(code: str) -> Sequence[tuple[str, str]]:
        known = [areas.get(one) for one in areas.path(code)]
        return [(area.code, area.name("en")) for area in known if area]

    return path
