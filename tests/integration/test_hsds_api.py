"""The HSDS interface over the public map: pages that add up, filters that are met, and nothing that is hidden."""

from __future__ import annotations

import contextlib
import json

import pytest

from hub.clock import SetClock
from hub.directory.formats.hsds_derive import taxonomies, terms
from hub.directory.hsds import publish, schemas
from hub.directory.hsds.publish import Publisher
from hub.directory.servicemap.store import map_aliases
from hub.errors import HubError, InvalidRequest, NotFound
from tests.support import maps
from tests.support.apps import running_hub
from tests.support.hsds import read, records
from tests.support.shared import shared_data

QUERIES = {
    "services": schemas.ServiceQuery,
    "organizations": schemas.OrganizationQuery,
    "service_at_locations": schemas.PlaceQuery,
}
HEALTH, EDUCATION = (
    next(term["id"] for term in terms("needs") if term["code"] == code) for code in ("health", "education")
)


@pytest.fixture
def land(database):
    with database.write() as connection:
        maps.populated(connection)
    return database


def ask(database, kind="services", **asked):
    with database.read() as connection:
        return getattr(Publisher(connection, {}), kind)(QUERIES[kind]().load(asked))


def every(database, kind="services", **asked):
    with database.read() as connection:
        return list(Publisher(connection, {}).everything(kind, QUERIES[kind]().load(asked)))


def one(database, kind, key, **more):
    with database.read() as connection:
        return getattr(Publisher(connection, {}), kind)(key, **more)


def names(answer):
    return sorted(row["name"] for row in answer["contents"])


def add(database, *documents, now=maps.NOW):
    with database.write() as connection:
        maps.put(connection, *documents, now=now)


def many(database, count):
    by, at = maps.provider(), maps.site()
    add(database, *(maps.service(f"Service {number:03}", by, (at,)) for number in range(count)))


def test_pages_add_up_and_the_last_may_be_full(land):
    many(land, 8)
    pages = [ask(land, per_page=5, page=number) for number in (1, 2)]
    assert [(page["size"], page["first_page"], page["last_page"], page["empty"]) for page in pages] == [
        (5, True, False, False),
        (5, False, True, False),
    ]
    assert {page["total_items"] for page in pages} == {10}
    assert {page["total_pages"] for page in pages} == {2}
    ids = [row["id"] for page in pages for row in page["contents"]]
    assert ids == sorted(ids)
    assert len(set(ids)) == 10
    beyond = ask(land, per_page=5, page=999)
    assert (beyond["contents"], beyond["empty"], beyond["total_items"], beyond["page_number"]) == ([], True, 10, 999)


def test_an_empty_map_is_one_empty_page(database):
    for kind in QUERIES:
        answer = ask(database, kind)
        assert (answer["total_items"], answer["total_pages"], answer["empty"], answer["contents"]) == (0, 1, True, [])


def test_new_records_between_two_pages_move_none_from_one_to_the_other(land):
    many(land, 8)
    first = {row["id"] for row in ask(land, per_page=5)["contents"]}
    add(land, maps.service("Later"))
    both = first | {row["id"] for row in ask(land, per_page=5, page=2)["contents"]}
    assert ask(land)["total_items"] == 11
    assert first <= both


def test_a_full_service_holds_its_organization_its_locations_and_names_of_areas(land):
    made = one(land, "service", maps.some_id("service Lessons"))
    assert made["organization"]["name"] == "Shore School"
    assert made["service_at_locations"][0]["location"]["name"] == "Shore House"
    assert made["service_areas"][0]["name"] == "North"
    assert made["last_modified"] == "2026-03-02T09:00:00.000Z"
    assert "organization_id" not in made


def test_what_is_asked_for_in_full_is_what_each_service_is_alone(land):
    for row in ask(land, full="true")["contents"]:
        assert row == one(land, "service", row["id"])
    assert every(land, full=True) == ask(land, full=True)["contents"]


def test_minimal_says_only_ids_and_dates(land):
    assert all(set(row) == {"id", "last_modified"} for row in ask(land, minimal="true")["contents"])


def test_a_change_is_found_by_its_own_moment_and_by_none_after(land):
    add(land, maps.service(alert="New"), now=maps.NOW + 60)
    assert names(ask(land, modified_after="2026-03-02T09:01:00.000Z")) == ["Child health"]
    assert names(ask(land, modified_after="2026-03-02T12:01:00+03:00")) == ["Child health"]
    assert names(ask(land, modified_after="2026-03-02T12:01:00 03:00")) == ["Child health"]  # a plus sign in an address
    assert ask(land, modified_after="2026-03-02T09:01:00.001Z")["total_items"] == 0
    assert ask(land, modified_after="2026-03-02")["total_items"] == 2


@pytest.mark.parametrize("changed", [maps.provider(phones=[{"number": "+1 555 0100"}]), maps.site(lat=1.3)])
def test_a_change_of_the_provider_or_the_site_moves_its_services(land, changed):
    add(land, changed, now=maps.NOW + 60)
    assert names(ask(land, modified_after="2026-03-02T09:01:00Z")) == ["Child health"]


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999999"])
def test_a_moment_that_is_none_is_refused(land, text):
    with pytest.raises(InvalidRequest):
        ask(land, modified_after=text)


def test_filters_narrow_together(land):
    school = maps.provider("Shore School")["id"]
    assert names(ask(land, organization_id=school)) == ["Lessons"]
    assert names(ask(land, search="lesson")) == ["Lessons"]
    assert names(ask(land, taxonomy_term_id=HEALTH)) == ["Child health"]
    needs = next(row["id"] for row in taxonomies() if row["name"] == "needs")
    assert names(ask(land, taxonomy_id=needs)) == ["Child health", "Lessons"]
    assert ask(land, taxonomy_id=needs, search="lesson", organization_id=school)["total_items"] == 1
    assert ask(land, taxonomy_term_id=HEALTH, organization_id=school)["total_items"] == 0
    assert ask(land, taxonomy_term_id=maps.some_id("no term"))["total_items"] == 0


def test_organizations_are_found_by_their_names_and_by_what_they_offer(land):
    assert names(ask(land, "organizations")) == ["Hill Clinic", "Shore School"]
    assert names(ask(land, "organizations", search="shore")) == ["Shore School"]
    assert names(ask(land, "organizations", taxonomy_term_id=EDUCATION)) == ["Shore School"]
    full = ask(land, "organizations", full_service="true", search="shore")["contents"][0]
    assert [row["name"] for row in full["services"]] == ["Lessons"]
    assert one(land, "organization", full["id"], services=True) == full
    assert "services" not in one(land, "organization", full["id"], services=False)


def test_a_place_is_asked_for_by_point_and_metres_also_at_zero_and_across_180(land):
    add(land, maps.site("Null", lat=0.0, lon=0.0), maps.site("West", lat=0.0, lon=-179.999))
    add(
        land,
        maps.service("At null", at=(maps.site("Null"),)),
        maps.service("At west", at=(maps.site("West"),), needs=[]),
    )
    assert names(ask(land, lat=0, lon=0, proximity=0)) == ["At null"]
    assert names(ask(land, lat=0, lon=179.999, proximity=500)) == ["At west"]
    assert names(ask(land, lat=1.2, lon=30, proximity=1000)) == ["Child health"]
    row = ask(land, "service_at_locations", lat=1.2, lon=30, proximity=1000)
    assert [at["location"]["name"] for at in row["contents"]] == ["Hill House"]


def test_half_a_circle_and_a_postcode_are_refused_rather_than_passed_over(land):
    for asked in ({"lat": 1}, {"proximity": 5}, {"lat": 1, "lon": 1}, {"postcode": "AB1", "proximity": 5}):
        with pytest.raises(InvalidRequest):
            ask(land, "service_at_locations", **asked)


def test_services_at_locations_are_pairs_with_both_and_each_is_found_by_its_id(land):
    add(land, maps.service("Two", at=(maps.site(), maps.site("Shore House", "XA12", 0.8, 30.0))))
    answer = ask(land, "service_at_locations")
    assert answer["total_items"] == len(answer["contents"]) == 4
    for row in answer["contents"]:
        full = one(land, "service_at_location", row["id"])
        assert full["location"]["id"] == row["location"]["id"]
        assert full["service"]["id"] == row["service"]["id"]
        assert "organization" in full["service"]
    assert every(land, "service_at_locations") == answer["contents"]


def test_what_is_not_there_is_not_found(land):
    for kind, more in (("service", {}), ("organization", {"services": True}), ("service_at_location", {})):
        for key in (maps.some_id("nobody"), "x", "", "%", '"'):
            with pytest.raises(NotFound):
                one(land, kind, key, **more)


def test_an_id_that_was_merged_leads_to_the_record_that_was_kept(land):
    add(land, maps.service("Old name"), maps.provider("Old clinic"))
    with land.write() as connection:
        for old, kept in (
            ("service Old name", "service Child health"),
            ("provider Old clinic", "provider Hill Clinic"),
        ):
            connection.execute(map_aliases.insert().values(id=maps.some_id(old), kept=maps.some_id(kept)))
    assert one(land, "service", maps.some_id("service Old name"))["id"] == maps.some_id("service Child health")
    assert one(land, "organization", maps.some_id("provider Old clinic"), services=False)["name"] == "Hill Clinic"
    assert names(ask(land)) == ["Child health", "Lessons"]
    assert names(ask(land, organization_id=maps.some_id("provider Old clinic"))) == ["Child health"]


# What is hidden


HIDDEN = "a-secret-canary"


def text_of(database):
    """Everything that the interface says, on every path."""
    said = [ask(database, kind, **more) for kind in QUERIES for more in ({}, {"full": "true"})]
    said += [every(database, kind, full="true") for kind in QUERIES]
    with database.read() as connection:
        publisher = Publisher(connection, {})
        said += [publisher.taxonomies(), publisher.taxonomy_terms({})]
        for row in publisher.services(schemas.ServiceQuery().load({}))["contents"]:
            said.append(publisher.service(row["id"]))
    return json.dumps(said)


@pytest.mark.parametrize(
    "document",
    [
        maps.service(HIDDEN, visibility={"*": "partners"}, needs=["housing"]),
        maps.provider(HIDDEN, visibility={"*": "partners"}),
        maps.site(HIDDEN, visibility={"*": "focal"}, lat=5.0, lon=5.0),
        maps.service(description=HIDDEN, visibility={"description": "area"}),
        maps.service(focal_point={"title": HIDDEN}),
        maps.site(addresses=[{"address_1": HIDDEN}], transportation=HIDDEN, visibility={"latitude": "area"}),
        maps.service(
            attributes=[
                {"id": maps.some_id("a"), "taxonomy_term": {"id": maps.some_id("t"), "name": HIDDEN, "description": ""}}
            ],
            visibility={"phones": "partners"},
        ),
    ],
    ids=["service", "provider", "site", "description", "focal point", "address", "open-ended members"],
)
def test_what_is_not_public_is_on_no_path(land, document):
    add(land, document)
    by = maps.provider(*(HIDDEN,) * (document["id"] == maps.provider(HIDDEN)["id"]))
    add(land, maps.service("Of the hidden", by, (maps.site(HIDDEN),), needs=["food"]))
    assert HIDDEN not in text_of(land)


def test_a_hidden_service_is_in_no_total_no_filter_and_under_no_id(land):
    add(land, maps.service("Shelter", needs=["housing"], visibility={"*": "partners"}))
    housing = next(term["id"] for term in terms("needs") if term["code"] == "housing")
    assert ask(land)["total_items"] == 2
    assert ask(land, taxonomy_term_id=housing)["total_items"] == 0
    assert ask(land, search="shelter")["total_items"] == 0
    assert ask(land, lat=1.2, lon=30, proximity=1000)["total_items"] == 1
    assert ask(land, "service_at_locations")["total_items"] == 2
    with pytest.raises(NotFound):
        one(land, "service", maps.some_id("service Shelter"))
    with pytest.raises(NotFound):
        one(land, "service_at_location", maps.some_id(f"Shelter at {maps.site()['id']}"))


def test_a_hidden_position_is_found_by_its_access_point_alone(land):
    point = {"description": "The gate", "latitude": 2.0, "longitude": 31.0}
    add(land, maps.site("Refuge", lat=3.0, lon=32.0, visibility={"latitude": "focal"}, access_point=point))
    add(land, maps.service("Refuge", at=(maps.site("Refuge"),), needs=["housing"]))
    assert ask(land, lat=3.0, lon=32.0, proximity=5000)["total_items"] == 0
    assert names(ask(land, lat=2.0, lon=31.0, proximity=10)) == ["Refuge"]
    place = one(land, "service", maps.some_id("service Refuge"))["service_at_locations"][0]["location"]
    assert "latitude" not in place
    assert place["access_point"] == point


def test_a_hidden_tag_is_no_way_to_find_who_has_it(land):
    term = {"id": maps.some_id("a term"), "name": "Rare", "description": "Rare"}
    tagged = [{"id": maps.some_id("a tag"), "taxonomy_term": term}]
    add(
        land,
        maps.service("Seen", attributes=tagged),
        maps.service("Unseen", attributes=tagged, visibility={"attributes": "partners"}),
    )
    assert names(ask(land, taxonomy_term_id=term["id"])) == ["Seen"]


def test_a_mere_claim_that_somebody_is_present_is_no_service(land):
    add(land, maps.service("Claimed", claimed=True))
    assert names(ask(land)) == ["Child health", "Lessons"]


# Terms


def test_terms_that_records_bring_along_stand_beside_ours(land):
    detail = {"id": maps.some_id("taxonomy"), "name": "Open Eligibility", "description": "Their words"}
    term = {"id": maps.some_id("term"), "name": "Food pantry", "description": "", "taxonomy_detail": detail}
    facts: dict = {}
    with land.read() as connection:
        assert len(Publisher(connection, facts).taxonomies()) == len(taxonomies())
    add(land, maps.service("Pantry", attributes=[{"id": maps.some_id("tag"), "taxonomy_term": term}]), now=maps.NOW + 1)
    with land.read() as connection:
        publisher = Publisher(connection, facts)
        assert detail in publisher.taxonomies()
        assert publisher.taxonomy_terms({"taxonomy_id": detail["id"]}) == [term]
        assert len(publisher.taxonomy_terms({"top_only": True})) > 50
        assert publisher.taxonomy_terms({"parent_id": detail["id"]}) == []
    assert names(ask(land, taxonomy_id=detail["id"])) == ["Pantry"]


def test_a_question_that_finds_too_much_is_refused(land, monkeypatch):
    monkeypatch.setattr("hub.directory.hsds.store.MOST_FOUND", 0)
    with pytest.raises(InvalidRequest):
        ask(land, lat=1.2, lon=30, proximity=1000)


def test_reading_goes_on_from_chunk_to_chunk(land, monkeypatch):
    many(land, 5)
    monkeypatch.setattr(publish, "AT_ONCE", 2)
    assert [row["id"] for row in every(land)] == [row["id"] for row in ask(land)["contents"]]


def test_the_example_of_the_specification_is_served_as_it_came(land):
    value = json.loads(shared_data("directory/hsds-spec-examples/31/service_full.json").read_text())
    held = records(read({**value, "service_at_locations": [{**value["service_at_locations"][0], "location": None}]}))
    add(land, *held.providers.values(), *held.services.values())
    made = one(land, "service", value["id"])
    apart = {"last_modified": 0, "organization": 0, "service_at_locations": 0}
    assert made | apart == value | apart


# Over HTTP


@pytest.fixture
def client(tmp_path):
    with running_hub(tmp_path / "hub", SetClock(maps.NOW)) as (hub, app):
        with hub.database.write() as connection:
            maps.populated(connection)
        yield app.test_client()


def test_the_root_says_version_profile_description_and_publisher(client):
    about = client.get("/hsds/").json
    assert about["version"] == "3.2"
    assert about["publisher"]["name"]
    for name in ("profile", "openapi_url"):
        assert client.get(about[name].removeprefix("https://hub.example")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=abc",
        "per_page=0",
        "per_page=201",
        "full=perhaps",
        "format=xml",
        "child=1",
        "lat=nan&lon=1&proximity=1",
    ],
)
def test_parameters_that_are_not_of_their_form_are_refused_with_a_problem_document(client, query):
    for path in ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms"):
        answer = client.get(f"/hsds/{path}?{query}")
        assert answer.status_code == 422
        assert answer.content_type == "application/problem+json"


def test_the_twin_answers_alike_and_refuses_what_is_said_about_a_person(client):
    given = {"search": "lessons", "full": True}
    assert client.post("/hsds/services", json=given).json == client.get("/hsds/services?search=lessons&full=true").json
    near = {"lat": "1.2", "lon": "30", "proximity": 1000}
    assert client.post("/hsds/service_at_locations", json=near).json["total_items"] == 1
    assert client.post("/hsds/services", json={"age": 14}).status_code == 422


def test_lines_are_everything_unpaged(client):
    answer = client.get("/hsds/services?format=ndjson&per_page=1&full=true")
    assert answer.mimetype == "application/x-ndjson"
    assert [json.loads(line)["name"] for line in answer.text.splitlines()] == [
        row["name"] for row in client.get("/hsds/services").json["contents"]
    ]
    assert client.get("/hsds/services?format=ndjson&postcode=1").status_code == 400


def test_it_stands_up_to_a_validator_that_walks_it_like_that_of_the_uk(client):
    """For each list the first, the middle and the last page; for each object an id out of a list."""
    for path in ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms"):
        first = client.get(f"/hsds/{path}?per_page=1").json
        last = first["total_pages"]
        for number in sorted({1, max(1, last // 2), last}):
            page = client.get(f"/hsds/{path}?per_page=1&page={number}").json
            assert (page["page_number"], page["size"]) == (number, len(page["contents"]))
            assert (page["first_page"], page["last_page"]) == (number == 1, number == last)
            assert page["total_items"] == first["total_items"]
        key = first["contents"][0]["id"]
        assert client.get(f"/hsds/{path}/{key}").json["id"] == key
        assert client.get(f"/hsds/{path}/{key.upper()}").json["id"] == key
        assert client.get(f"/hsds/{path}/{maps.some_id('nobody')}").status_code == 404


def test_nobody_sees_more_for_saying_who_they_are(client):
    plain = client.get("/hsds/services?full=true").json
    assert client.get("/hsds/services?full=true", headers={"Authorization": "Bearer " + "t" * 43}).json == plain


def test_no_question_is_in_the_log(client, caplog):
    with caplog.at_level("INFO"):
        client.get("/hsds/services?search=canaryword")
        client.post("/hsds/services", json={"search": "canaryword"})
    assert "canaryword" not in caplog.text


def test_every_schema_and_patch_that_is_named_is_served(client):
    patches = client.get("/hsds/profile").json["patches"]
    assert set(patches) == {"organization", "service", "location"}
    for address in patches.values():
        assert "properties" in client.get(address.removeprefix("https://hub.example")).json
    assert client.get("/hsds/schema/service.json").json["properties"]["needs"]
    assert client.get("/hsds/schema/phone.json").json["properties"]["number"]
    for path in ("schema/nothing.json", "profile/phone.json", "profile/nothing.json"):
        assert client.get(f"/hsds/{path}").status_code == 404


def test_only_errors_of_ours_leave_it(land):
    for text in ("'", '"', "%", "\\", "\x00", "🦓" * 60, "a" * 200):
        with contextlib.suppress(HubError):
            ask(land, search=text)
