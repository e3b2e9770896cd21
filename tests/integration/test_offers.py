"""What agencies offer in short is records of the service map like any other, on both databases."""

from __future__ import annotations

import pytest

from hub.directory.feed.store import with_counterparts
from hub.directory.offers import Offering
from hub.directory.records.record import id_from
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Actor, Draft, apply
from hub.directory.store import Directory
from hub.errors import Conflict, Forbidden, InvalidRequest
from tests.support import maps
from tests.support.factories import NOW, Agency, register

TODAY = "2026-11-21"
CLINIC = Agency("clinic", maps.HOST, kind="health", country="XA")


@pytest.fixture
def connection(database):
    with database.write() as open_connection:
        register(open_connection, CLINIC, origin=maps.HOST)
        yield open_connection


def offer(connection, *offers, inbox=CLINIC.inbox, areas=()):
    rows = [{"need": need, "name": name} for need, name in offers]
    drafts = Offering(connection, CLINIC.agency, NOW).drafts(rows, inbox, areas)
    return apply(connection, drafts, Actor(CLINIC.agency, "m", "provider"), host=maps.HOST, now=NOW)


def test_an_offer_makes_a_provider_and_a_service_that_were_checked_today(connection):
    provider, service = (ServiceMap(connection).get(done.id) for done in offer(connection, ("health", "Wards")))
    assert (provider.document["kind"], provider.document["agency"]) == ("health_facility", CLINIC.agency)
    assert (service.agency, service.steward, service.document["needs"]) == (CLINIC.agency, CLINIC.agency, ["health"])
    assert {group: row["on"] for group, row in service.document["verified"].items()} == {
        "offer": TODAY,
        "focal_point": TODAY,
    }
    assert Directory(connection).offers(TODAY) == {CLINIC.agency: ["health"]}
    assert Directory(connection).offers("2030-01-01") == {}


def test_an_agency_that_has_a_provider_record_keeps_it_and_its_other_services(connection):
    known = maps.provider(agency=CLINIC.agency, website="https://clinic.example")
    other = maps.service("By a form", by=known, at=())
    maps.put(connection, known, other, steward=CLINIC.agency, now=NOW)
    provider, _service = offer(connection, ("health", "Wards"))
    assert provider.id == known["id"] == Directory(connection).provider_of(CLINIC.agency)
    document = ServiceMap(connection).get(known["id"]).document
    assert (document["website"], document["name"]) == (known["website"], known["name"])
    assert ServiceMap(connection).get(other["id"]).document["status"] == "active"


def test_a_record_that_another_agency_keeps_of_it_is_not_changed(connection):
    theirs = maps.provider(agency=CLINIC.agency)
    maps.put(connection, theirs, now=NOW)
    assert Directory(connection).provider_of(CLINIC.agency) is None
    assert offer(connection, ("health", "Wards"))[0].what == "new"


def test_what_is_no_longer_offered_becomes_inactive_and_is_never_deleted(connection):
    offer(connection, ("health", "Wards"), ("food", "Kitchen"))
    kitchen = offer(connection, ("health", "Wards"))[-1]
    assert ServiceMap(connection).get(kitchen.id).document["status"] == "inactive"
    assert Directory(connection).offers(TODAY) == {CLINIC.agency: ["health"]}


def test_an_offer_is_named_once_with_an_own_inbox(connection):
    for offers, inbox in (([("health", "Wards")], "A" * 22), ([("health", "Wards")] * 2, CLINIC.inbox)):
        with pytest.raises(InvalidRequest):
            offer(connection, *offers, inbox=inbox)


def test_nobody_gets_at_an_offer_by_taking_its_id_first(connection):
    taken = {**maps.service("Wards"), "id": id_from(CLINIC.agency, "health Wards")}
    maps.put(connection, maps.provider(), taken, now=NOW)
    with pytest.raises(Conflict):
        offer(connection, ("health", "Wards"))


def test_a_copy_of_another_hubs_record_changes_by_no_word_of_ours(connection):
    copy = Draft("provider", maps.provider(), steward="urn:rcp:agency:far@far.example", host="far.example")
    by = Actor(CLINIC.agency, "m", "coordinator")
    apply(connection, [copy], Actor("far.example", "", "feed"), host="far.example", now=NOW)
    with pytest.raises(Forbidden):
        apply(connection, [Draft("provider", maps.provider(website="https://x.example"))], by, host=maps.HOST, now=NOW)


def test_only_providers_that_name_somebody_are_asked_for_counterparts(connection):
    other = maps.provider("Bureau", counterparts=[{"provider": maps.provider()["id"]}])
    maps.put(connection, maps.provider(), other, maps.provider("Says counterparts"), now=NOW)
    assert with_counterparts(connection) == [other["id"]]
