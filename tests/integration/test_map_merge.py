"""Merging and parting records: both ids lead somewhere, nothing is lost, and only who keeps them decides."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from hub.directory.duplicates import merge
from hub.directory.duplicates.store import PairStore, State
from hub.directory.servicemap.store import ServiceMap, map_aliases, map_due, map_records, map_views
from hub.directory.servicemap.viewer import Viewer
from hub.directory.servicemap.write import Actor, Draft, apply
from hub.directory.text.search import Question, search
from hub.errors import Conflict, Forbidden, NotFound
from tests.support import maps

OTHER = f"urn:rcp:agency:other@{maps.HOST}"
MORE = {"host": maps.HOST, "now": maps.NOW + 60}
SPELLINGS = ("Hill Clinic", "The Hill Clinic (THC)", "Hill Clinc")


@pytest.fixture
def connection(database):
    with database.write() as found:
        maps.populated(found)
        yield found


def by(agency=maps.KEEPER):
    return Actor(agency, "m" * 22, "merge", "a pair")


def documents(connection):
    rows = connection.execute(select(map_records.c.id, map_records.c.document).order_by(map_records.c.id))
    return {row.id: json.loads(row.document) for row in rows}


def two(connection, steward=maps.KEEPER):
    """A second record of the clinic, with a service of its own."""
    other = maps.provider("The Hill Clinic (THC)")
    maps.put(connection, other, steward=steward)
    maps.put(connection, maps.service("Night care", other), steward=steward)
    return maps.provider(), other


def merged(connection, kept, gone, who=None):
    pair = merge.pair_of(connection, kept["id"], gone["id"])
    merge.agree(connection, pair, kept["id"], who or by(), **MORE)
    return PairStore(connection).get(pair.id)


def test_three_spellings_are_proposed_once_and_a_second_look_adds_nothing(connection):
    maps.put(connection, *(maps.provider(name) for name in SPELLINGS[1:]))
    assert merge.propose(connection, "provider") == 3
    assert merge.propose(connection, "provider") == 0
    rows = PairStore(connection).listing([State.OPEN])
    assert all(row.reasons for row in rows)
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)


def test_after_a_merge_both_ids_lead_to_one_record_and_its_services_point_there(connection):
    kept, gone = two(connection)
    pair = merged(connection, kept, gone)
    store = ServiceMap(connection)
    assert (pair.state, pair.kept) == (State.MERGED, kept["id"])
    assert store.get(gone["id"]).id == store.get(kept["id"]).id == kept["id"]
    night = store.get(maps.some_id("service Night care"))
    assert night.document["organization_id"] == kept["id"]
    assert "The Hill Clinic (THC)" in store.get(kept["id"]).document["names"]
    newest = store.history(night.id)[0]
    assert (newest.how, newest.agency, newest.member) == ("merge", maps.KEEPER, "m" * 22)
    assert newest.fields == {"organization_id": [gone["id"], kept["id"]]}
    assert len([row for row in store.records("provider") if row.id in {kept["id"], gone["id"]}]) == 1
    assert connection.execute(select(map_due).where(map_due.c.id == gone["id"])).first() is None


def test_undo_restores_every_record_as_it_was(connection):
    kept, gone = two(connection)
    before, due = documents(connection), set(connection.scalars(select(map_due.c.id)))
    views = connection.execute(select(map_views).order_by(map_views.c.id)).all()
    pair = merged(connection, kept, gone)
    assert documents(connection) != before
    assert merge.undo(connection, pair, by(), **MORE) is State.OPEN
    assert documents(connection) == before
    assert set(connection.scalars(select(map_due.c.id))) == due
    assert connection.execute(select(map_views).order_by(map_views.c.id)).all() == views
    assert connection.execute(select(map_aliases)).first() is None


def test_a_list_that_comes_again_undoes_no_merge(connection):
    kept, gone = two(connection)
    merged(connection, kept, gone)
    before, importer = documents(connection), Actor(maps.KEEPER, "m" * 22, "import")
    again = maps.put(connection, gone, maps.service("Night care", gone), by=importer)
    assert [outcome.what for outcome in again] == ["unchanged", "unchanged"]
    assert documents(connection) == before
    maps.put(connection, maps.service("New care", gone), by=importer)
    new = maps.some_id("service New care")
    assert ServiceMap(connection).get(new).document["organization_id"] == kept["id"]
    assert new in ServiceMap(connection).services_of([kept["id"]])


def test_undo_keeps_what_others_changed_in_the_meantime(connection):
    kept, gone = two(connection)
    pair = merged(connection, kept, gone)
    store = ServiceMap(connection)
    now = store.get(kept["id"]).document
    maps.put(connection, {**now, "names": [*now["names"], "Clinique de la colline"], "description": "New"})
    merge.undo(connection, pair, by(), **MORE)
    assert store.get(kept["id"]).document["names"] == ["Clinique de la colline"]
    assert store.get(kept["id"]).document["description"] == "New"


def test_sites_are_merged_and_parted_with_the_services_given_there(connection):
    house, annex = maps.site(), maps.site("Hill House 2")
    maps.put(connection, annex, maps.service("Upstairs", at=(annex,)))
    before = documents(connection)
    pair = merged(connection, house, annex)
    upstairs = ServiceMap(connection).get(maps.some_id("service Upstairs"))
    assert [row["location_id"] for row in upstairs.document["service_at_locations"]] == [house["id"]]
    merge.undo(connection, pair, by(), **MORE)
    assert documents(connection) == before


def test_what_was_added_to_a_place_since_stays_when_the_place_comes_back(connection):
    house, annex = maps.site(), maps.site("Hill House 2")
    maps.put(connection, annex, maps.service("Upstairs", at=(annex,)))
    pair = merged(connection, house, annex)
    store, upstairs = ServiceMap(connection), maps.some_id("service Upstairs")
    now = store.get(upstairs).document
    added = {"id": maps.some_id("new place"), "location_id": house["id"]}
    places = [{**now["service_at_locations"][0], "description": "Ring twice"}, added]
    maps.put(connection, {**now, "service_at_locations": places})
    merge.undo(connection, pair, by(), **MORE)
    first, second = store.get(upstairs).document["service_at_locations"]
    assert (first["location_id"], first["description"]) == (annex["id"], "Ring twice")
    assert second == added


def test_who_pointed_it_elsewhere_since_is_not_overruled_by_undo(connection):
    kept, gone = two(connection)
    pair = merged(connection, kept, gone)
    night = ServiceMap(connection).get(maps.some_id("service Night care")).document
    moved = Draft("service", {**night, "organization_id": maps.provider("Shore School")["id"]}, settled=True)
    apply(connection, [moved], maps.BY, host=maps.HOST, now=maps.NOW)
    merge.undo(connection, pair, by(), **MORE)
    now = ServiceMap(connection).get(night["id"]).document
    assert now["organization_id"] == maps.provider("Shore School")["id"]


def test_a_merged_service_is_found_once_and_after_undo_twice(connection):
    maps.put(connection, maps.service("Child health again"))
    viewer = Viewer(OTHER)

    def number():
        return search(connection, Question("child"), viewer, maps.NOW).total

    assert number() == 2
    pair = merged(connection, maps.service(), maps.service("Child health again"))
    assert number() == 1
    merge.undo(connection, pair, by(), **MORE)
    assert number() == 2


def test_chains_lead_to_the_end_and_are_undone_in_reverse(connection):
    first, second = two(connection)
    third = maps.provider("Hill Clinc")
    maps.put(connection, third)
    before = documents(connection)
    one = merged(connection, second, third)
    other = merged(connection, first, second)
    store = ServiceMap(connection)
    assert {store.resolve(record["id"]) for record in (first, second, third)} == {first["id"]}
    with pytest.raises(Conflict):
        merge.undo(connection, one, by(), **MORE)
    merge.undo(connection, other, by(), **MORE)
    assert store.resolve(third["id"]) == second["id"]
    merge.undo(connection, one, by(), **MORE)
    assert documents(connection) == before


def test_no_circle_can_be_closed(connection):
    kept, gone = two(connection)
    pair = merged(connection, kept, gone)
    with pytest.raises(Conflict):
        merge.pair_of(connection, gone["id"], kept["id"])
    with pytest.raises(Conflict):
        merge.agree(connection, pair, gone["id"], by(), **MORE)
    with pytest.raises(Conflict):
        merge.pair_of(connection, kept["id"], kept["id"])


def test_a_parent_and_a_counterpart_across_the_border_point_on(connection):
    kept, gone = two(connection)
    child = maps.provider("Branch", parent_organization_id=gone["id"])
    abroad = maps.provider("Abroad", counterparts=[{"provider": gone["id"], "country": "XA"}])
    maps.put(connection, child, abroad)
    before = documents(connection)
    pair = merged(connection, kept, gone)
    store = ServiceMap(connection)
    assert store.get(child["id"]).document["parent_organization_id"] == kept["id"]
    assert store.get(abroad["id"]).document["counterparts"][0]["provider"] == kept["id"]
    merge.undo(connection, pair, by(), **MORE)
    assert documents(connection) == before


def test_nobody_merges_away_what_another_agency_keeps(connection):
    kept, gone = two(connection, steward=OTHER)
    pair = merge.pair_of(connection, kept["id"], gone["id"])
    with pytest.raises(Forbidden):
        merge.agree(connection, pair, kept["id"], by("urn:rcp:agency:third@hub.example"), **MORE)
    assert merge.agree(connection, pair, kept["id"], by(), **MORE) is State.AGREED
    assert ServiceMap(connection).resolve(gone["id"]) == gone["id"]
    agreed = PairStore(connection).get(pair.id)
    assert merge.agree(connection, agreed, kept["id"], by(OTHER), **MORE) is State.MERGED


def test_agreeing_to_keep_the_other_one_is_no_agreement(connection):
    kept, gone = two(connection, steward=OTHER)
    pair = merge.pair_of(connection, kept["id"], gone["id"])
    merge.agree(connection, pair, kept["id"], by(), **MORE)
    pair = PairStore(connection).get(pair.id)
    assert merge.agree(connection, pair, gone["id"], by(OTHER), **MORE) is State.AGREED
    assert PairStore(connection).get(pair.id).said == [OTHER]


def test_what_was_refused_is_not_proposed_again_until_that_is_taken_back(connection):
    two(connection)
    merge.propose(connection, "provider")
    (pair,) = PairStore(connection).listing([State.OPEN])
    assert merge.refuse(connection, pair, by(), **MORE) is State.NOT_SAME
    assert merge.propose(connection, "provider") == 0
    assert PairStore(connection).listing([State.OPEN]) == []
    pair = PairStore(connection).get(pair.id)
    with pytest.raises(Conflict):
        merge.agree(connection, pair, pair.first, by(), **MORE)
    assert merge.undo(connection, pair, by(), **MORE) is State.OPEN


def test_a_proposal_ends_when_nothing_speaks_for_it_any_more(connection):
    _, gone = two(connection)
    merge.propose(connection, "provider")
    maps.put(connection, {**gone, "name": "Shoe shop"})
    merge.propose(connection, "provider")
    assert PairStore(connection).listing([State.OPEN]) == []


def test_a_hidden_record_and_a_hidden_number_propose_nothing(connection):
    number = {"phones": [{"id": maps.some_id("phone"), "number": "+962790000000"}]}
    hidden = {"visibility": {"phones": "focal"}}
    maps.put(connection, maps.provider("Alpha", **number, **hidden), maps.provider("Omega", **number))
    maps.put(connection, maps.provider("Hill  Clinic", visibility={"*": "focal"}))
    assert merge.propose(connection, "provider") == 0


def test_records_that_do_not_exist_or_differ_in_kind_make_no_pair(connection):
    with pytest.raises(NotFound):
        merge.pair_of(connection, maps.provider()["id"], maps.some_id("nobody"))
    with pytest.raises(Conflict):
        merge.pair_of(connection, maps.provider()["id"], maps.site()["id"])
