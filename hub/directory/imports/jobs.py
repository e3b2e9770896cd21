"""The job that goes through files: claims one, reads it, takes it in by chunks, and comes back to where it was.

Every chunk is one transaction with its lines of the report and how far it came, so a crash loses nothing and repeats
nothing; a dry run that was broken off begins again, for it changed nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hub.directory.areas.store import Areas
from hub.directory.formats.items import Item, Origin
from hub.directory.formats.registry import format_of
from hub.directory.imports.chunks import Run, by_family, count, take, vanish
from hub.directory.imports.store import LEASE, Import, Imports, Line, State
from hub.directory.servicemap.showing import shown
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.viewer import Viewer
from hub.errors import HubError, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from hub.context import Hub

CHUNK: Final = 250
MAX_TRIES: Final = 5
MAX_ITEMS: Final = 500_000
KEEP_FILES: Final = 7 * 86_400


def run_imports(hub: Hub) -> int:
    """Go through the file that has waited longest; return how many rows were taken."""
    with hub.database.write() as connection:
        store = Imports(connection)
        store.forget(hub.clock.now() - KEEP_FILES)
        one = store.claim(hub.wire.now())
        if one is not None and store.tries(one.id) > MAX_TRIES:
            store.end(one.id, State.FAILED, "The file could not be read to its end.")
            return 0
        if one is not None and one.state is State.CHECK:
            store.restart(one.id)
            one = replace(one, done=0, counts={})
    return 0 if one is None else _go_through(hub, one)


def _go_through(hub: Hub, one: Import) -> int:
    with hub.database.write() as connection:
        if one.origin["country"]:
            Areas(connection).ensure(one.origin["country"])
    try:
        with hub.database.read() as connection:
            items, assigned = _read(connection, one), Areas(connection).assigned(one.agency)
    except HubError as error:
        return _fail(hub, one, error.detail)
    done, run = one.done, _run(hub, one, assigned)
    run.used.update(str(item.document["id"]) for item in items[:done] if item.document)
    with hub.database.write() as connection:
        Imports(connection).change(one.id, total=len(items))
    while done < len(items):
        _chunk(hub, run, items[done : done + CHUNK], done)
        done = min(done + CHUNK, len(items))
    _finish(hub, run, items)
    return len(items) - one.done


def _fail(hub: Hub, one: Import, detail: str) -> int:
    with hub.database.write() as connection:
        Imports(connection).end(one.id, State.FAILED, detail)
    return 0


def _read(connection: Connection, one: Import) -> list[Item]:
    read = format_of(one.format).read
    origin = Origin(**one.origin, locate=_paths(connection, one.origin["country"]), current=_current(connection, one))
    items: list[Item] = []
    for item in read(Imports(connection).file(one.id), origin) if read else ():
        items.append(item)
        if len(items) > MAX_ITEMS:
            raise TooLarge("The file has more rows than this hub takes at once.", todo="Send it in parts.")
    return items if format_of(one.format).edits else by_family(items)


def _paths(connection: Connection, country: str) -> Callable[[float, float], Sequence[str]]:
    areas = Areas(connection)

    @cache
    def path(lat: float, lon: float) -> Sequence[str]:
        code = areas.at(lat, lon, country)
        return areas.path(code) if code else ()

    return path


def _current(connection: Connection, one: Import) -> Callable[[str], Mapping[str, Any] | None]:
    """Return what shows a record as the sender of a file sees it."""
    store = ServiceMap(connection)
    viewer = Viewer(one.agency, one.roles, Areas(connection).assigned(one.agency))

    def current(identity: str) -> Mapping[str, Any] | None:
        row = store.get(identity)
        return None if row is None else shown(store, viewer, row)

    return current


def _run(hub: Hub, one: Import, areas: frozenset[str]) -> Run:
    form = format_of(one.format)
    writes = one.state is State.APPLY
    now, origin = hub.clock.now(), Origin(**one.origin)
    return Run(one, origin, hub.origin, now, writes, form.verifies, form.edits, areas=areas)


def _chunk(hub: Hub, run: Run, part: Sequence[Item], done: int) -> None:
    """Take some rows in, with their lines and how far it came."""
    with hub.database.write() as connection:
        lines = take(connection, run, part)
        counts = _report(connection, run, lines)
        lease = hub.wire.now() + LEASE
        Imports(connection).change(run.one.id, done=done + len(part), counts=counts, lease=lease, tries=0)


def _finish(hub: Hub, run: Run, items: Sequence[Item]) -> None:
    whole = run.one.whole and not any(item.patch for item in items)
    with hub.database.write() as connection:
        counts = _report(connection, run, vanish(connection, run, items) if whole else [])
        Imports(connection).change(run.one.id, counts=counts, state=State.CHECKED, lease=0, tries=0)
        if run.writes:
            Imports(connection).end(run.one.id, State.DONE)


def _report(connection: Connection, run: Run, lines: Sequence[Line]) -> dict[str, dict[str, int]]:
    """Add lines to the report; return the counts with them."""
    store = Imports(connection)
    store.report(run.one.id, store.last_line(run.one.id) + 1, lines)
    return count(store.get(run.one.id, run.one.agency).counts, lines)
