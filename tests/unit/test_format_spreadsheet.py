"""The spreadsheet that goes to a provider and comes back."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pytest

from hub.directory.formats import cells
from hub.directory.formats.columns import COLUMNS
from hub.directory.formats.items import Origin, Records, merged
from hub.directory.formats.spreadsheet import (
    MAX_ROWS,
    defused,
    put,
    read_csv,
    read_xlsx,
    shown,
    write_csv,
    write_xlsx,
)
from hub.directory.records.record import PROVIDER, SERVICE, check
from hub.errors import HubError, InvalidRequest, TooLarge
from tests.support import maps
from tests.support.files import workbook

FULL = maps.service(
    description="Two lines\nand = signs",
    specialisms=["uasc"],
    coverage={"areas": ["XA1", "XA2"], "extent": "area"},
    phones=[{"id": "p1", "number": "+962 6 123", "type": "voice"}, {"id": "p2", "extension": 4, "number": "77"}],
    languages=[{"id": "l1", "code": "ar", "name": "Arabic"}],
    hours={
        "zone": "Asia/Amman",
        "week": [
            {"days": ["SU", "MO", "TU", "WE", "TH"], "opens": "08:30", "closes": "12:00"},
            {"days": ["SU", "MO", "TU", "WE", "TH"], "opens": "13:00", "closes": "17:00"},
            {"days": ["FR"], "opens": "09:00", "closes": "10:00", "nth": [1, -1]},
        ],
        "exceptions": [
            {"from": "2026-02-18", "to": "2026-03-19", "week": [{"days": ["SU"], "opens": "09:00", "closes": "13:00"}]},
            {"from": "2026-05-25", "to": "2026-05-25", "closed": True, "note": "Independence"},
        ],
    },
    capacity={"state": "waitlist", "available": 0, "waiting": 12, "as_of": "2026-03-01"},
    pathway={"methods": ["email"], "intake": ["walk_in"], "steps": ["Call", "Come"], "consent_needed": True},
    focal_point={"title": "Focal point", "phone": "+962 79", "deputy": {"phone": "+962 78"}},
    eligibility={
        "bands": [
            {"age_from": 3, "age_to": 12, "sexes": ["female"], "situations": "any"},
            {"age_from": 0.5, "age_to": 2, "sexes": "any"},
            {"age_from": 18},
        ],
        "documents": "any",
        "nationalities": ["SY", "JO"],
        "exclusions": [{"attribute": "sex", "values": ["male"], "legal_reason": "Safe space"}],
    },
    free=True,
    ends="2026-12-31",
    visibility={"phones": "partners"},
    unknown_member={"kept": [1, 2]},
)
RECORDS = Records(
    {maps.provider()["id"]: maps.provider()}, {FULL["id"]: FULL}, {maps.site()["id"]: maps.site(access=["wheelchair"])}
)
KNOWN = {**RECORDS.providers, **RECORDS.services, **RECORDS.sites}


def origin(known=KNOWN):
    return Origin("sheet", day="2026-03-02", current=known.get)


def written(write=write_xlsx, records=RECORDS):
    return b"".join(write(records))


def table(*rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def only(data, read=read_xlsx, **known):
    items = list(read(data, origin(**known)))
    assert len(items) == 1, items
    return items[0]


@pytest.mark.parametrize(("write", "read"), [(write_xlsx, read_xlsx), (write_csv, read_csv)])
def test_a_spreadsheet_that_comes_back_as_it_went_changes_nothing(write, read):
    items = list(read(written(write), origin()))
    assert len(items) == 3
    assert all(item.patch and list(item.document) == ["id"] and not item.problems for item in items), items


@pytest.mark.parametrize(("write", "read"), [(write_xlsx, read_xlsx), (write_csv, read_csv)])
def test_every_value_that_has_a_cell_can_be_typed_in_anew(write, read):
    data = written(write)
    for item in read(data, Origin("sheet", current=lambda _id: {"id": "x"})):
        new = merged(
            {"id": item.document["id"], **({"status": "active"} if item.kind == SERVICE else {})}, item.document
        )
        was = KNOWN[item.document["id"]]
        for column in COLUMNS[item.kind]:
            assert shown(column, new) == shown(column, was), column.name
        assert check(item.kind, {**was, **new}) == []


def test_a_blank_cell_changes_nothing_and_the_word_takes_away():
    rows = [["id", "description", "ends", "capacity.waiting"], [FULL["id"], "", "DELETE", "BORRAR"]]
    item = only(workbook(services=rows))
    assert item.document == {"id": FULL["id"], "ends": None, "capacity": {"waiting": None}}
    after = merged(FULL, item.document)
    assert "ends" not in after
    assert after["description"] == FULL["description"]
    assert after["capacity"] == {"state": "waitlist", "available": 0, "as_of": "2026-03-01"}


@pytest.mark.parametrize("word", ["delete", "Delete this", "حذف الآن"])
def test_only_the_word_itself_takes_away(word):
    item = only(workbook(services=[["id", "alert"], [FULL["id"], word]]))
    assert item.document["alert"] == word


def test_a_number_that_stays_keeps_what_no_cell_shows():
    item = only(workbook(services=[["id", "phones"], [FULL["id"], "+962 6 123; +962 7 999"]]))
    first, second = item.document["phones"]
    assert first == FULL["phones"][0]
    assert second["number"] == "+962 7 999"
    assert len(second["id"]) == 36


def test_a_bad_cell_is_named_by_row_and_column_and_the_others_go_on():
    rows = [
        ["id", "needs", "ends", "hours"],
        [FULL["id"], "magic", "31/12/2026", "MO-FR 8-5"],
        [maps.some_id("nobody"), "health", "", ""],
        ["not an id", "health", "", ""],
    ]
    rows.append([FULL["id"].upper(), "health", "", ""])
    items = list(read_xlsx(workbook(services=rows), origin()))
    found = [(item.row, [(one.field, one.code) for one in item.problems]) for item in items]
    assert found == [
        ("services row 2", [("needs", "unknown_code"), ("hours", "no_hours"), ("ends", "no_day")]),
        ("services row 3", [("id", "no_record")]),
        ("services row 4", [("id", "no_id")]),
        ("services row 5", [("id", "no_id")]),
    ]
    assert all(item.document is None for item in items)


def test_a_formula_is_refused_in_its_cell_and_read_nowhere():
    book = workbook(services=[["id", "description", "alert"], [FULL["id"], "=1+1", "fine"]])
    item = only(book)
    assert [(one.field, one.code) for one in item.problems] == [("description", "formula")]
    text = table(["id", "description", "needs"], [FULL["id"], "=HYPERLINK(1)", ""])
    assert [one.code for one in only(text, read_csv).problems] == ["formula"]


@pytest.mark.parametrize("text", ["=1+1", "+962 6", "-5", "@SUM(A1)", "'quoted", "\t=1"])
def test_text_like_a_formula_leaves_as_text_and_comes_back_the_same(text):
    provider = maps.provider(description=text)
    records = Records({provider["id"]: provider})
    data = written(write_csv, records)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        cell = list(csv.reader(io.StringIO(archive.read("providers.csv").decode("utf-8-sig"))))[2][2]
    assert not cell.startswith(("=", "+", "-", "@", "\t"))
    known = {provider["id"]: provider}
    assert only(data, read_csv, known=known).document == {"id": provider["id"]}
    book = openpyxl.load_workbook(io.BytesIO(written(write_xlsx, records)))
    assert book["providers"]["C3"].data_type == "s"
    assert only(written(write_xlsx, records), known=known).document == {"id": provider["id"]}


def test_new_rows_may_name_one_another_before_they_have_ids():
    data = workbook(
        services=[
            ["id", "organization_id", "name", "needs", "sites"],
            ["", "New House", "Lessons", "education", "The yard"],
        ],
        providers=[["id", "name", "kind"], ["", "New House", "cbo"]],
        sites=[["id", "name", "area"], ["", "The yard", "XA1"]],
    )
    items = list(read_xlsx(data, origin()))
    provider, site, service = (item.document for item in items)
    assert service["organization_id"] == provider["id"]
    assert service["service_at_locations"][0]["location_id"] == site["id"]
    assert [check(item.kind, item.document) for item in items] == [[], [], []]
    again = [item.document["id"] for item in read_xlsx(data, origin())]
    assert again == [item.document["id"] for item in items]


def test_the_same_record_twice_is_said_once():
    rows = [["id", "alert"], [FULL["id"], "a"], [FULL["id"], "b"]]
    first, second = read_xlsx(workbook(services=rows), origin())
    assert first.document["alert"] == "a"
    assert [one.code for one in second.problems] == ["repeated"]


def test_an_unknown_column_is_reported_and_the_rest_is_read():
    items = list(read_xlsx(workbook(services=[["id", "alert", "colour"], [FULL["id"], "a", "red"]]), origin()))
    assert [one.code for one in items[0].problems] == ["unknown_column"]
    assert items[1].document["alert"] == "a"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_one_table_may_have_any_delimiter_and_says_by_its_headings_what_it_is(delimiter):
    text = f"id{delimiter}acronym{delimiter}kind\r\n{maps.provider()['id']}{delimiter}HC{delimiter}ngo\r\n".encode()
    item = only(text, read_csv)
    assert (item.kind, item.document) == (PROVIDER, {"id": maps.provider()["id"], "acronym": "HC"})


BOMBS = {
    "no zip": b"PK\x03\x04" + bytes(100),
    "nothing": b"PK\x05\x06" + bytes(18),
    "text": b"id\nx",
    "binary": bytes(range(256)) * 10,
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_bytes_that_are_no_workbook_are_refused_in_words(data):
    with pytest.raises(InvalidRequest):
        list(read_xlsx(data, origin()))


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_read():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(70 * 1024 * 1024))
    for read in (read_xlsx, read_csv):
        with pytest.raises(TooLarge):
            list(read(target.getvalue(), origin()))


def test_entities_of_xml_are_not_expanded():
    book = workbook(services=[["id", "alert"], [FULL["id"], "a"]])
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst>&b;</sst>'
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, bomb if name.endswith(("sharedStrings.xml", "sheet1.xml")) else old.read(name))
    with pytest.raises(HubError):
        list(read_xlsx(target.getvalue(), origin()))


def test_a_table_of_endless_rows_is_refused():
    with pytest.raises(TooLarge):
        list(read_csv(b"id,name\n" * (MAX_ROWS + 1), origin()))


@pytest.mark.parametrize(
    "text",
    [
        "MO-FR 08:30-12:00,13:00-17:00",
        "SA-MO 09:00-12:00",
        "1MO,1FR 09:00-24:00; -1WE 09:00-10:00",
        "MO,WE 22:00-02:00; SA 08:00-09:00",
    ],
)
def test_a_week_is_read_and_written(text):
    week = cells.read_week(text)
    assert cells.write_week(week) == text
    assert cells.read_week(cells.write_week(week)) == week
    assert check(SERVICE, maps.service(hours={"zone": "UTC", "week": week})) == []


@pytest.mark.parametrize(
    "text", ["MO 8:00pm-13:00pm", "MO 13:00pm-17:00", "XX 08:00-09:00", "MO", "24 hours", "9MO 1:00-2:00"]
)
def test_a_week_that_is_not_certain_is_refused(text):
    with pytest.raises(cells.BadCell):
        cells.read_week(text)


@pytest.mark.parametrize("text", ["3-12 female", "0.5-2", "18-", "-5 any-sex", "- unaccompanied,separated"])
def test_ages_are_read_and_written(text):
    bands = cells.BANDS.read(text, None)
    assert cells.BANDS.write(bands) == text


@pytest.mark.parametrize("text", ["3 to 12", "children", "3-12 boys", "nan-3", "--"])
def test_ages_that_say_nothing_certain_are_refused(text):
    with pytest.raises(cells.BadCell):
        cells.BANDS.read(text, None)


@pytest.mark.parametrize("text", ["inf", "NaN", "1e999", "two", "0x10"])
def test_numbers_are_numbers(text):
    with pytest.raises(cells.BadCell):
        cells.NUMBER.read(text, None)


def test_members_that_a_cell_does_not_know_stay_under_it():
    change = {}
    put(change, ("hours",), cells.HOURS.read("24/7", None))
    put(change, ("hours", "zone"), "Africa/Nairobi")
    assert merged(FULL, change)["hours"] == {
        "zone": "Africa/Nairobi",
        "always": True,
        "exceptions": FULL["hours"]["exceptions"],
    }


def test_a_harmless_text_is_not_touched():
    assert defused("plain - text") == "plain - text"
