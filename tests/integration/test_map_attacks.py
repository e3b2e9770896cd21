"""Attacks on hidden places: whoever may not see a shelter is told just what they would be told if it were not there."""

from __future__ import annotations

import json

import pytest

from hub.clock import SetClock
from hub.directory.records.slices import read_slice
from tests.conftest import NOW
from tests.support import maps, watching
from tests.support.world import populated, world

HOST = "hub.example"
API, RECORDS = "/api/v1/directory", "/api/v1/directory/records"
SECRET = {"name": "Zanzibar refuge", "phones": [{"number": "+251 911 777 777"}]}
HIDDEN = {"*": "focal"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["daher"], "hodan", {"caseworker"})
        with made.hubs[HOST].hub.database.write() as connection:
            maps.populated(connection)
        yield made


@pytest.fixture
def served(place):
    return place.hubs[HOST]


def make(member, kind, /, **document):
    return member.hub.post(RECORDS, {"kind": kind, "document": document, "how": "call"})["id"]


def text_of(answers):
    """All that was said, without the questions."""
    return json.dumps(list(answers.values()))


def provider(member, name="House of Hope", **more):
    return make(member, "provider", name=name, kind="ngo", country="XA", **more)


def site(member, **more):
    here = {"latitude": -1.52, "longitude": 30.77, "area": "XA2", "addresses": [{"address_1": "Canary Lane 7"}]}
    return make(member, "site", **{"name": "Refuge house", "location_type": "physical", **here, **more})


def service(member, by, *sites, **more):
    at = [{"id": maps.some_id(f"{by} at {one}"), "location_id": one} for one in sites]
    said = {"status": "active", "needs": ["housing"], "organization_id": by, "service_at_locations": at}
    return make(member, "service", **{**said, **SECRET, **more})


# What is hidden as a whole


def hidden_itself(member):
    by = provider(member, visibility=HIDDEN)
    return by, service(member, by, site(member, visibility=HIDDEN), visibility=HIDDEN)


def hidden_by_its_provider_alone(member):
    by = provider(member, visibility=HIDDEN)
    return by, service(member, by)


def site_hidden_by_its_provider_alone(member):
    by = provider(member, visibility=HIDDEN)
    return by, site(member, organization_id=by, name=SECRET["name"])


def with_a_site_of_its_hidden_provider(member):
    by = provider(member, visibility=HIDDEN)
    where = site(member, organization_id=by)
    return by, where, service(member, by, where)


def hidden_by_its_hidden_name(member):
    by = provider(member, visibility=HIDDEN)
    return by, service(member, by, visibility={"name": "focal"})


def by_whom_is_hidden(member):
    by = provider(member, visibility=HIDDEN)
    return by, service(member, by, visibility={"organization_id": "focal"})


def counterpart_of_everybody(member):
    """A hidden provider that names a hidden service as its counterpart, and an open one."""
    by = provider(member, visibility=HIDDEN)
    other = service(member, by)
    pairs = [
        {"provider": one, "country": "ET", "may_receive_transfers": True} for one in (other, maps.provider()["id"])
    ]
    return other, provider(member, "Zanzibar friends", visibility=HIDDEN, counterparts=pairs)


WHOLE = (
    hidden_itself,
    hidden_by_its_provider_alone,
    site_hidden_by_its_provider_alone,
    with_a_site_of_its_hidden_provider,
    hidden_by_its_hidden_name,
    by_whom_is_hidden,
    counterpart_of_everybody,
)


@pytest.mark.parametrize("login", ["daher", "hodan"])
def test_another_agency_is_told_what_it_would_be_told_without_the_shelters(place, served, login):
    watching.settle(served)
    reader, nothing = place.members[login], maps.some_id("nothing")
    before = watching.answers(served, reader, [nothing])
    ids = [one for scene in WHOLE for one in scene(place.members["amina"])]
    watching.settle(served)
    after = watching.answers(served, reader, [nothing, *ids])
    none = {name.replace(nothing, "ID"): said for name, said in after.items() if nothing in name}
    assert watching.differences(before, {name: after[name] for name in before}) == {}
    for one in ids:
        assert {name.replace(one, "ID"): said for name, said in after.items() if one in name} == none


def test_everybody_and_peers_are_told_what_they_would_be_told_without_the_shelters(place, served):
    watching.settle(served)
    before = watching.public_answers(served)
    ids = [one for scene in WHOLE for one in scene(place.members["amina"])]
    watching.settle(served)
    after = watching.public_answers(served, ids)
    assert watching.differences(before, {name: after[name] for name in before}) == {}
    assert {after[f"{kind}/{one}"] for kind in watching.HSDS for one in ids} == {404}


# A place that is hidden, of a service that is not


@pytest.fixture(scope="module")
def refuge(place):
    """An open service at a house whose place is hidden, with a gate to come to, and at a house nobody may know of."""
    amina = place.members["amina"]
    gate = {"description": "Ask at the gate", "area": "XA1", "latitude": 1.0, "longitude": 30.0}
    house = site(
        amina, visibility={"latitude": "focal", "area": "focal"}, access_point=gate, transportation="Bus 7 to Canary"
    )
    quiet = site(amina, name="Quiet canary", visibility=HIDDEN)
    made = service(amina, provider(amina, "Open door"), house, quiet, name="Open refuge", phones=[])
    watching.settle(place.hubs[HOST])
    return house, quiet, made


def test_of_a_hidden_place_nothing_is_told_but_the_access_point(place, served, refuge):
    house, quiet, made = refuge
    texts = [text_of(watching.answers(served, place.members[login], refuge)) for login in ("daher", "hodan")]
    for text in (*texts, text_of(watching.public_answers(served, [made]))):
        assert "Open refuge" in text
        assert "gate" in text
        for secret in ("-1.52", "-1520000", "30.77", "Canary", "Quiet canary"):
            assert secret not in text
    for login in ("daher", "hodan"):
        said = text_of(watching.answers(served, place.members[login]))
        assert quiet not in said
        assert house in said


def test_to_name_a_hidden_site_in_a_service_of_ones_own_shows_nothing_of_it(place, served, refuge):
    house, quiet, _made = refuge
    daher = place.members["daher"]
    made = service(daher, provider(daher, "Curious"), house, quiet, name="Curious", phones=[], needs=["cash"])
    watching.settle(served)
    said = watching.answers(served, daher, [made])
    said |= {
        f"cash {code}": daher.hub.post(f"{API}/slice", {"need": "cash", "area": code, "stale": True})
        for code in watching.AREAS
    }
    said["own"] = daher.hub.post(f"{API}/due", {"limit": 500})
    listing = text_of(said)
    for secret in ("-1.52", "-1520000", "30770000", "Canary", "Quiet canary"):
        assert secret not in listing
    found = read_slice(
        json.dumps(daher.hub.post(f"{API}/slice", {"need": "cash", "area": "XA2", "stale": True})["slice"]).encode(),
        HOST,
        served.hub.signer.public_key,
    )
    assert found["candidates"] == []
    assert {row["home"] for row in said["own"]["items"] if row["record"] == made} <= {"XA/XA1", ""}


def test_whoever_hides_where_a_service_is_given_hides_its_places(place, served):
    amina, daher = place.members["amina"], place.members["daher"]
    where = site(amina, name="Plain house", latitude=-1.9, longitude=30.1, addresses=[])
    service(
        amina, provider(amina, "Door"), where, name="Doors", phones=[], visibility={"service_at_locations": "focal"}
    )
    watching.settle(served)
    rows = watching.answers(served, daher)["slice housing {'area': 'XA2'}"]["candidates"]
    assert "Doors" not in {row["name"] for row in rows}
    places = json.loads(watching.public_answers(served)["service_at_locations {}"])
    assert len(places["contents"]) == places["total_items"]
    assert where not in json.dumps(places)
