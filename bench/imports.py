"""What it costs to take 10,000 full HSDS services in, and to take the same file in again.

Limits: 60 s for the first time with a report by row, 2 s more than reading the file where nothing changed. Beside it
the floor: reading and validating the same objects. `IMPORTS=1000` for another size.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from hub.clock import SetClock
from hub.db import Database
from hub.directory.formats.items import Origin
from hub.directory.formats.registry import format_of
from hub.directory.records.record import check, id_from
from hub.migrations.run import all_metadata
from tests.support import maps
from tests.support.imports import Desk, Taken
from tests.support.postgres import NoPostgres, running

COUNT = int(os.environ.get("IMPORTS", "10000"))
LIMIT, AGAIN = 60.0, 2.0
_TEXT = "Help for children and their families, by appointment and without one, in two languages. " * 4


def an_id(*parts: object) -> str:
    return id_from("bench", " ".join(map(str, parts)))


def phones(*owner: object) -> list[dict[str, Any]]:
    said = {"type": "voice", "description": "Front desk", "languages": [{"id": an_id("pl", *owner), "code": "ar"}]}
    return [{"id": an_id("phone", *owner), "number": f"+962 6 {abs(hash(owner)) % 10**7:07}", **said}]


def schedules(*owner: object) -> list[dict[str, Any]]:
    week = {"freq": "WEEKLY", "byday": "SU,MO,TU,WE,TH", "timezone": 3, "wkst": "SU"}
    hours = (("08:30", "12:00"), ("13:00", "17:00"))
    return [
        {"id": an_id("h", *owner, a), **week, "opens_at": a, "closes_at": b, "description": "Open"} for a, b in hours
    ]


def attributes(owner: str, many: int) -> list[dict[str, Any]]:
    term = {"id": an_id("term"), "code": "1", "name": "Health", "description": _TEXT, "taxonomy": "Bench"}
    return [
        {"id": an_id("a", owner, n), "link_id": owner, "value": "yes", "label": f"{n}", "taxonomy_term": term}
        for n in range(many)
    ]


def location(number: int) -> dict[str, Any]:
    place = an_id("location", number)
    address = {"address_1": f"{number} Street", "city": "Town", "state_province": "North", "postal_code": "0"}
    return {
        "id": place,
        "location_type": "physical",
        "name": f"House {number}",
        "description": _TEXT,
        "latitude": 0.5 + number % 100 / 100,
        "longitude": 30.0,
        "area": "XA11",
        "addresses": [{"id": an_id("ad", number), **address, "country": "XA", "address_type": "physical"}],
        "accessibility": [{"id": an_id("acc", number), "description": "Ramp", "details": _TEXT}],
        "phones": phones("location", number),
        "schedules": schedules("location", number),
    }


def service(number: int, day: str) -> dict[str, Any]:
    mine = an_id("service", number)
    by = {"id": an_id("organization", number % 2000), "name": f"Organisation {number % 2000}", "description": _TEXT}
    at = {"id": an_id("at", number), "description": "Second floor", "location": location(number % 3000)}
    metadata = {"last_action_date": day, "last_action_type": "update", "field_name": "name", "updated_by": "us"}
    return {
        "id": mine,
        "name": f"Service {number}",
        "description": f"{_TEXT} {number}",
        "status": "active",
        "organization": {**by, "phones": phones("org", number % 2000), "website": "https://organisation.example"},
        "service_at_locations": [{**at, "phones": phones("at", number), "schedules": schedules("at", number)}],
        "phones": phones("service", number),
        "schedules": schedules("service", number),
        "languages": [{"id": an_id("l", number, code), "code": code, "name": code} for code in ("ar", "en")],
        "contacts": [{"id": an_id("c", number), "title": "Focal point", "phones": phones("contact", number)}],
        "cost_options": [{"id": an_id("cost", number), "amount": 0, "currency": "JOD", "amount_description": "Free"}],
        "required_documents": [{"id": an_id("doc", number), "document": "Card", "uri": "https://card.example"}],
        "service_areas": [{"id": an_id("sa", number), "name": "North", "extent": "", "extent_type": "text"}],
        "minimum_age": 3,
        "maximum_age": 17.5,
        "eligibility_description": _TEXT,
        "needs": ["health"],
        "attributes": attributes(mine, 6),
        "metadata": [
            {"id": an_id("m", number, n), "previous_value": _TEXT, "replacement_value": _TEXT, **metadata}
            for n in range(4)
        ],
    }


def take(desk: Desk, data: bytes, day: str) -> tuple[float, Taken]:
    """Take a file in; return the seconds and the report."""
    start = time.perf_counter()
    taken = desk.take(data, "hsds-ndjson", day, source="bench")
    return time.perf_counter() - start, taken


def floor(data: bytes) -> tuple[float, float]:
    """Return the seconds of reading the file into records, and of validating them."""
    start = time.perf_counter()
    items = list(format_of("hsds-ndjson").read(data, Origin("bench")))  # type: ignore[misc]  # it is one of those that read
    read = time.perf_counter() - start
    start = time.perf_counter()
    problems = [item.row for item in items if item.document and check(item.kind, item.document)]
    assert not problems, problems[:3]
    return read, time.perf_counter() - start


def measure(url: str, folder: Path, data: bytes, changed: bytes, read: float) -> None:
    """Take the file in, the same again, one service in a hundred changed, and one of a later day."""
    database = Database(url)
    try:
        all_metadata().create_all(database.engine)
        desk = Desk.open(database, SetClock(maps.NOW), folder)
        with database.write() as connection:
            maps.populated(connection)
        first, taken = take(desk, data, "2026-01-01")
        assert taken.one.counts["service"] == {"new": COUNT}, taken.one.counts
        again, taken = take(desk, data, "2026-01-01")
        assert {line.what for line in taken.lines} == {"unchanged"}
        some, taken = take(desk, changed, "2026-01-01")
        assert taken.one.counts["service"]["changed"] == len(range(0, COUNT, 100))
        later, taken = take(desk, changed, "2026-02-01")
    finally:
        database.close()
    size, more = COUNT / 10_000, again - read
    name = url.partition(":")[0]
    print(f"{name}: first {first:.1f} s ({first / size / LIMIT:.2f} of the limit, {COUNT / first:,.0f} a second)")
    print(f"   the same again {again:.1f} s, reading {read:.1f} s of it: {more / size / AGAIN:.2f} of the limit")
    print(f"   one in a hundred changed {some:.1f} s; all seen on a later day {later:.1f} s")


def main() -> None:
    """Measure on SQLite and, where there is one, on PostgreSQL."""
    rows = [json.dumps(service(number, "2026-01-01")).encode() for number in range(COUNT)]
    data = b"\n".join(rows)
    rows[::100] = [row.replace(b'"status": "active"', b'"status": "inactive"') for row in rows[::100]]
    read, validated = floor(data)
    size = len(data) / 1_000_000
    print(f"{COUNT:,} services, {size:.0f} MB: reading {read:.1f} s, validating {validated:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'map.sqlite'}", Path(folder), data, b"\n".join(rows), read)
        try:
            with running() as server, server.database() as url:
                measure(url, Path(folder), data, b"\n".join(rows), read)
        except NoPostgres as error:
            print(f"PostgreSQL: left out, {error}")


if __name__ == "__main__":
    main()
