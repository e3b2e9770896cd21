"""Who does what where: presence that is claimed."""

from __future__ import annotations

from collections import Counter

import pytest

from hub.directory.formats.hxl import needs_of, read_hxl, sector_of, write_hxl
from hub.directory.formats.items import Origin, Records
from hub.directory.records.record import PROVIDER, SERVICE, check
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import InvalidRequest
from tests.support import maps
from tests.support.shared import shared_data

FIVE_W = """Who does what where,,,,,,
Organisation,Short,Kind,Sector,Province,District code,Reached
#org +name,#org+acronym,#org+type,#sector,#adm1+name,#adm2+code,#reached
Hill House,HH,International NGO,Child Protection,North,XA11,30
Hill House,HH,International NGO,Child Protection,North,XA11,12
Hill House,HH,International NGO,Education,North,XA12,
,,,Health,North,XA12,
Other,,,Astronomy,North,XA12,
Other,,Government,WASH,South,,
"""


def read(text=FIVE_W, **more):
    return list(read_hxl(text.encode(), Origin("5W", country="XA", **more)))


def test_a_row_is_a_provider_and_a_service_that_is_claimed():
    provider, service, *_rest = read()
    assert provider.document == {
        "id": provider.document["id"],
        "name": "Hill House",
        "description": "",
        "acronym": "HH",
        "kind": "ngo",
        "tier": "international",
    }
    assert service.document["claimed"] is True
    assert service.document["coverage"] == {"areas": ["XA11"], "extent": "area"}
    assert service.document["needs"] == ["child_protection", "case_management"]
    assert [check(item.kind, item.document) for item in (provider, service)] == [[], []]


def test_rows_without_sector_or_organisation_and_repeated_ones_are_reported():
    found = {item.row: [one.code for one in item.problems] for item in read() if item.problems}
    assert found == {"row 5": ["repeated"], "row 7": ["no_organisation"], "row 8": ["no_sector"], "row 9": ["no_area"]}


def test_a_row_without_a_code_of_an_area_stands_for_the_country():
    last = read()[-1]
    assert last.document["coverage"] == {"areas": ["XA"], "extent": "country"}


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("PROTECTION_OP", "protection"),
        ("Operational Presence: Food Security & Agriculture", "food_security"),
        ("ESNFI_OP", "shelter"),
        ("EiE_OP", "education"),
        ("Abris d'urgence et NFI", "shelter"),
        ("Sécurité alimentaire", "food_security"),
        ("Gender Based Violence", "gbv"),
        ("PRO-CPN", "child_protection"),
        ("Child Protection", "child_protection"),
        ("Water Sanitation Hygiene", "wash"),
        ("Santé", "health"),
        ("catalogue", None),
        ("", None),
    ],
)
def test_sectors_are_known_by_their_usual_names(text, sector):
    assert sector_of(text) == sector


@pytest.mark.parametrize("sector", codes("sectors"))
def test_needs_of_a_sector_are_codes(sector):
    assert set(needs_of(sector)) <= set(NEEDS)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "#org\nx\n", "#adm1+code,#sector\nx,y\n", "\x00"])
def test_a_table_without_its_hashtags_is_refused(text):
    with pytest.raises(InvalidRequest):
        read(text)


def test_what_is_written_is_read_as_the_same_presence():
    items = read()
    kept = {item.document["id"]: item.document for item in items if item.document}
    records = Records(
        {key: value for key, value in kept.items() if "organization_id" not in value},
        {key: value for key, value in kept.items() if "organization_id" in value},
        path=lambda code: [("XA", "Arland"), ("XA1", "North"), (code, code)][: 3 if len(code) > 2 else 1],
    )
    text = b"".join(write_hxl(records)).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("#country+code,#adm1+name,#adm1+code")
    again = [item.document["id"] for item in read(text) if item.document]
    assert sorted(again) == sorted(kept)


def test_a_name_like_a_formula_is_text_in_the_table():
    provider = maps.provider("=cmd()")
    service = maps.service(by=provider, at=(), coverage={"areas": ["XA1"], "extent": "area"})
    text = b"".join(write_hxl(Records({provider["id"]: provider}, {service["id"]: service}))).decode()
    assert "'=cmd()" in text
    assert ",=cmd()" not in text


def test_the_afghan_table_has_10902_rows_and_285_organisations():
    data = shared_data("directory/hdx-3w/afg_3w_2024-01_03.csv").read_bytes()
    items = list(read_hxl(data, Origin("AFG 3W", country="AF")))
    by_kind = Counter(item.kind for item in items)
    assert by_kind == {PROVIDER: 285, SERVICE: 10_902}
    assert Counter(one.code for item in items for one in item.problems) == {"repeated": 619}
    assert [item.row for item in items if item.document and check(item.kind, item.document)] == []
    assert all(item.document["claimed"] for item in items if item.kind == SERVICE and item.document)
