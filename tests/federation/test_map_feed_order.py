"""What this hub tells of its own records: in what order, to whom, and that whoever reads all of it has all of it."""

from __future__ import annotations

import json
import shutil
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.clock import SetClock
from hub.context import Hub
from hub.db import Database
from hub.directory.feed import take as feed
from hub.directory.feed.document import PARTS, read_page
from hub.directory.feed.publish import page, publish
from hub.directory.feed.store import FeedStore
from hub.directory.records.visibility import AREA, PARTNERS, PUBLIC, visible
from hub.directory.servicemap.store import ServiceMap, map_aliases
from hub.directory.servicemap.write import rederive
from hub.packets.dsse import MAX_ENVELOPE
from hub.settings import Settings
from tests.support import maps
from tests.support.factories import CERTIFIER_KEYS, NOW, Agency, hub_signer, register

if TYPE_CHECKING:
    from pathlib import Path

HOST, AWAY = maps.HOST, "away.example"


def hub_on(database: Database, folder: Path, host: str = HOST) -> Hub:
    return Hub(Settings(data=folder), database, SetClock(NOW), hub_signer(host), host, CERTIFIER_KEYS)


@pytest.fixture
def hub(database, tmp_path):
    return hub_on(database, tmp_path)


def put(hub, *documents):
    with hub.database.write() as connection:
        return maps.put(connection, *documents, now=NOW)


def number(hub):
    with hub.database.write() as connection:
        return publish(connection, HOST)


def told(hub, level=PARTNERS, after=0):
    """All that a part tells after a number: the documents by id, what is gone, and the order."""
    found, gone, order, more = {}, [], [], True
    while more:
        signed = page(hub, level, after)
        assert len(signed) <= MAX_ENVELOPE
        value = read_page(signed, HOST, hub.signer.public_key, part=PARTS[level], after=after, now=NOW)
        found |= {row["id"]: json.loads(row["document"]) for row in value["records"]}
        gone += [(row["id"], row["kept"]) for row in value["gone"]]
        order += [row["id"] for row in value["records"]]
        after, more = value["to"], value["more"]
    return found, gone, order, after


def test_providers_come_before_sites_and_both_before_services(hub):
    put(hub, maps.service(), maps.site(), maps.provider())
    assert number(hub) == 3
    assert told(hub)[2] == [maps.provider()["id"], maps.site()["id"], maps.service()["id"]]


def test_a_service_follows_its_provider_and_nothing_else_moves(hub):
    other = maps.service("Other", by=maps.provider("Other"), at=())
    put(hub, maps.provider(), maps.provider("Other"), maps.site(), maps.service(), other)
    number(hub)
    last = told(hub)[3]
    put(hub, maps.provider(website="https://hill.example"))
    number(hub)
    assert told(hub, after=last)[2] == [maps.provider()["id"], maps.service()["id"]]


def test_what_is_the_same_to_a_level_is_not_told_again(hub):
    put(hub, maps.provider(), maps.site(), maps.service(phones=[], visibility={"phones": "area"}))
    number(hub)
    last = told(hub)[3]
    put(hub, maps.service(phones=[{"number": "1"}], visibility={"phones": "area"}))
    assert number(hub) == 0
    assert told(hub, after=last)[2] == []


def test_what_is_hidden_later_is_told_as_gone(hub):
    put(hub, maps.provider(), maps.site(), maps.service())
    number(hub)
    last = told(hub)[3]
    put(hub, maps.service(visibility={"*": "partners"}))
    number(hub)
    assert told(hub, PUBLIC, last)[1] == [(maps.service()["id"], None)]
    assert told(hub, PARTNERS, last)[1] == []


def test_a_shelter_that_is_hidden_is_in_no_part(hub):
    shelter = maps.site("Shelter", visibility={"*": "area"})
    put(hub, maps.provider(), shelter, maps.site(), maps.service(at=(shelter, maps.site())))
    number(hub)
    for level in (PUBLIC, PARTNERS):
        found, gone, _order, _last = told(hub, level)
        assert shelter["id"] not in json.dumps([found, gone])
        assert [at["location_id"] for at in found[maps.service()["id"]]["service_at_locations"]] == [maps.site()["id"]]


def test_where_a_place_is_hidden_the_access_point_goes_out_and_not_the_position(hub):
    point = {"description": "Ask at the gate.", "area": "XA11"}
    hidden = {"latitude": "area", "phones": "partners"}
    put(hub, maps.site(lat=1.25, lon=30.5, phones=[{"number": "777"}], access_point=point, visibility=hidden))
    number(hub)
    for level, phones in ((PUBLIC, False), (PARTNERS, True)):
        document = told(hub, level)[0][maps.site()["id"]]
        assert document["access_point"] == point
        assert "1.25" not in json.dumps(document)
        assert ("777" in json.dumps(document)) is phones


def test_a_service_of_a_hidden_provider_is_not_told_either(hub):
    put(hub, maps.provider(visibility={"*": "focal"}), maps.site(), maps.service())
    number(hub)
    assert set(told(hub)[0]) == {maps.site()["id"]}
    put(hub, maps.provider())
    number(hub)
    assert set(told(hub)[0]) == {maps.site()["id"], maps.service()["id"], maps.provider()["id"]}
    put(hub, maps.provider(visibility={"*": "focal"}))
    number(hub)
    assert {record for record, _kept in told(hub)[1]} == {maps.service()["id"], maps.provider()["id"]}


def test_a_merged_record_is_gone_and_the_feed_says_into_which(hub):
    twin = maps.provider("Hill Klinik")
    put(hub, maps.provider(), twin)
    number(hub)
    with hub.database.write() as connection:
        connection.execute(map_aliases.insert().values(id=twin["id"], kept=maps.provider()["id"]))
        rederive(connection, [twin["id"]], NOW)
    number(hub)
    assert told(hub)[1] == [(twin["id"], maps.provider()["id"])]


def test_what_was_merged_before_is_told_to_lead_to_the_last(hub):
    first, second = maps.provider("First"), maps.provider("Second")
    put(hub, maps.provider(), first, second)
    number(hub)
    for gone, kept in ((first, second), (second, maps.provider())):
        with hub.database.write() as connection:
            c = map_aliases.c
            connection.execute(map_aliases.update().where(c.kept == gone["id"]).values(kept=kept["id"]))
            connection.execute(map_aliases.insert().values(id=gone["id"], kept=kept["id"]))
            rederive(connection, [gone["id"]], NOW)
        number(hub)
    assert sorted(told(hub)[1]) == sorted((one["id"], maps.provider()["id"]) for one in (first, second))


def test_a_record_that_no_page_holds_stays_at_home(hub):
    put(hub, maps.provider(description="x" * 19_000, contacts=[{"title": "y" * 140_000}]))
    number(hub)
    assert told(hub)[0] == {}


def test_many_records_go_out_in_pages_that_all_are_envelopes(hub):
    put(hub, *(maps.provider(f"Number {n}", description='\\"' * 4_000) for n in range(60)))
    number(hub)
    assert len(told(hub)[0]) == 60


def test_what_changed_since_it_was_numbered_is_left_for_its_next_number(hub):
    put(hub, maps.provider(), maps.site())
    number(hub)
    put(hub, maps.provider(website="https://hill.example"))
    signed = page(hub, PARTNERS, 0)
    value = read_page(signed, HOST, hub.signer.public_key, part="partners", after=0, now=NOW)
    assert ([row["kind"] for row in value["records"]], value["digest"]) == (["site"], None)
    number(hub)
    assert told(hub, after=value["to"])[0][maps.provider()["id"]]["website"]


@pytest.mark.postgres
def test_a_change_that_is_committed_late_is_passed_over_by_no_cursor(postgres_url, tmp_path):
    """The older transaction commits after a younger one was numbered and read: it gets a later number."""
    hub = hub_on(Database(postgres_url), tmp_path)
    with hub.database.write() as slow:
        maps.put(slow, maps.provider("Slow"), now=NOW)
        put(hub, maps.provider("Quick"))
        number(hub)
        found, _gone, _order, last = told(hub)
        assert list(found) == [maps.provider("Quick")["id"]]
    assert told(hub, after=last)[2] == []
    number(hub)
    assert told(hub, after=last)[2] == [maps.provider("Slow")["id"]]
    hub.database.close()


@pytest.mark.postgres
def test_two_that_number_at_once_give_each_number_once(postgres_url, tmp_path):
    hub = hub_on(Database(postgres_url), tmp_path)
    stop = threading.Event()

    def numbering():
        while not stop.is_set():
            number(hub)

    threads = [threading.Thread(target=numbering) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(30):
        put(hub, maps.provider(f"Number {n}"))
    stop.set()
    for thread in threads:
        thread.join()
    number(hub)
    with hub.database.read() as connection:
        store = FeedStore(connection, HOST, PARTNERS)
        seqs = [entry.seq for entry in store.after(0, 1000)]
        assert store.head().seq == len(seqs) == len(set(seqs)) == 30
    hub.database.close()


LEVELS = st.sampled_from(("public", "partners", "area", "focal"))
RECORDS = st.sampled_from(("provider", "twin", "site", "service", "second"))
STEPS = st.lists(st.tuples(RECORDS, LEVELS, st.integers(0, 2), st.booleans()), min_size=1, max_size=12)


def edited(name: str, level: str, number: int) -> dict:
    twin = maps.provider("Twin")
    made = {
        "provider": lambda **members: maps.provider(agency=maps.KEEPER, **members),
        "twin": lambda **members: {**twin, **members},
        "site": maps.site,
        "service": maps.service,
        "second": lambda **members: maps.service("Second", by=twin, **members),
    }[name]
    hidden = {"*": level} if number == 2 else {"phones": level}
    return made(phones=[{"number": f"+1 {number}"}], visibility=hidden)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_however_records_change_a_peer_that_reads_has_what_partners_see(steps, sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    bases = [Database(f"sqlite:///{shutil.copy(sqlite_template, folder / name)}") for name in ("home", "away")]
    home, away = hub_on(bases[0], folder), hub_on(bases[1], folder, AWAY)
    with away.database.write() as connection:
        register(connection, Agency("keeper", HOST), origin=AWAY)
    put(home, edited("provider", "public", 0), edited("twin", "public", 0))
    for name, level, n, reads in steps:
        put(home, edited(name, level, n))
        if reads:
            number(home)
            read(home, away)
    number(home)
    assert read(home, away) is False
    with home.database.read() as connection:
        rows = ServiceMap(connection).records()
        shown = {row.id for row in rows if visible(row.kind, row.document, PARTNERS) is not None}
        expected = {row.id: visible(row.kind, row.document, PARTNERS) for row in rows if row.id in shown}
    for record, document in list(expected.items()):
        if "organization_id" in document and document["organization_id"] not in shown:
            del expected[record]
        elif "organization_id" in document:
            at = [one for one in document["service_at_locations"] if one["location_id"] in shown]
            expected[record] = {**document, "service_at_locations": at}
    with away.database.read() as connection:
        copies = {row.id: row for row in ServiceMap(connection).records()}
    assert {name: visible(row.kind, row.document, AREA) for name, row in copies.items()} == expected
    public = {row.id: visible(row.kind, row.document, PUBLIC) for row in rows}
    for name, row in copies.items():
        seen = visible(row.kind, row.document, PUBLIC)
        assert (seen or {}).get("phones") == (public[name] or {}).get("phones")
    for base in bases:
        base.close()


def read(home: Hub, away: Hub) -> bool:
    """Let one hub read all that another tells; return whether they then differ."""
    more = True
    while more:
        with away.database.write() as connection:
            after = FeedStore(connection, HOST, PARTNERS).head().seq
            signed = page(home, PARTNERS, after)
            value = read_page(signed, HOST, home.signer.public_key, part="partners", after=after, now=NOW)
            taken = feed.take(connection, value, NOW)
            assert not taken.refused
        more = value["more"]
    return taken.again
