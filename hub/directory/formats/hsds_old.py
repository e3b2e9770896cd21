"""Tables of HSDS 2.0, and of what was published in its spirit, as tables of 3.x. Pure.

Names change, weekly hours become schedules, eligibility becomes words and ages of the service, and what stood in one
cell as a list becomes rows. Cells that 3.x has no place for stay with their row under their old name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.directory.formats.items import Problem

if TYPE_CHECKING:
    from hub.directory.formats.hsds_tabular import Row, Tables

_TABLES: Final = {
    "organization": "organizations",
    "service": "services",
    "location": "locations",
    "program": "programs",
    "phone": "phones",
    "contact": "contacts",
    "language": "languages",
    "services_at_location": "service_at_location",
    "services_at_locations": "service_at_location",
    "service_at_locations": "service_at_location",
    "physical_address": "addresses",
    "physical_addresses": "addresses",
    "postal_address": "addresses",
    "postal_addresses": "addresses",
    "mail_addresses": "addresses",
    "address": "addresses",
    "accessibility_for_disabilities": "accessibility",
    "required_document": "required_documents",
    "service_area": "service_areas",
    "schedule": "schedules",
    "regular_schedule": "schedules",
    "regular_schedules": "schedules",
    "holiday_schedule": "schedules",
    "holiday_schedules": "schedules",
    "taxonomy": "taxonomy_terms",
    "taxonomy_term": "taxonomy_terms",
    "service_taxonomy": "attributes",
    "service_attributes": "attributes",
    "other_attributes": "attributes",
    "cost_option": "cost_options",
}
_POSTAL: Final = frozenset({"postal_address", "postal_addresses", "mail_addresses"})
_HOLIDAY: Final = frozenset({"holiday_schedule", "holiday_schedules"})
_CELLS: Final = {
    "organizations": {"url": "website"},
    "services": {"eligibility": "eligibility_description", "website": "url"},
    "locations": {"website": "url"},
    "phones": {"number_type": "type"},
    "languages": {"language": "name"},
    "service_areas": {"service_area": "name"},
    "accessibility": {"accessibility": "description"},
    "addresses": {"state": "state_province"},
    "taxonomy_terms": {"taxonomy_id": "id", "term": "name", "vocabulary": "taxonomy"},
    "schedules": {"start_date": "valid_from", "end_date": "valid_to"},
}
_LISTED: Final = {
    "services": {
        "languages": ("languages", "name"),
        "required_documents": ("required_documents", "document"),
        "service_areas": ("service_areas", "name"),
        "taxonomy_ids": ("attributes", "taxonomy_term_id"),
    },
    "locations": {"languages": ("languages", "name"), "accessibility": ("accessibility", "description")},
}
_DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_TRUE: Final = frozenset({"true", "1", "t", "yes"})


def modern(tables: Tables) -> Tables:
    """Return the tables of a package as 3.x would have them; each row still knows where it stood."""
    found: Tables = {}
    for old, rows in tables.items():
        name = _TABLES.get(old, old)
        for row in rows:
            _rename(name, old, row)
        found.setdefault(name, []).extend(rows)
    by_id = {row.cells.get("id"): row for row in found.get("services", ())}
    found["eligibility"] = [row for row in found.get("eligibility", ()) if not _eligible(row, by_id)]
    for name, lists in _LISTED.items():
        for row in found.get(name, ()):
            _spread(name, row, lists, found)
    _places(found)
    return {name: rows for name, rows in found.items() if rows}


def _rename(name: str, old: str, row: Row) -> None:
    cells = row.cells
    for before, after in _CELLS.get(name, {}).items():
        if before in cells and after not in cells:
            cells[after] = cells.pop(before)
    if name == "addresses":
        cells.setdefault("address_type", "postal" if old in _POSTAL else "physical")
    elif name == "locations":
        virtual = str(cells.pop("virtual", "")).lower() in _TRUE
        cells.setdefault("location_type", "virtual" if virtual else "physical")
    elif name == "taxonomy_terms":
        cells.setdefault("description", cells.get("name", ""))
    elif name == "attributes":
        _attribute(cells, old)
    elif name == "schedules":
        _schedule(cells, holiday=old in _HOLIDAY)
    key = cells.get("id")
    if key is None:
        cells["id"] = row.where.replace(".csv row ", "/")
    elif old in _POSTAL | _HOLIDAY:
        cells["id"] = f"{old}/{key}"  # the other table of the same kind counts from one as well


def _attribute(cells: dict[str, Any], old: str) -> None:
    if "taxonomy_id" in cells:
        cells["taxonomy_term_id"] = cells.pop("taxonomy_id")
    for key in ("service_id", "link_id"):
        if key in cells:
            cells["link_id"] = cells.pop(key)
            cells.setdefault(
                "link_entity", "service" if old.startswith("service_") else cells.get("link_type", "service")
            )


def _schedule(cells: dict[str, Any], *, holiday: bool) -> None:
    """Write weekly hours as a rule; a closed holiday as a period without times, which 3.x describes in words."""
    day = str(cells.pop("weekday", "")).strip()
    if day[:2].lower() in _DAYS:
        cells |= {"freq": "WEEKLY", "byday": day[:2].upper()}
    elif day in {"1", "2", "3", "4", "5", "6", "7"}:
        cells |= {"freq": "WEEKLY", "byday": _DAYS[int(day) - 1].upper()}
    elif day:
        cells["weekday"] = day
    if holiday and str(cells.pop("closed", "")).lower() in _TRUE:
        cells.setdefault("description", "closed")


def _eligible(row: Row, services: dict[Any, Row]) -> bool:
    """Give a row of eligibility to its service; return whether there is one."""
    service = services.get(row.cells.get("service_id"))
    if service is None:
        row.problems.append(Problem("service_id", "orphan", "The key leads to no row of the package."))
        return False
    for name in ("minimum_age", "maximum_age"):
        if name in row.cells:
            service.cells.setdefault(name, row.cells[name])
    if text := row.cells.get("eligibility"):
        before = service.cells.get("eligibility_description")
        service.cells["eligibility_description"] = f"{before}\n{text}" if before else text
    return True


def _spread(name: str, row: Row, lists: dict[str, tuple[str, str]], found: Tables) -> None:
    """Make rows of the cells that hold lists."""
    own = "service_id" if name == "services" else "location_id"
    for cell, (table, member) in lists.items():
        for number, part in enumerate(_parts(row.cells.pop(cell, None)), start=1):
            key = "link_id" if table == "attributes" else own
            cells = {"id": f"{row.cells['id']}/{cell}/{number}", key: row.cells["id"], member: part}
            if table == "attributes":
                cells["link_entity"] = "service"
            found.setdefault(table, []).append(type(row)(f"{row.where} {cell} {number}", cells))


def _parts(cell: Any) -> list[str]:
    return [part.strip() for part in str(cell or "").split(",") if part.strip()]


def _places(found: Tables) -> None:
    """Give services that name their location a row that links the two, and the organization of the location."""
    locations = {row.cells.get("id"): row for row in found.get("locations", ())}
    for row in found.get("services", ()):
        place = row.cells.pop("location_id", None)
        if place is None:
            continue
        if place in locations and locations[place].cells.get("organization_id"):
            row.cells.setdefault("organization_id", locations[place].cells["organization_id"])
        cells = {"id": f"{row.cells['id']}/{place}", "service_id": row.cells["id"], "location_id": place}
        found.setdefault("service_at_location", []).append(type(row)(row.where, cells))
