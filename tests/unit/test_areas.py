"""The tree of administrative areas, files of them as others publish them, and where a point lies."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.directory.areas import codab, make_data, outlines
from hub.directory.areas.domain import Area, fold
from hub.errors import InvalidRequest, TooLarge
from tests.support.areas import HEAD, collection, lebanon, packed, square
from tests.support.shared import shared_data


def test_a_parent_is_told_by_a_column_and_never_by_how_a_code_begins():
    found = codab.read(f"{HEAD}LBN,2,LBN21,Baalbek,LBN1,2020-01-01\n".encode())
    assert (found.areas[0].parent, found.areas[0].level, found.areas[0].valid_from) == ("LBN1", 2, "2020-01-01")


def test_a_name_is_compared_without_case_and_marks():
    assert fold("  Ma'an ") == fold("MA'AN")
    assert fold("إربد") == fold("اربد")


def test_an_area_is_called_in_the_language_that_is_asked_for_else_in_another():
    area = Area("JO-IR", "iso", 1, "JO", "JO/JO-IR", "JO", {"ar": "إربد", "en": "Irbid"})
    assert (area.name("ar"), area.name("fr"), Area("X", "own", 0, None, "X", "XX").name("en")) == ("إربد", "Irbid", "X")


def test_each_row_becomes_an_area_or_a_problem():
    data = f"{HEAD}AFG,1,AF01,Kabul,AF,\nAFG,1,,Nameless,AF,\nAFG,1,AF01,Kabul again,AF,\nAFG,,AF02,No level,AF,\n"
    found = codab.read(data.encode())
    assert [area.code for area in found.areas] == ["AF01"]
    assert [problem["row"] for problem in found.problems] == [2, 3, 4]


def test_a_file_of_several_countries_needs_a_choice():
    data = f"{HEAD}AFG,1,AF01,Kabul,AF,\nLBN,1,LB1,Beirut,LB,\n".encode()
    with pytest.raises(InvalidRequest, match="several countries"):
        codab.read(data)
    found = codab.read(data, location="LBN")
    assert ([area.code for area in found.areas], found.elsewhere) == (["LB1"], 1)


def test_names_in_several_languages_are_read_by_their_columns():
    row = {"ADM1_EN": "Irbid", "ADM1_AR": "إربد", "ADM1_PCODE": "JO021", "ADM0_PCODE": "JO", "ADM0_EN": "Jordan"}
    (area,) = codab.read(collection((row, square(35, 32)))).areas
    assert (area.code, area.parent, area.level) == ("JO021", "JO", 1)
    assert area.names == {"en": "Irbid", "ar": "إربد"}


def test_outlines_that_are_not_in_degrees_are_refused():
    found = codab.read(collection(({"code": "A1"}, square(700_000, 3_500_000))), level=1)
    assert found.areas == []
    assert "degrees" in found.problems[0]["problem"]


def test_a_projected_shapefile_is_refused():
    data = packed(("a.shp", b"x"), ("a.dbf", b"x"), ("a.prj", b'PROJCS["UTM 36N"]'))
    with pytest.raises(InvalidRequest, match="projected"):
        codab.read(data, level=1)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 not a zip",
        b"{",
        b'{"type": "FeatureCollection"}',
        b'{"features": [1]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"features": ' + b"[" * 100_000,
        packed(("a.txt", b"x")),
        packed(("a.shp", b"junk"), ("a.dbf", b"junk")),
        packed(("../../a.shp", b""), ("../../a.dbf", b"")),
    ],
    ids=range(10),
)
def test_what_is_no_file_of_areas_is_refused_and_never_an_error_of_ours(data):
    with contextlib.suppress(InvalidRequest):
        assert codab.read(data, level=1).areas == []


@given(st.binary(max_size=300))
def test_any_bytes_are_areas_problems_or_refused(data):
    with contextlib.suppress(InvalidRequest):
        codab.read(data, level=1)


def test_a_zip_that_unpacks_to_far_more_is_not_unpacked():
    data = packed(("a.shp", bytes(170 * 1024 * 1024)), ("a.dbf", b"x"))
    assert len(data) < 1024 * 1024
    with pytest.raises(TooLarge):
        codab.read(data, level=1)


def test_a_file_that_is_too_large_is_not_read():
    with pytest.raises(TooLarge):
        codab.read(bytes(codab.MOST_BYTES + 1))


def test_the_provinces_of_lebanon_are_read_with_their_outlines_and_accents():
    first, second = codab.read(lebanon(1), level=1), codab.read(lebanon(2), level=2, columns={"parent": "MOH_NA"})
    assert (len(first.areas), len(second.areas)) == (6, 26)
    assert not first.problems
    assert {"Békaa", "Nord"} <= {area.parent for area in second.areas}
    assert all(area.geometry for area in [*first.areas, *second.areas])


def test_every_country_that_comes_with_the_hub_has_names_a_place_and_provinces():
    for code in outlines.shipped():
        (top, _), *provinces = outlines.country(code)
        assert top.code == top.path == code
        assert top.names["en"]
        assert all(area.path == f"{code}/{area.code}" and area.names["en"] for area, _ in provinces)
    jordan = {area.code: area for area, _ in outlines.country("JO")}
    assert len(jordan) == 13
    assert jordan["JO"].names["ar"] == "الأردن"
    assert {area.code for area, _ in outlines.country("UA")} >= {"UA-43", "UA-40"}


def test_what_comes_with_the_hub_is_small():
    with outlines.resources.files("hub.directory.areas").joinpath("data/outlines.zip").open("rb") as stream:
        assert len(stream.read()) < 1_200_000


def test_an_outline_survives_being_written_in_distances():
    geometry = outlines.shape(square(-179.5, -1.25, 0.375))
    decoded = outlines.decode(outlines.encode(geometry))
    assert outlines.shape(decoded).equals(geometry)


def finder(*rows):
    drawn = {code: geometry for code, _, geometry in rows}
    known = [(code, level) for code, level, _ in rows]
    return outlines.Finder(lambda _lat, _lon: known, lambda codes: {code: json.dumps(drawn[code]) for code in codes})


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (0.0, 0.0, "MID"),
        (-0.5, -0.5, "MID"),
        (0.5, 0.5, "IN"),
        (0.0, 180.0, "DATE"),
        (0.0, -180.0, "DATE"),
        (5, 5, None),
    ],
)
def test_a_point_is_found_at_latitude_0_and_longitude_180_too(lat, lon, expected):
    found = finder(("MID", 1, square(-1, -1, 2)), ("IN", 2, square(0.4, 0.4, 0.2)), ("DATE", 1, square(179.0, -1, 1.0)))
    assert found.at(lat, lon) == expected


def test_a_point_just_off_the_shore_belongs_to_the_shore():
    found = finder(("LAND", 1, square(0, 0)), ("FAR", 1, square(3, 3)))
    assert (found.at(-0.04, 0.5), found.at(-0.06, 0.5)) == ("LAND", None)


def test_the_p_codes_of_a_real_3w_are_read():
    path = shared_data("directory/hdx-3w/afg_3w_2024-01_03.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))[1:]
    districts = {(row["DIST_CODE"], row["DISTRICT"], row["PROV_CODE"]) for row in rows}
    text = HEAD + "".join(f'AFG,2,{code},"{name}",{parent},\n' for code, name, parent in sorted(districts))
    found = codab.read(text.encode())
    assert (len(found.areas), found.problems) == (401, [])


def province(code, country, name, west):
    names = {"name": name, "name_en": name, "name_ar": "", "iso_3166_2": code, "iso_a2": "-1", "adm0_a3": country}
    return names, square(west, 0)


def test_what_comes_with_the_hub_is_made_the_same_again_and_iso_decides_on_countries(tmp_path):
    source, made = tmp_path / "provinces.geojson", [tmp_path / name for name in ("one.zip", "two.zip")]
    source.write_bytes(
        collection(
            province("UA-43", "RUS", "Crimea", 33),
            province("UA-05", "UKR", "Vinnytsia", 28),
            province("UA-05", "UKR", "Vinnytsia", 30),
            province("MG-F", "MDG", "Ihorombe", 45),
            province("MG-F", "MDG", "Amoron'i Mania", 46),
            province("-99-X11~", "SOL", "Somaliland", 44),
            province("-99-X02~", "CLP", "Clipperton Island", -109),
        )
    )
    for target in made:
        make_data.main(str(source), target, lambda country: {"en": country})
    assert made[0].read_bytes() == made[1].read_bytes()
    with zipfile.ZipFile(made[0]) as archive:
        told = {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist()}
    assert {country: [row["code"] for row in told[country]["areas"]] for country in ("MG", "SO", "UA")} == {
        "MG": ["MG-F~1", "MG-F~2"],
        "SO": ["SO-SOL~"],
        "UA": ["UA-05", "UA-43"],
    }
    assert set(told) == {"MG", "SO", "UA", "boxes"}
    assert told["MG"]["areas"][0]["scheme"] == "own"
