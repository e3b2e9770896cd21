"""HSDS as packages of tables: 3.x in and out, 2.0 and its neighbours in, with every row accounted for."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest

from hub.directory.formats import hsds_tabular
from hub.directory.formats.hsds import FORMS, formats, write_hsds
from hub.directory.formats.items import Origin
from hub.directory.records.record import check
from hub.errors import InvalidRequest, TooLarge
from tests.support.hsds import package, problems, read, records, rest
from tests.support.shared import shared_data

A, B, C, D = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3, 4))


def tables_in(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.csv")}


def cells(text):
    return sorted(
        (
            sorted((name, cell) for name, cell in row.items() if cell)
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ),
        key=str,
    )


@pytest.mark.parametrize("version", ["30", "31"])
def test_the_package_of_the_specification_comes_back_equal_in_every_cell(version):
    given = tables_in(shared_data(f"directory/hsds-spec-examples/{version}/csv"))
    items = read(package(given), "datapackage")
    written = b"".join(write_hsds(records(items), "datapackage", rest=rest(items)))
    with zipfile.ZipFile(io.BytesIO(written)) as file:
        found = {name: file.read(name).decode() for name in file.namelist() if name.endswith(".csv")}
    assert set(found) == set(given)
    for name, text in given.items():
        assert cells(found[name]) == cells(text), name


def test_the_keys_of_the_specifications_own_package_that_lead_nowhere_are_reported_by_row():
    items = read(package(tables_in(shared_data("directory/hsds-spec-examples/31/csv"))), "datapackage")
    found = problems(items)
    assert ("locations.csv row 2", "organization_id", "orphan") in found
    assert ("attributes.csv row 2", "link_id", "orphan") in found
    assert ("service_capacity.csv row 2", "service_id", "orphan") in found
    assert ("services.csv row 2", "contacts (contacts.csv row 2: organization_id)", "orphan") in found


def test_rows_hang_on_all_that_they_name_and_phones_on_contacts_too():
    items = read(
        package(
            {
                "organizations.csv": f"id,name,description\n{A},Org,What\n",
                "services.csv": f"id,organization_id,name,status\n{B},{A},Help,active\n",
                "contacts.csv": f"id,organization_id,service_id,name\n{C},{A},{B},Ann\n",
                "phones.csv": f"id,contact_id,number,extension\n{D},{C},+1 555 0100,12\n",
            }
        ),
        "datapackage",
    )
    ann = {"id": C, "name": "Ann", "phones": [{"id": D, "number": "+1 555 0100", "extension": 12}]}
    assert [item.document["contacts"] for item in items] == [[ann], [ann]]
    assert not problems(items)


def test_one_phone_of_two_services_becomes_two_rows_so_that_neither_loses_it():
    phone = {"id": D, "number": "+1 555 0100"}
    held = records(read([{"id": key, "name": "S", "status": "active", "phones": [phone]} for key in (A, B)]))
    again = records(read(b"".join(write_hsds(held, "datapackage")), "datapackage"))
    assert [one["phones"][0]["number"] for one in again.services.values()] == ["+1 555 0100"] * 2


def test_empty_cells_ragged_rows_odd_numbers_and_unknown_words_are_reported_by_row():
    items = read(
        package(
            {
                "organizations.csv": f"id,name,description\n{A},Org\n",
                "services.csv": f"id,organization_id,name,status,minimum_age\n{B},{A},,open,six\n",
                "colours.csv": "id,colour\n1,red\n",
            }
        ),
        "datapackage",
    )
    assert problems(items) == {
        ("organizations.csv row 2", "", "ragged"),
        ("organizations.csv row 2", "description", "missing"),
        ("services.csv row 2", "name", "missing"),
        ("services.csv row 2", "status", "unknown_code"),
        ("services.csv row 2", "minimum_age", "no_number"),
        ("colours.csv row 2", "", "unknown_table"),
    }
    assert [item.document["minimum_age"] for item in items if item.kind == "service"] == ["six"]


def test_a_service_at_a_location_whose_service_is_not_there_is_an_item_of_its_own():
    given = {
        "locations.csv": f"id,location_type\n{A},physical\n",
        "service_at_location.csv": f"id,service_id,location_id\n{B},{C},{A}\n",
    }
    items = read(package(given), "datapackage")
    assert [item.kind for item in items] == ["site", "service_at_location"]
    assert problems(items) == {("service_at_location.csv row 2", "service_id", "orphan")}


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 no zip", package({"readme.txt": "x"}), package({"colours.csv": "id\n1\n"})]
)
def test_what_is_no_package_of_tables_is_refused(data):
    with pytest.raises(InvalidRequest):
        read(data, "datapackage")


def test_tables_in_another_encoding_are_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("services.csv", b"id,name\n1,caf\xe9\n")
    with pytest.raises(InvalidRequest):
        read(made.getvalue(), "datapackage")


def test_a_package_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(hsds_tabular, "MOST_BYTES", 1000)
    with pytest.raises(TooLarge):
        read(package({"services.csv": "id\n" + "x" * 2000}), "datapackage")


def test_the_same_records_make_the_same_bytes_and_a_package_that_describes_itself():
    items = read(package({"organizations.csv": f"id,name,description\n{A},Org,What\n"}), "datapackage")
    once, twice = (b"".join(write_hsds(records(items), "datapackage")) for _ in range(2))
    assert once == twice
    with zipfile.ZipFile(io.BytesIO(once)) as file:
        described = json.loads(file.read("datapackage.json"))
    assert [row["path"] for row in described["resources"]] == ["organizations.csv"]
    assert described["resources"][0]["schema"]["primaryKey"] == "id"


ADDRESSES = "id,location_id,address_1,city,state_province,postal_code,country\na1,l1,{},X,Y,Z,XA\n"
WEEK = "id,service_id,weekday,opens_at,closes_at\nr1,s1,Monday,08:00,17:00\nr2,s1,2,08:00,13:00pm\n"


def test_hsds_2_0_is_read_as_what_3_x_calls_it():
    items = read(
        package(
            {
                "organizations.csv": "id,name,description,url\no1,Org,What,https://x.example\n",
                "services.csv": "id,organization_id,name,status\ns1,o1,Help,active\n",
                "locations.csv": "id,name\nl1,House\n",
                "services_at_location.csv": "id,service_id,location_id\nsl1,s1,l1\n",
                "eligibility.csv": "id,service_id,eligibility,minimum_age\ne1,s1,Mothers,18\ne2,s9,Nobody,\n",
                "physical_addresses.csv": ADDRESSES.format("Hill 1"),
                "postal_addresses.csv": ADDRESSES.format("Box 1"),
                "regular_schedules.csv": WEEK,
                "holiday_schedules.csv": "id,service_id,start_date,end_date,closed\nh1,s1,2026-12-24,2026-12-26,TRUE\n",
                "accessibility_for_disabilities.csv": "id,location_id,accessibility,details\nx1,l1,Ramp,At the back\n",
                "languages.csv": "id,service_id,language\nn1,s1,ar\n",
                "taxonomy.csv": "id,name,parent_id,vocabulary\nt1,Food,,own\n",
                "service_taxonomy.csv": "id,service_id,taxonomy_id\nst1,s1,t1\n",
                "payment_accepted.csv": "id,service_id,payment\np1,s1,Cash\n",
            }
        ),
        "tabular-2.0",
    )
    provider, site, service = (item.document for item in items[:3])
    assert provider["website"] == "https://x.example"
    assert site["location_type"] == "physical"
    assert sorted(row["address_type"] for row in site["addresses"]) == ["physical", "postal"]
    assert len({row["id"] for row in site["addresses"]}) == 2
    assert site["accessibility"][0]["description"] == "Ramp"
    assert service["eligibility_description"] == "Mothers"
    assert service["minimum_age"] == 18
    assert service["service_at_locations"][0]["location_id"] == site["id"]
    assert [(row.get("byday"), row.get("freq")) for row in service["schedules"]][:2] == [
        ("MO", "WEEKLY"),
        ("TU", "WEEKLY"),
    ]
    assert service["schedules"][2]["description"] == "closed"
    assert service["languages"][0]["name"] == "ar"
    assert service["payment_accepted"][0]["payment"] == "Cash"
    assert service["attributes"][0]["taxonomy_term"]["name"] == "Food"
    assert problems(items) == {
        ("services.csv row 2", "schedules.1.closes_at", "odd_time"),
        ("eligibility.csv row 3", "service_id", "orphan"),
    }
    assert all(not check(item.kind, item.document) for item in items[:3])


def test_the_ohana_sample_is_read_whole():
    items = read(package(tables_in(shared_data("directory/ohana-sample"))), "tabular-2.0", "ohana")
    kinds = [item.kind for item in items]
    assert (kinds.count("provider"), kinds.count("site"), kinds.count("service")) == (8, 22, 23)
    of_records = [item for item in items if item.kind in {"provider", "site", "service"}]
    assert all(not check(item.kind, item.document) for item in of_records)
    assert {code for _row, _field, code in problems(of_records)} == {"missing", "odd_day"}
    assert {item.document["organization_id"] for item in of_records if item.kind == "service"} <= {
        item.document["id"] for item in of_records if item.kind == "provider"
    }
    again = read(package(tables_in(shared_data("directory/ohana-sample"))), "tabular-2.0", "ohana")
    assert again == items


def test_every_form_is_in_the_list_of_formats_and_2_0_is_only_read():
    made = {one.name: one for one in formats()}
    assert len(made) == len(FORMS)
    assert made["hsds-2.0"].write is None
    assert list(made["hsds-ndjson"].read(b"", Origin("x"))) == []
