"""Takes nested HSDS objects apart into records, merging the copies that nesting repeats. Pure.

What an object holds of another record (its organization, its locations) becomes a record of its own that is named by
id; everything else stays where it stood. Nothing is dropped: where two copies differ, or a key leads nowhere, the
record says so, and the first copy stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.directory.formats.hsds_derive import without_derived
from hub.directory.formats.hsds_objects import key_of, with_ids
from hub.directory.formats.items import Item, Problem
from hub.directory.records.hours import minute_of
from hub.directory.records.record import PROVIDER, SERVICE, SITE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TABLES = {PROVIDER: "organizations", SERVICE: "services", SITE: "locations"}
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_FILLED = ("address_1", "city", "state_province", "postal_code", "country")


@dataclass(slots=True)
class _Found:
    key: str
    row: str
    document: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Splitter:
    """What a file has said so far. `source` makes ids of keys that are no UUIDs."""

    source: str
    found: dict[tuple[str, str], _Found] = field(default_factory=dict)
    others: list[Item] = field(default_factory=list)

    def add(self, value: dict[str, Any], row: str, problems: Iterable[Problem] = ()) -> None:
        """Take in one object of whatever kind its members show."""
        kind = kind_of(value)
        if "id" not in value:
            wrong = Problem("id", "missing", "The object has no id.")
            self.others.append(Item(kind, "", None, row, (*problems, wrong)))
        elif kind == "organization":
            self.organization(value, row, problems)
        elif kind == "service":
            self.service(value, row, problems=problems)
        elif kind == "location":
            self.location(value, row, problems=problems)
        elif kind == "service_at_location":
            self.service_at_location(value, row, problems)
        else:
            fixed = with_ids(value, self.source, "taxonomies" if kind == "taxonomy" else "taxonomy_terms")
            self.others.append(Item(kind, str(value["id"]), fixed, row, tuple(problems)))

    def organization(self, value: dict[str, Any], row: str, problems: Iterable[Problem] = ()) -> str:
        """Take in an organization with the locations and services that it holds; return its id."""
        rest, nested = _apart(value, "locations", "services")
        made = self._put(PROVIDER, rest, row, problems)
        for place in nested["locations"]:
            self.location(place, row, made)
        for service in nested["services"]:
            self.service(service, row, made)
        return made

    def service(self, value: dict[str, Any], row: str, organization: str = "", problems: Iterable[Problem] = ()) -> str:
        """Take in a service with its organization and its locations; return its id."""
        rest, nested = _apart(value, "organization", "service_at_locations")
        for one in nested["organization"]:
            organization = self.organization(one, row)
        if organization:
            rest.setdefault("organization_id", organization)
        if isinstance(value.get("program"), dict):
            rest.setdefault("program_id", value["program"].get("id"))
        if nested["service_at_locations"]:
            rest["service_at_locations"] = [self._at(one, row) for one in nested["service_at_locations"]]
        return self._put(SERVICE, rest, row, problems)

    def service_at_location(self, value: dict[str, Any], row: str, problems: Iterable[Problem] = ()) -> None:
        """Take in a service at a location that names both or holds both."""
        at = self._at(value, row)
        if isinstance(value.get("service"), dict):
            service = dict(value["service"])
            service["service_at_locations"] = [*_rows(service.get("service_at_locations")), at]
            self.service(service, row, problems=problems)
        else:
            self._put(SERVICE, {"id": value.get("service_id"), "service_at_locations": [at]}, row, problems)

    def location(
        self, value: dict[str, Any], row: str, organization: str = "", problems: Iterable[Problem] = ()
    ) -> str:
        """Take in a location; return its id."""
        return self._put(SITE, {**value, **({"organization_id": organization} if organization else {})}, row, problems)

    def items(self) -> Iterator[Item]:
        """Yield every record: providers, then sites, then services, each with what is wrong with it; then the rest."""
        for kind in (PROVIDER, SITE, SERVICE):
            for (of, _made), one in self.found.items():
                if of == kind:
                    self._finish(kind, one)
                    yield Item(
                        kind, one.key, without_derived(kind, one.document), one.row, tuple(dict.fromkeys(one.problems))
                    )
        yield from self.others

    def _at(self, value: dict[str, Any], row: str) -> dict[str, Any]:
        rest = {name: part for name, part in value.items() if name not in {"location", "service", "service_id"}}
        if isinstance(value.get("location"), dict):
            rest["location_id"] = self.location(value["location"], row)
        return rest

    def _put(self, kind: str, value: dict[str, Any], row: str, problems: Iterable[Problem] = ()) -> str:
        table, key = _TABLES[kind], value.get("id")
        document = with_ids(value, self.source, table)
        made = str(document.get("id"))
        old = self.found.get((kind, made))
        if old is None:
            self.found[kind, made] = _Found(key_of(table, key), row, document, list(problems))
            return made
        old.problems += problems
        for name, part in document.items():
            if name not in old.document:
                old.document[name] = part
            elif old.document[name] != part:
                old.document[name] = _joined(old.document[name], part, name, old.problems)
        return made

    def _finish(self, kind: str, one: _Found) -> None:
        document = one.document
        if kind == SERVICE:
            self._program(document)
            self._leads(one, "organization_id", PROVIDER)
            for number, at in enumerate(_rows(document.get("service_at_locations"))):
                if at.get("location_id") and (SITE, at["location_id"]) not in self.found:
                    where = f"service_at_locations.{number}.location_id"
                    one.problems.append(Problem(where, "orphan", "It leads to no location of the file."))
        elif kind == PROVIDER:
            if document.get("description") == document.get("name"):
                document.pop("description", None)
        elif kind == SITE:
            self._leads(one, "organization_id", PROVIDER)
            if isinstance(document.get("addresses"), list):
                document["addresses"] = [_unfilled(row) for row in document["addresses"]]
        for where, schedule in _schedules(document):
            one.problems += _odd(where, schedule)

    def _program(self, document: dict[str, Any]) -> None:
        """Keep the copy of a service's program only where its organization does not hold the same."""
        provider = self.found.get((PROVIDER, str(document.get("organization_id"))))
        held = (provider.document.get("programs") or ()) if provider else ()
        if document.get("program") is not None and document["program"] in held:
            del document["program"]

    def _leads(self, one: _Found, name: str, kind: str) -> None:
        if one.document.get(name) and (kind, one.document[name]) not in self.found:
            one.problems.append(Problem(name, "orphan", "It leads to no organization of the file."))


def kind_of(value: dict[str, Any]) -> str:
    """Return which object of HSDS something is, by the members that only that object has."""
    names = set(value)
    if "service" in names or {"service_id", "location_id"} <= names:
        return "service_at_location"
    if "location_type" in names:
        return "location"
    if names & {"taxonomy_detail", "term_uri", "taxonomy", "parent_id", "taxonomy_id"} and "status" not in names:
        return "taxonomy_term"
    if names & {"version", "taxonomy_terms"} and not names & {"status", "organization"}:
        return "taxonomy"
    if names & {"status", "organization", "organization_id", "service_at_locations"}:
        return "service"
    return "organization"


def _apart(value: dict[str, Any], *names: str) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Return an object without the other records that it holds as some members, and those."""
    nested: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    rest = {}
    for name, part in value.items():
        rows = part if isinstance(part, list) else [part]
        if name in nested and all(isinstance(row, dict) for row in rows):
            nested[name] = rows
        else:
            rest[name] = part
    return rest, nested


def _rows(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, where it is one."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _joined(old: Any, new: Any, name: str, problems: list[Problem]) -> Any:
    """Return what two copies of a member say together."""
    if isinstance(old, list) and isinstance(new, list):
        rows = list(old)
        places = {row.get("id"): place for place, row in enumerate(rows) if isinstance(row, dict)}
        for row in new:
            place = places.get(row.get("id")) if isinstance(row, dict) else None
            if place is not None and row.get("id"):
                rows[place] = _joined(rows[place], row, name, problems)
            elif row not in rows:
                rows.append(row)
        return rows
    if isinstance(old, dict) and isinstance(new, dict):
        both = dict(old)
        for part, value in new.items():
            both[part] = value if part not in old or old[part] == value else _joined(old[part], value, name, problems)
        return both
    problems.append(Problem(name, "differs", "The file says this twice, and not the same; the first stands."))
    return old


def _unfilled(address: Any) -> Any:
    """Return an address without the empty cells that HSDS asks for; they are filled in again where one is written."""
    if not isinstance(address, dict):
        return address
    return {name: value for name, value in address.items() if value != "" or name not in _FILLED}


def _odd(where: str, schedule: dict[str, Any]) -> Iterator[Problem]:
    """Yield what of a schedule is no time and no day; it stays as it came, and is not guessed."""
    for name in ("opens_at", "closes_at"):
        if schedule.get(name) and minute_of(str(schedule[name])) is None:
            yield Problem(f"{where}.{name}", "odd_time", "This is no time of day.")
    for name in ("valid_from", "valid_to", "dtstart", "until"):
        if schedule.get(name) and not _DAY.match(str(schedule[name])):
            yield Problem(f"{where}.{name}", "odd_day", "This is no day as YYYY-MM-DD.")


def _schedules(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in enumerate(_rows(document.get("schedules"))):
        yield f"schedules.{number}", row
    for place, at in enumerate(_rows(document.get("service_at_locations"))):
        for number, row in enumerate(_rows(at.get("schedules"))):
            yield f"service_at_locations.{place}.schedules.{number}", row
