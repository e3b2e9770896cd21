"""HSDS as JSON: every example of the specification comes back equal, and nothing is dropped silently."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
import referencing

from hub.directory.formats.hsds import page, write_hsds
from hub.directory.formats.hsds_derive import derived, taxonomies, terms, with_derived, without_derived
from hub.directory.formats.hsds_objects import merge_patch, objects, profile, schema
from hub.directory.formats.hsds_write import HsdsWriter
from hub.directory.formats.items import Records
from hub.directory.records.record import check
from hub.errors import InvalidRequest
from tests.support import maps
from tests.support.hsds import alike, plain, problems, read, records
from tests.support.shared import shared_data

SPEC = "directory/hsds-spec-examples"
MOCKS = "directory/oruk-mocks"
A, B, C = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


def again(name, value):
    """An object as it is written after it was read; `name` says which kind of file it stands in."""
    items = read(value)
    writer = HsdsWriter(records(items))
    if name.startswith("service_at_location"):
        return next(iter(writer.service_at_locations(value["service"]["id"], full="full" in name)))
    if name.startswith("service"):
        return writer.service(value["id"]) if "full" in name else writer.listed_service(value["id"])
    if name.startswith("organization"):
        return writer.listed_organization(value["id"]) if "list" in name else writer.organization(value["id"])
    if name.startswith("location"):
        return writer.location(value["id"])
    return items[0].document


@pytest.mark.parametrize("version", ["30", "31"])
@pytest.mark.parametrize(
    "name",
    [
        *("service_full", "service_list", "organization_full", "organization_list", "location"),
        *("service_at_location_full", "service_at_location_list", "taxonomy", "taxonomy_list"),
        *("taxonomy_term", "taxonomy_term_list"),
    ],
)
def test_every_example_of_the_specification_comes_back_equal(version, name):
    value = json.loads(shared_data(f"{SPEC}/{version}/{name}.json").read_text())
    for row in value.get("contents", [value]):
        assert alike(again(name, row)) == alike(row)


@pytest.mark.parametrize("mock", ["V3.0-UK-Default", "V3.0-UK-Test"])
@pytest.mark.parametrize(
    "name", ["service_full", "service_list", "service_at_location_full", "taxonomy", "taxonomy_term"]
)
def test_what_the_uk_profile_publishes_comes_back_equal(mock, name):
    value = json.loads(shared_data(f"{MOCKS}/{mock}/{name}.json").read_text())
    for row in value.get("contents", [value]):
        if row.get("organization_id") == row.get("organization", {}).get("id"):
            row.pop("organization_id", None)  # the nesting says it already
        assert alike(again(name, row)) == alike(row)


def test_a_full_service_becomes_three_records_that_name_each_other():
    value = {
        "id": A,
        "name": "Counselling",
        "status": "active",
        "organization": {
            "id": B,
            "name": "Org",
            "description": "What it is",
            "locations": [{"id": C, "location_type": "physical"}],
        },
        "service_at_locations": [{"id": A, "location": {"id": C, "location_type": "physical", "name": "House"}}],
        "colour": {"unknown": ["to", "us"]},
    }
    items = read(value)
    assert [item.kind for item in items] == ["provider", "site", "service"]
    assert not problems(items)
    service, site = items[2].document, items[1].document
    assert service["organization_id"] == B
    assert service["service_at_locations"] == [{"id": A, "location_id": C}]
    assert site["name"] == "House"
    assert site["organization_id"] == B
    assert service["colour"] == {"unknown": ["to", "us"]}


def test_copies_that_differ_are_reported_and_the_first_stands():
    one = {"id": A, "name": "First", "status": "active", "organization": {"id": B, "name": "Org", "description": "d"}}
    other = {
        **one,
        "id": C,
        "organization": {"id": B, "name": "Another", "description": "d", "website": "https://x.example"},
    }
    items = read([one, other])
    assert items[0].document == {"id": B, "name": "Org", "description": "d", "website": "https://x.example"}
    assert ("object 1", "name", "differs") in problems(items)


def test_a_key_that_is_no_uuid_makes_the_same_id_wherever_it_stands():
    items = read(
        [
            {"id": "s1", "name": "S", "status": "active", "organization_id": "o1"},
            {"id": "o1", "name": "O", "description": ""},
        ]
    )
    provider, service = items[0], items[1]
    assert service.document["organization_id"] == provider.document["id"]
    assert (provider.key, service.key) == ("organizations/o1", "services/s1")
    assert not check("service", service.document)
    assert (
        read([{"id": "o1", "name": "O", "description": ""}], source="others")[0].document["id"]
        != provider.document["id"]
    )


def test_keys_that_lead_nowhere_and_odd_times_are_reported_not_mended():
    value = {
        "id": A,
        "name": "S",
        "status": "active",
        "organization_id": B,
        "service_at_locations": [{"id": C, "location_id": C}],
        "schedules": [{"id": A, "opens_at": "13:00pm", "closes_at": "24 hours", "valid_from": "January 01, 0001"}],
    }
    items = read(value)
    assert problems(items) == {
        ("object 1", "organization_id", "orphan"),
        ("object 1", "service_at_locations.0.location_id", "orphan"),
        ("object 1", "schedules.0.opens_at", "odd_time"),
        ("object 1", "schedules.0.closes_at", "odd_time"),
        ("object 1", "schedules.0.valid_from", "odd_day"),
    }
    assert items[0].document["schedules"] == value["schedules"]


def test_a_line_that_is_no_json_is_a_row_with_a_problem():
    items = read(b'{"id":"%s","name":"O","description":"d"}\n\n{broken\n[1]\n' % A.encode(), "ndjson")
    assert [(item.kind, item.row) for item in items] == [("provider", "line 1"), ("", "line 3"), ("", "line 4")]
    assert problems(items) == {("line 3", "", "unreadable"), ("line 4", "", "unreadable")}


def test_an_object_that_is_nested_too_deep_is_a_row_with_a_problem():
    deep = b'{"id":"%s","name":"O","x":' % A.encode() + b"[" * 900 + b"]" * 900 + b"}"
    good = b'{"id":"%s","name":"O","description":"d"}' % B.encode()
    items = read(deep + b"\n" + good, "ndjson")
    assert [(item.kind, item.row) for item in items] == [("provider", "line 2"), ("", "line 1")]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_a_file_that_is_no_json_is_refused_as_a_whole(data):
    with pytest.raises(InvalidRequest):
        read(data)


@pytest.mark.parametrize(
    "value",
    [
        {"id": A, "status": "active", "name": "S", "organization": "text", "service_at_locations": "text"},
        {"id": A, "status": 7, "name": [], "service_at_locations": [1, None], "schedules": [3], "program": [1]},
        {"id": A, "name": "O", "locations": "abc", "services": [None]},
        {"id": A, "location_type": "physical", "addresses": ["text", 4]},
        {"id": A, "name": "S", "status": "active", "eligibility": 5, "hours": "all day", "capacity": [], "needs": 3},
        {"id": None},
        {},
    ],
)
def test_values_of_other_types_than_hsds_has_are_kept_for_the_check_and_never_fail(value):
    items = read(value)
    assert items
    assert b"".join(write_hsds(Records(), "ndjson")) == b""


def test_ours_is_said_again_in_the_words_of_hsds():
    service = maps.service(
        eligibility={
            "bands": [{"age_from": 6, "age_to": 11}, {"age_from": 12, "age_to": 17.5}],
            "documents": ["passport"],
        },
        hours={"zone": "Africa/Nairobi", "week": [{"days": ["MO"], "opens": "08:30", "closes": "17:00"}]},
        capacity={"state": "capacity", "available": 3, "maximum": 9, "as_of": "2026-03-01"},
        coverage={"areas": ["XA1"], "extent": "area"},
        pathway={"steps": ["Call.", "Come."]},
        minimum_age=2,
        service_areas=[{"id": A, "name": "Elsewhere"}],
    )
    made = with_derived("service", service, {"XA1": "North"})
    assert (made["minimum_age"], made["maximum_age"]) == (6, 17.5)
    assert made["schedules"][0]["byday"] == "MO"
    assert (made["capacities"][0]["available"], made["capacities"][0]["maximum"]) == (3, 9)
    assert [row["name"] for row in made["service_areas"]] == ["Elsewhere", "North"]
    assert made["required_documents"][0]["document"] == "Passport"
    assert made["application_process"] == "Call.\nCome."
    assert made["assured_date"] == maps.TODAY
    assert [row["taxonomy_term"]["code"] for row in made["attributes"]] == ["health"]


def test_a_band_without_a_limit_leaves_no_old_limit_standing():
    service = maps.service(eligibility={"bands": [{"age_from": 6}]}, minimum_age=1, maximum_age=5)
    made = with_derived("service", service)
    assert made["minimum_age"] == 6
    assert "maximum_age" not in made


def test_what_an_export_adds_is_taken_off_again():
    service = maps.service(
        eligibility={"bands": [{"age_from": 6, "age_to": 11}], "documents": ["passport"]},
        hours={"zone": "Africa/Nairobi", "week": [{"days": ["MO"], "opens": "08:30", "closes": "17:00"}]},
        capacity={"state": "capacity", "available": 3, "as_of": "2026-03-01"},
        coverage={"areas": ["XA1"]},
        specialisms=["disability"],
        focal_point={"title": "Desk", "phone": "+1 555 0100"},
        service_areas=[{"id": A, "name": "Elsewhere"}],
    )
    site = maps.site(
        access=["wheelchair"],
        addresses=[{"id": A, "address_1": "Hill Road", "country": "XA", "address_type": "physical"}],
    )
    by = maps.provider(description="On the hill.", notes={"needs": "a roof"})
    held = Records({by["id"]: by}, {service["id"]: service}, {site["id"]: site}, lambda code: [(code, "North")])
    for form in ("ndjson", "json", "datapackage"):
        items = read(b"".join(write_hsds(held, form)), form)
        for one in items:
            one.document.pop("last_modified", None)
        assert replace(records(items), path=held.path) == held, form
    assert without_derived("service", with_derived("service", service, {"XA1": "North"})) == service


def test_an_address_gets_the_cells_that_hsds_asks_for_and_loses_them_again():
    site = maps.site(addresses=[{"id": A, "address_1": "Behind the mosque"}])
    written = HsdsWriter(Records(sites={site["id"]: site})).location(site["id"])
    assert written["addresses"][0]["postal_code"] == ""
    assert not list(validator("location").iter_errors(written))


def test_organizations_and_locations_that_no_service_shows_are_exported_too():
    held = Records({maps.provider()["id"]: maps.provider()}, {}, {maps.site()["id"]: maps.site()})
    assert records(read(b"".join(write_hsds(held, "ndjson")), "ndjson")) == held


def test_an_empty_list_is_one_empty_page():
    numbers = {"total_items": 0, "total_pages": 1, "page_number": 1, "size": 0}
    flags = {"first_page": True, "last_page": True, "empty": True}
    assert page([], 0, 1, 50) == {**numbers, **flags, "contents": []}
    assert page([1] * 10, 20, 2, 10)["last_page"] is True
    assert page([], 20, 3, 10)["last_page"] is True


def test_the_codes_of_the_map_are_taxonomies_with_terms():
    for one in taxonomies():
        validator("taxonomy").validate(one)
        for term in terms(one["name"]):
            validator("taxonomy_term").validate(term)
            assert term["taxonomy_detail"] == one


def test_merge_patches_follow_the_examples_of_rfc_7386():
    assert merge_patch({"a": "b"}, {"a": "c"}) == {"a": "c"}
    assert merge_patch({"a": "b", "b": "c"}, {"a": None}) == {"b": "c"}
    assert merge_patch({"a": [{"b": "c"}]}, {"a": [1]}) == {"a": [1]}
    assert merge_patch(["a"], {"a": "c"}) == {"a": "c"}
    assert merge_patch({}, {"a": {"bb": {"ccc": None}}}) == {"a": {"bb": {}}}
    assert merge_patch({"a": "foo"}, "bar") == "bar"


def validator(name):
    """Our own merged schema, strict about formats."""
    made = {one: referencing.Resource.from_contents(schema(one)) for one in objects()}
    registry = referencing.Registry().with_resources((f"{one}.json", resource) for one, resource in made.items())
    check_formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema(name), registry=registry, format_checker=check_formats)


def test_our_own_exports_pass_our_own_schemas():
    service, site = maps.service(coverage={"areas": ["XA1"]}), maps.site(access=["wheelchair"])
    held = Records({maps.provider()["id"]: maps.provider()}, {service["id"]: service}, {site["id"]: site})
    written = HsdsWriter(held).service(service["id"])
    assert not list(validator("service").iter_errors(written))
    assert list(validator("service").iter_errors({**written, "needs": ["spaceflight"]}))


def test_the_profile_adds_members_and_changes_none_that_hsds_has():
    for name in ("organization", "service", "location"):
        assert not set(profile(name)["properties"]) & set(objects()[name]["fields"])
        assert set(profile(name)) == {"properties", "$defs"}
    assert profile("phone") == {}


@pytest.mark.parametrize("version", ["30", "31"])
def test_our_field_list_is_that_of_the_specification(version):
    folder = shared_data(f"{SPEC}/{version}/schema")
    for name, listed in objects().items():
        path = folder / f"{name}.json"
        if path.exists():
            theirs = json.loads(path.read_text())
            assert set(theirs["properties"]) <= set(listed["fields"]), name
            assert set(theirs.get("required", ())) <= set(listed["required"]), name


def test_exports_without_our_members_pass_the_specification_with_no_member_too_many():
    folder = shared_data(f"{SPEC}/31/schema")
    resources = []
    for path in folder.glob("*.json"):
        if path.name != "openapi.json":
            theirs = {**json.loads(path.read_text()), "additionalProperties": False}
            theirs["properties"] |= (
                {"services": {"items": {"$ref": "service.json"}}} if path.stem == "organization" else {}
            )
            resources.append((path.name, referencing.Resource(theirs, referencing.jsonschema.DRAFT202012)))
    registry = referencing.Registry().with_resources(resources)
    strict = jsonschema.Draft202012Validator(
        {"$ref": "service.json"}, registry=registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    example = json.loads(shared_data(f"{SPEC}/31/service_full.json").read_text())
    service = maps.service(
        eligibility={"bands": [{"age_from": 6, "age_to": 11}], "documents": ["passport"]},
        hours={"zone": "Africa/Nairobi", "week": [{"days": ["MO", "FR"], "opens": "08:30", "closes": "17:00"}]},
        capacity={"state": "capacity", "available": 3, "as_of": "2026-03-01"},
        coverage={"areas": ["XA1"]},
    )
    site = maps.site(access=["wheelchair"], addresses=[{"id": A, "address_1": "Hill Road"}])
    held = Records({maps.provider()["id"]: maps.provider()}, {service["id"]: service}, {site["id"]: site})
    for written in (again("service_full", example), HsdsWriter(held).service(service["id"])):
        assert [error.message for error in strict.iter_errors(plain(written))] == []
    assert list(
        strict.iter_errors(HsdsWriter(held).service(service["id"]))
    )  # with our members, the strict form refuses


def test_nothing_is_derived_of_a_record_that_is_plain_hsds():
    assert derived("service", {"id": A, "name": "S", "status": "active", "schedules": [], "minimum_age": 4}) == {}
