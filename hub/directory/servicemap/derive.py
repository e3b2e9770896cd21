"""What is searched, derived from records: listings by level, where each need is met, positions, words, what is due.

`derive` is called in the transaction that changed a record, for every service that shows the change; nothing else
writes these tables. The rows of one service are functions of its documents alone (`of_service`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from hub.db import batches
from hub.directory.areas.store import Areas
from hub.directory.gaps.store import dirty
from hub.directory.records import freshness, listing
from hub.directory.records.ages import MONTHS
from hub.directory.records.record import PROVIDER, SERVICE
from hub.directory.records.visibility import WHOLE, visible
from hub.directory.records.vocabulary import AGE_GROUPS, LEVELS
from hub.directory.servicemap import store as t
from hub.directory.text.normalise import words
from hub.directory.text.store import facet_rows, map_facets, terms
from hub.packets.encoding import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table
    from sqlalchemy.engine import RowMapping

    from hub.directory.servicemap.store import Row

ANYWHERE: Final = ""
"""The place of what has none: found by its name alone."""
ANY_NEED: Final = ""
"""The need of a position whose service names none: no question for a need finds it, a question for a place does."""
FEMALE, MALE = 1 << len(AGE_GROUPS), 2 << len(AGE_GROUPS)
_VIEWS: Final = ("public", "partners", "area", "focal")
_WORD: Final = 64
_WEIGHTS: Final = {"name": 8, "alternate_name": 6, "acronym": 6, "description": 2}
_PROVIDER_WEIGHTS: Final = {"name": 5, "alternate_name": 4, "acronym": 5}


@dataclass(slots=True)
class Derived:
    """The rows of one service, by table."""

    view: dict[str, Any]
    sites: list[dict[str, Any]]
    postings: list[dict[str, Any]]
    points: list[dict[str, Any]]
    words: list[dict[str, Any]]
    facets: list[dict[str, Any]]


@dataclass(slots=True)
class Around:
    """The records that services name, loaded once: by id, and the paths of areas by code."""

    records: Mapping[str, Row]
    areas: Areas
    paths: dict[str, list[str]] = field(default_factory=dict)

    def path(self, code: str) -> list[str]:
        """Return the codes from the country down to an area; of an unknown one, itself."""
        if code not in self.paths:
            self.paths[code] = self.areas.path(code) or [code]
        return self.paths[code]


def derive(connection: Connection, services: Sequence[Row], around: Mapping[str, Row]) -> None:
    """Make the derived rows of some services anew; `around`: their providers and sites by the ids that they name."""
    ids = [row.id for row in services]
    known = Around(around, Areas(connection))
    made = [of_service(row, known) for row in services]
    touched = _forget(connection, ids)
    _insert(connection, t.map_views, (one.view for one in made))
    _insert(connection, t.map_sites, (row for one in made for row in one.sites))
    _insert(connection, t.map_postings, (row for one in made for row in one.postings))
    _insert(connection, t.map_points, (row for one in made for row in one.points))
    _insert(connection, t.map_words, (row for one in made for row in one.words))
    _insert(connection, map_facets, (row for one in made for row in one.facets))
    dirty(connection, touched | {(row["need"], row["place"]) for one in made for row in one.postings})


def derive_due(connection: Connection, rows: Iterable[Row]) -> None:
    """Say anew what is due of some records; a reminder that was sent stays sent while the day is the same."""
    records = list(rows)
    c = t.map_due.c
    told: dict[tuple[str, str], RowMapping] = {}
    for some in batches([row.id for row in records]):
        for old in connection.execute(select(t.map_due).where(c.id.in_(some))).mappings():
            told[old["id"], old["grp"]] = old
        connection.execute(delete(t.map_due).where(c.id.in_(some)))
    new = [
        _due(row.id, due, told.get((row.id, due.group)))
        for row in records
        for due in freshness.due_rows(row.kind, row.document)
    ]
    _insert(connection, t.map_due, new)


def home_of(paths: Iterable[Sequence[str]]) -> str:
    """Return the path of the smallest area that holds all others; "" where there is none."""
    found = [list(path) for path in paths if path]
    if not found:
        return ""
    shared = []
    for codes in zip(*found, strict=False):
        if len(set(codes)) > 1:
            break
        shared.append(codes[0])
    return "/".join(shared)


def of_service(row: Row, around: Around) -> Derived:
    """Return all derived rows of one service."""
    service = row.document
    provider = around.records.get(service["organization_id"])
    ids = site_ids(service)
    sites = [site for one in ids if one in around.records and (site := around.records[one].beside(row.steward))]
    paths = {code: around.path(code) for code in _codes(service, sites)}
    by = _by(row, provider)
    seen = listing.views(service, by, sites, paths)
    agency = "" if provider is None else provider.document.get("agency", "")
    groups = [0 if view is None else groups_of(view) for view in seen]
    return Derived(
        _view(row, agency, seen),
        [{"service": row.id, "site": site} for site in dict.fromkeys(ids)],
        list(_postings(seen, around)),
        list(_points(seen)),
        list(_words(row.id, service, by, seen)),
        list(facet_rows({"steward": row.steward, "agency": agency, "home": row.home}, seen, groups)),
    )


def _by(row: Row, provider: Row | None) -> Mapping[str, Any]:
    """Return the provider of a service as its rows may show it; of an unknown or hidden one nothing but the id."""
    if provider is None:
        return {"id": row.document["organization_id"], "name": ""}
    hidden = {"id": provider.id, "name": "", "visibility": {WHOLE: LEVELS[provider.level]}}
    return provider.beside(row.steward) or hidden


def site_ids(service: Mapping[str, Any]) -> list[str]:
    """Return the ids of the sites at which a service is given."""
    return [str(row["location_id"]) for row in service.get("service_at_locations") or [] if row.get("location_id")]


def groups_of(view: Mapping[str, Any]) -> int:
    """Return for whom a service says that it is, as bits: one for each age group, then girls, then boys."""
    found = 0
    for band in view.get("bands", ()):
        found |= _ages(band) | _sexes(band)
    return found


def usable_until(view: Mapping[str, Any]) -> str:
    """Return the last day on which a service is verified and known to have places; empty where on none."""
    capacity = view.get("capacity", {})
    if capacity.get("state") != "capacity" or capacity.get("available", 1) < 1:
        return ""
    return min(str(view.get("shown_until", "")), str(capacity.get("until", "")))


# One table each


def _view(row: Row, agency: str, seen: Sequence[dict[str, Any] | None]) -> dict[str, Any]:
    held: list[bytes | None] = []
    for position, one in enumerate(seen):
        if position and one == seen[position - 1]:
            held.append(held[-1])
        else:
            held.append(None if one is None else canonical({**one, "host": row.host}))
    return {
        "id": row.id,
        "steward": row.steward,
        "agency": agency,
        "home": row.home,
        **dict(zip(_VIEWS, held, strict=True)),
    }


def _postings(seen: Sequence[dict[str, Any] | None], around: Around) -> Iterator[dict[str, Any]]:
    """Return where each need is met. A row says from which level on each of its facts is known."""
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for level, view in enumerate(seen):
        if view is None or (level and view == seen[level - 1]):
            continue
        about = _about(view)
        for place, (here, covers) in _places(view, around).items():
            for need in view.get("needs", ()):
                fresh = {**about, "need": need, "place": place, "level": level, "here": t.NEVER, "covers": t.NEVER}
                row = made.setdefault((need, place), fresh)
                row["here"] = min(row["here"], level if here else t.NEVER)
                row["covers"] = min(row["covers"], level if covers else t.NEVER)
    yield from made.values()


def _about(view: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "service": view["id"],
        "shown_until": view.get("shown_until", ""),
        "usable_until": usable_until(view),
        "groups": groups_of(view),
        "claimed": bool(view.get("claimed")),
        "languages": _joined(view.get("languages")),
    }


def _places(view: Mapping[str, Any], around: Around) -> dict[str, tuple[bool, bool]]:
    """Return under which areas a service is found: whether it has a place there, and whether it covers all of it."""
    found: dict[str, tuple[bool, bool]] = {}
    for row in view["places"]:
        for code in row.get("path", ()):
            found[code] = (True, False)
    for covered in view.get("covers", ()):
        for code in around.path(covered):
            here, covers = found.get(code, (False, False))
            found[code] = (here, covers or code == covered)
    return found or {ANYWHERE: (False, False)}


def _points(seen: Sequence[dict[str, Any] | None]) -> Iterator[dict[str, Any]]:
    last: dict[str, tuple[int, int]] = {}
    for level, view in enumerate(seen):
        if view is None:
            continue
        about = {"shown_until": view.get("shown_until", ""), "languages": _joined(view.get("languages"))}
        for row in view["places"]:
            point = (row.get("lat"), row.get("lon"))
            if point[0] is None or last.get(row["site"]) == point:
                continue
            last[row["site"]] = point
            where = {"lat": row["lat"] / listing.MICRO, "lon": row["lon"] / listing.MICRO}
            for need in view.get("needs") or (ANY_NEED,):
                yield {**about, **where, "need": need, "service": view["id"], "site": row["site"], "level": level}


def _words(
    record: str, service: Mapping[str, Any], provider: Mapping[str, Any], seen: Sequence[Any]
) -> Iterator[dict[str, Any]]:
    known: set[str] = set()
    for level, view in enumerate(seen):
        if view is None or (level and view == seen[level - 1]):
            continue
        found: dict[str, int] = {}
        for text, weight in _texts(service, provider, level):
            for word in words(text):
                found[word[:_WORD]] = max(weight, found.get(word[:_WORD], 0))
        found |= terms(view)
        yield from (
            {"word": word, "id": record, "weight": found[word], "level": level} for word in found.keys() - known
        )
        known |= found.keys()


def _texts(service: Mapping[str, Any], provider: Mapping[str, Any], level: int) -> Iterator[tuple[str, int]]:
    for kind, document, weights in ((SERVICE, service, _WEIGHTS), (PROVIDER, provider, _PROVIDER_WEIGHTS)):
        seen = visible(kind, document, level) or {}
        yield from ((str(seen[name]), weight) for name, weight in weights.items() if seen.get(name))
        for fields in (seen.get("translations") or {}).values():
            yield from (
                (str(said["text"]), weights[name]) for name, said in fields.items() if name in weights and name in seen
            )
        yield from ((str(name), _PROVIDER_WEIGHTS["alternate_name"]) for name in seen.get("names", ()))


def _due(record: str, due: freshness.Due, told: RowMapping | None) -> dict[str, Any]:
    same = told is not None and told["due"] == due.due
    rung, at = (told["rung"], told["told_at"]) if same and told is not None else (0, None)
    return {"id": record, "grp": due.group, "due": due.due, "limit_day": due.limit, "rung": rung, "told_at": at}


def _ages(band: Mapping[str, Any]) -> int:
    first, below = band.get("from", 0), band.get("below")
    found = 0
    for place, group in enumerate(AGE_GROUPS):
        low, _, high = group.rstrip("+").partition("-")
        top = (int(high) + 1) * MONTHS if high else None
        if (top is None or first < top) and (below is None or below > int(low) * MONTHS):
            found |= 1 << place
    return found


def _sexes(band: Mapping[str, Any]) -> int:
    sexes = band.get("sexes")
    if sexes == "any":
        return FEMALE | MALE
    return (FEMALE if "female" in (sexes or ()) else 0) | (MALE if "male" in (sexes or ()) else 0)


def _joined(languages: Sequence[str] | None) -> str | None:
    return None if not languages else f",{','.join(languages)},"[:200]


def _codes(service: Mapping[str, Any], sites: Iterable[Mapping[str, Any]]) -> set[str]:
    named = set(service.get("coverage", {}).get("areas", ()))
    for site in sites:
        named |= {site.get("area"), (site.get("access_point") or {}).get("area")} - {None}
    return named


# Rows


def forget(connection: Connection, services: Sequence[str]) -> None:
    """Take some services out of everything that is searched: they were merged into others."""
    dirty(connection, _forget(connection, services))


def _forget(connection: Connection, services: Sequence[str]) -> set[tuple[str, str]]:
    """Delete the derived rows of services; return where their needs were met."""
    touched: set[tuple[str, str]] = set()
    for some in batches(services):
        c = t.map_postings.c
        touched |= {
            (row.need, row.place) for row in connection.execute(select(c.need, c.place).where(c.service.in_(some)))
        }
        others = (
            t.map_points.c.service,
            t.map_sites.c.service,
            map_facets.c.service,
            t.map_views.c.id,
            t.map_words.c.id,
        )
        for column in (c.service, *others):
            connection.execute(delete(column.table).where(column.in_(some)))
    return touched


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    made = list(rows)
    if made:
        connection.execute(insert(table), made)
