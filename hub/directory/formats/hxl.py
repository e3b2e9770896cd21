"""Reads and writes who does what where: tables with HXL hashtags (3W, 4W, 5W). Pure.

A row says that an organisation is present in an area with a sector: no address, no hours, no contact. So it becomes a
provider and a draft of a service that is marked `claimed`: nobody finds it before somebody confirmed it; it counts in
the gap table's own layer. Rows that name no organisation or no sector are reported.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from hub.directory.formats.items import Item, Origin, Problem, Records, unreadable
from hub.directory.formats.spreadsheet import defused, first_table
from hub.directory.records.record import PROVIDER, SERVICE, id_from
from hub.directory.records.vocabulary import NEEDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TAG: Final = re.compile(r"#[a-z][a-z0-9_]*(?:\s*\+\s*[a-z][a-z0-9_]*)*\Z")
_SEARCHED: Final = 25
_FEWEST_TAGS: Final = 2
_SUFFIX: Final = re.compile(r"[_ -](?:op|cluster)\Z")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}\Z")
_DEEPEST: Final = 5
_HEADINGS: Final = {
    "#country+code": "Country",
    "#adm1+name": "Admin 1",
    "#adm1+code": "Admin 1 code",
    "#adm2+name": "Admin 2",
    "#adm2+code": "Admin 2 code",
    "#org+acronym": "Acronym",
    "#org+name": "Organisation",
    "#org+type+name": "Type of organisation",
    "#sector+cluster+code": "Sector code",
    "#sector+cluster+name": "Sector",
    "#service+name": "Service",
    "#status": "Status",
}


@cache
def _data() -> dict[str, Any]:
    text = resources.files("hub.directory.formats").joinpath("hxl.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column says what; None where none does. `areas` are those with codes, the deepest level first."""

    name: int | None
    acronym: int | None
    type: int | None
    sector_code: int | None
    sector: int | None
    country: int | None
    areas: tuple[int, ...]


def read_hxl(data: bytes, origin: Origin) -> Iterator[Item]:
    """Return the presence that a table claims.

    Raises:
        InvalidRequest: it has no row of hashtags with an organisation.
    """
    rows = first_table(data)
    start, columns = _hashtags(rows)
    seen: set[str] = set()
    for number, row in enumerate(rows[start:], start=start + 1):
        if any(row):
            yield from _claim(f"row {number}", row, columns, origin, seen)


def _hashtags(rows: Sequence[Sequence[str]]) -> tuple[int, _Columns]:
    for number, row in enumerate(rows[:_SEARCHED]):
        tags = [_tag(cell) for cell in row]
        if sum(tag is not None for tag in tags) >= _FEWEST_TAGS:
            columns = _columns(tags)
            if columns.name is not None or columns.acronym is not None:
                return number + 1, columns
    raise unreadable("a table with a row of HXL hashtags that names organisations")


def _tag(cell: str) -> tuple[str, frozenset[str]] | None:
    folded = str(cell).strip().casefold()
    if not _TAG.match(folded):
        return None
    tag, *attributes = re.split(r"\s*\+\s*", folded)
    return tag, frozenset(attributes)


def _columns(tags: Sequence[tuple[str, frozenset[str]] | None]) -> _Columns:
    def find(tag: str, *wanted: str, without: Iterable[str] = ()) -> int | None:
        for place, found in enumerate(tags):
            if found and found[0] == tag and found[1] >= set(wanted) and not found[1] & set(without):
                return place
        return None

    def first(*found: int | None) -> int | None:
        return next((place for place in found if place is not None), None)

    codes = [find(f"#adm{level}", "code") for level in range(_DEEPEST, 0, -1)]
    return _Columns(
        name=first(find("#org", "name", without=("type",)), find("#org", without=("type", "acronym", "code"))),
        acronym=find("#org", "acronym"),
        type=find("#org", "type"),
        sector_code=find("#sector", "code"),
        sector=first(find("#sector", "name"), find("#sector", without=("code",))),
        country=find("#country", "code"),
        areas=tuple(place for place in codes if place is not None),
    )


def _claim(where: str, row: Sequence[str], columns: _Columns, origin: Origin, seen: set[str]) -> Iterator[Item]:
    def cell(place: int | None) -> str:
        return " ".join(row[place].split()) if place is not None and place < len(row) else ""

    organisation = cell(columns.name) or cell(columns.acronym)
    sector = sector_of(cell(columns.sector_code), cell(columns.sector))
    if not organisation or sector is None:
        field = "organisation" if not organisation else "sector"
        yield Item(SERVICE, "", None, where, (Problem(field, f"no_{field}", f"The row names no {field} known here."),))
        return
    provider = _provider(organisation, cell(columns.acronym), cell(columns.type), where, origin)
    if provider.key not in seen:
        seen.add(provider.key)
        yield provider
    country = cell(columns.country).upper() or origin.country
    area = next((code for place in columns.areas if _CODE.match(code := cell(place))), "")
    service = _service(
        provider, sector, cell(columns.sector).rpartition(":")[2].strip(), area or country, where, origin
    )
    problems = [] if area else [Problem("area", "no_area", "The row has no code of an area; the country stands.")]
    if service.key in seen:
        yield Item(SERVICE, service.key, None, where, (Problem("", "repeated", "An earlier row says the same."),))
        return
    seen.add(service.key)
    yield Item(SERVICE, service.key, service.document, where, tuple(problems))


def _provider(name: str, acronym: str, sort: str, where: str, origin: Origin) -> Item:
    key = f"org:{name}"[:200]
    document: dict[str, Any] = {"id": id_from(origin.name, key), "name": name, "description": ""}
    if acronym and acronym != name:
        document["acronym"] = acronym
    for kind, tier, words in _data()["kinds"]:
        if any(word in sort.casefold() for word in words):
            document |= {"kind": kind, "tier": tier}
            break
    return Item(PROVIDER, key, document, where)


def _service(provider: Item, sector: str, said: str, area: str, where: str, origin: Origin) -> Item:
    key = f"{sector}@{area}:{provider.key}"[:200]
    document: dict[str, Any] = {
        "id": id_from(origin.name, key),
        "name": said or sector,
        "description": "",
        "status": "active",
        "organization_id": (provider.document or {})["id"],
        "claimed": True,
        "needs": needs_of(sector),
    }
    if area:
        document["coverage"] = {"areas": [area], "extent": "country" if area == origin.country else "area"}
    return Item(SERVICE, key, document, where)


def sector_of(*texts: str) -> str | None:
    """Return the sector that a code or a name means, or None."""
    folded = [_SUFFIX.sub("", text.casefold().rpartition(":")[2].strip()) for text in texts if text]
    for sector, words in _data()["sectors"]:
        if any(text == word for text in folded for word in words):
            return str(sector)
    for sector, words in _data()["sectors"]:
        if any(_within(word, text) for text in folded for word in words):
            return str(sector)
    return None


def _within(word: str, text: str) -> bool:
    """Whether a name stands in a text; short codes only count alone."""
    return len(word) > 4 and word in text  # noqa: PLR2004 - four letters are a code


def needs_of(sector: str) -> list[str]:
    """Return the needs that a claim of a sector may speak of."""
    said = _data()["needs"].get(sector)
    return list(said) if said else [need.code for need in NEEDS.values() if need.sector == sector]


def write_hxl(records: Records) -> Iterable[bytes]:
    """Return the table of who does what where: one row for each service, area and sector."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(_HEADINGS.values())
    table.writerow(_HEADINGS)
    rows = {tuple(row) for service in records.services.values() for row in _rows(service, records)}
    table.writerows([defused(value) for value in row] for row in sorted(rows))
    return [text.getvalue().encode("utf-8-sig")]


def _rows(service: Mapping[str, Any], records: Records) -> Iterator[list[str]]:
    provider = records.providers.get(str(service.get("organization_id")), {})
    sectors = sorted({NEEDS[need].sector for need in service.get("needs") or () if need in NEEDS})
    status = "claimed" if service.get("claimed") else str(service.get("status") or "")
    who = [str(provider.get(name) or "") for name in ("acronym", "name", "tier")]
    if who[-1]:
        who[-1] = f"{who[-1]} {provider.get('kind') or ''}".strip()
    for area in _areas(service, records):
        for sector in sectors:
            said = sector.replace("_", " ")
            yield [*_place(area, records), *who, sector, said, str(service.get("name") or ""), status]


def _areas(service: Mapping[str, Any], records: Records) -> list[str]:
    sites = (records.sites.get(str(row.get("location_id"))) for row in service.get("service_at_locations") or ())
    found = [str(site["area"]) for site in sites if site and site.get("area")]
    found += (service.get("coverage") or {}).get("areas") or []
    return list(dict.fromkeys(found)) or [""]


def _place(area: str, records: Records) -> list[str]:
    path = list(records.path(area)) if records.path and area else []
    path = path or [("", ""), (area, "")]
    country, one, two = [*path, ("", ""), ("", ""), ("", "")][:3]
    return [country[0], one[1], one[0], two[1], two[0]]
