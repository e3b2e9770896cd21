"""What the service map promises, shown from the file to the answer: imports, results of a day, pages, the ladder."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.clock import SetClock
from hub.directory.duplicates import merge
from hub.directory.duplicates.names import Patterns, read_patterns
from hub.directory.duplicates.store import PairStore, State
from hub.directory.hsds import schemas
from hub.directory.hsds.publish import Publisher
from hub.directory.imports.export import export
from hub.directory.records.vocabulary import NEEDS
from hub.directory.servicemap.slices import Query, candidates
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.viewer import EVERYBODY, Viewer
from hub.directory.text.search import Question, search
from hub.directory.upkeep.checks import due_page
from tests.support import maps
from tests.support.imports import COORDINATOR, Desk
from tests.support.shared import shared_data

MARCH, JULY = "2015-03-22", "2015-07-06"
KEEPER = Viewer(maps.KEEPER, COORDINATOR)


@pytest.fixture
def desk(database, tmp_path):
    return Desk.open(database, SetClock(maps.NOW), tmp_path)


def noon(day):
    return int(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp())


def found(desk, day, **asked):
    """The ids of all services that a search finds on a day, and how many it says that there are."""
    with desk.hub.database.read() as connection:
        ids, after, total = [], 0, 0
        while after is not None:
            answer = search(connection, Question(limit=100, after=after, **asked), EVERYBODY, noon(day))
            ids += [each.listing["id"] for each in answer.found]
            after, total = answer.after, answer.total
    return ids, total


def sliced(desk, day, need, area, *, stale=False):
    with desk.hub.database.read() as connection:
        ids, after = [], None
        while True:
            page = candidates(connection, Query(need, day, area=area, stale=stale, after=after), EVERYBODY)
            ids += [json.loads(listing)["id"] for listing in page.listings]
            after = page.after
            if after is None:
                return ids


def due(desk, day, group, kind="service"):
    with desk.hub.database.read() as connection:
        return due_page(connection, maps.KEEPER, day, {"kinds": [kind], "groups": [group]}, after="", limit=1)[
            "records"
        ]


def jordan(desk, day):
    data = shared_data(f"directory/unhcr-jordan/services_{day}_en.json").read_bytes()
    origin = {"source": "UNHCR Jordan", "licence": "MIT", "country": "JO", "zone": "Asia/Amman"}
    return desk.take(data, "services-advisor", day, **origin)


def test_jordan_as_of_its_day_shows_108_services_of_562_and_the_due_list_has_the_others(desk):
    march = jordan(desk, MARCH)
    assert march.one.counts["service"] == {"new": 562}
    assert march.one.counts["problems"]["duplicate_id"] == 13
    shown, total = found(desk, MARCH)
    assert len(set(shown)) == total == 108
    assert found(desk, MARCH, include_stale=True)[1] == 562
    offered = {service for need in NEEDS for service in sliced(desk, MARCH, need, "JO")}
    assert offered == set(shown)
    ever = {service for need in NEEDS for service in sliced(desk, MARCH, need, "JO", stale=True)}
    assert len(ever) == 562
    assert due(desk, MARCH, "ends") == 454


def test_what_jordan_says_in_july_adds_29_loses_17_and_changes_only_what_changed(desk):
    jordan(desk, MARCH)
    july = jordan(desk, JULY)
    assert july.one.counts["service"] == {"new": 29, "vanished": 17, "changed": 28, "unchanged": 517}
    shown, total = found(desk, JULY)
    gone = {line.record for line in july.of("vanished")}
    assert total == len(shown)
    assert len(set(shown) - gone) == 574 - 499
    assert due(desk, JULY, "source") == 17
    assert found(desk, JULY, include_stale=True)[1] == 562 + 29


# Who does what where in Afghanistan


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_table_of_afghanistan_is_taken_in_whole_and_its_variants_proposed(desk):
    folder = shared_data("directory/hdx-3w")
    data = (folder / "afg_3w_2024-01_03.csv").read_bytes()
    origin = {"source": "OCHA Afghanistan", "country": "AF", "day": "2024-03-31"}
    taken = desk.take(data, "hxl", **origin)
    assert taken.one.counts["provider"] == {"new": 285}
    rows = {int(line.row.rpartition(" ")[2]) for line in taken.lines if line.row.rpartition(" ")[2].isdigit()}
    assert len(rows) == 10_902
    assert found(desk, "2024-03-31")[1] == 0
    patterns = Patterns.of(read_patterns((folder / "org_canonical_names.csv").read_text("utf-8")))
    with desk.hub.database.write() as connection:
        merge.propose(connection, "provider", patterns)
        pairs = PairStore(connection).listing([State.OPEN], limit=200)
        names = {frozenset(_name(connection, each) for each in (pair.first, pair.second)) for pair in pairs}
    assert len(names) >= 9


def _name(connection, record):
    return ServiceMap(connection).get(record).document["name"]


# Whatever the specification shows


EXAMPLES = ("service_full", "service_list", "organization_full", "organization_list", "location")


@pytest.mark.parametrize("version", ["30", "31"])
@pytest.mark.parametrize("name", [*EXAMPLES, "service_at_location_full", "service_at_location_list"])
def test_each_example_of_hsds_is_taken_in_and_its_export_says_the_same(desk, version, name):
    data = shared_data(f"directory/hsds-spec-examples/{version}/{name}.json").read_bytes()
    taken = desk.take(data, "hsds-json", source="Spec")
    assert {line.what for line in taken.lines} <= {"new", "duplicate"}, taken.one.counts
    for form in ("hsds-json", "hsds-ndjson", "hsds-datapackage"):
        with desk.hub.database.read() as connection:
            written = b"".join(export(connection, form, KEEPER))
        again = desk.take(written, form, source="Spec")
        moved = {field for line in again.lines for field in line.more.get("fields", ())}
        assert moved <= ({"program", "programs"} if form == "hsds-datapackage" else set())  # a table of its own, there
        assert {line.what for line in again.lines} <= {"unchanged", "duplicate", *(["changed"] if moved else [])}


# Pages while others write


def test_pages_lose_nothing_and_add_up_while_others_write(database):
    by, at = maps.provider(), maps.site()
    with database.write() as connection:
        maps.populated(connection)
        maps.put(connection, *(maps.service(f"Before {number:03}", by, (at,)) for number in range(60)))
    done = threading.Event()

    def writes():
        for number in range(40):
            with database.write() as connection:
                maps.put(connection, maps.service(f"Meanwhile {number:03}", by, (at,)))
        done.set()

    before = {row["id"] for row in _page(database, per_page=100)["contents"]}
    writer = threading.Thread(target=writes)
    writer.start()
    rounds = 0
    while not done.is_set() or rounds == 0:
        seen, page, last = set(), 1, False
        while not last:
            answer = _page(database, page=page, per_page=7)
            assert answer["size"] == len(answer["contents"]) <= 7
            assert answer["total_pages"] == -(-answer["total_items"] // 7)
            last, page, rounds = answer["last_page"], page + 1, rounds + 1
            seen |= {row["id"] for row in answer["contents"]}
        assert before <= seen
    writer.join()
    assert _page(database)["total_items"] == len(before) + 40


def _page(database, **asked):
    with database.read() as connection:
        return Publisher(connection, {}).services(schemas.ServiceQuery().load(asked))


def test_a_phone_of_a_service_its_provider_or_its_site_moves_its_last_modified(database):
    with database.write() as connection:
        maps.populated(connection)
    one = maps.service()["id"]
    for minute, document in enumerate((maps.service(), maps.provider(), maps.site()), 1):
        with database.write() as connection:
            maps.put(
                connection, {**document, "phones": [{"number": f"+1 555 010{minute}"}]}, now=maps.NOW + 60 * minute
            )
        with database.read() as connection:
            moved = Publisher(connection, {}).service(one)["last_modified"]
        assert moved == f"2026-03-02T09:0{minute}:00.000Z"


# The ladder from the check to the limit


@pytest.mark.parametrize(
    ("age", "state"),
    [(0, "fresh"), (89, "fresh"), (90, "due"), (179, "due"), (180, "past"), (1000, "past")],
)
def test_a_service_is_shown_marked_due_and_hidden_by_the_day_of_its_check(database, age, state):
    day = (date.fromisoformat(maps.TODAY) - timedelta(days=age)).isoformat()
    with database.write() as connection:
        maps.populated(connection)
        capacity = {"state": "capacity", "available": 9, "as_of": day}
        groups = maps.checked("offer", "capacity", on=day)
        maps.put(connection, maps.service("Laddered", needs=["water"], capacity=capacity, verified=groups))
    shown, stale = state != "past", age > 14
    with database.read() as connection:
        (offered,) = search(connection, Question(needs=["water"], include_stale=True), EVERYBODY, maps.NOW).found
        assert (offered.stale, bool(search(connection, Question(needs=["water"]), EVERYBODY, maps.NOW).found)) == (
            not shown,
            shown,
        )
        assert bool(candidates(connection, Query("water", maps.TODAY, area="XA1"), EVERYBODY).listings) is shown
        counts = search(connection, Question(needs=["water"], include_stale=True), EVERYBODY, maps.NOW).facets
        assert counts["capacity"] == ({"unknown": 1} if stale else {"capacity": 1})
        rows = due_page(connection, maps.KEEPER, maps.TODAY, {"groups": ["offer"]}, after="", limit=100)["items"]
        (listed,) = [row["state"] for row in rows if row["name"] == "Laddered"] or ["fresh"]
    assert listed == state
