"""The layers of the gap table, unmet need that tells no small number, and the map that says it in words."""

from __future__ import annotations

import html
import json
import re
from importlib import resources
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.directory.gaps import counting
from hub.directory.gaps.counting import GROUPS, LAYERS, Offer
from hub.directory.gaps.draw import Drawn, draw
from hub.directory.gaps.table import as_csv
from hub.directory.gaps.unmet import Unmet, check, suppress
from hub.directory.records.vocabulary import SUPPRESS_BELOW
from hub.errors import InvalidRequest
from tests.support.areas import square

TODAY = "2026-03-02"
PATHS = {"XA": ["XA"], "XA1": ["XA", "XA1"], "XA2": ["XA", "XA2"], "XA11": ["XA", "XA1", "XA11"]}
EVERYBODY = (1 << (len(GROUPS) - 1)) - 1


def offer(here=(), covers=(), shown="2026-09-01", usable="2026-03-10", groups=EVERYBODY, claimed=False):
    return Offer(groups, shown, usable, claimed, ("social/individual",), False, set(here), set(covers))


def layers(offers, area, group="all"):
    return counting.layers(counting.rows(offers, PATHS, TODAY).get(area), group)


def test_a_site_counts_in_its_area_and_above_and_covers_nothing():
    found = [offer(here=["XA", "XA1", "XA11"])]
    for area in ("XA", "XA1", "XA11"):
        assert layers(found, area) == {"here": 1, "covers": 0, "open": 1, "usable": 1, "claimed": 0}
    assert set(layers(found, "XA2").values()) == {0}


def test_a_countrywide_service_raises_covers_alone():
    rows = counting.rows([offer(covers=["XA"]), offer(here=["XA", "XA2"])], PATHS, TODAY)
    assert counting.layers(rows["XA2"], "all")["here"] == 1
    below = counting.below(rows["XA"])
    assert counting.layers(below, "all") == {"here": 0, "covers": 1, "open": 1, "usable": 1, "claimed": 0}


def test_a_service_with_a_site_that_also_covers_the_country_is_usable_once():
    assert layers([offer(here=["XA", "XA1"], covers=["XA"])], "XA1")["usable"] == 1


@pytest.mark.parametrize(
    ("shown", "usable", "expected"),
    [
        ("2026-03-02", "2026-03-02", (1, 1)),
        ("2026-03-01", "2026-03-01", (0, 0)),
        ("2026-09-01", "2026-03-01", (1, 0)),
        ("2026-09-01", "", (1, 0)),
        ("", "", (0, 0)),
    ],
)
def test_open_and_usable_end_with_their_days(shown, usable, expected):
    found = layers([offer(here=["XA1"], shown=shown, usable=usable)], "XA1")
    assert (found["open"], found["usable"]) == expected
    assert found["here"] == 1


def test_a_claim_counts_nowhere_else():
    assert layers([offer(here=["XA1"], claimed=True)], "XA1") == {**dict.fromkeys(LAYERS, 0), "claimed": 1}


def test_a_group_counts_the_services_that_say_they_are_for_it():
    girls = 1 << GROUPS.index("female") - 1 | 1 << GROUPS.index("12-14") - 1
    found = [offer(here=["XA1"], groups=girls), offer(here=["XA1"], groups=0)]
    assert layers(found, "XA1")["here"] == 2
    assert {group for group in GROUPS if layers(found, "XA1", group)["here"]} == {"all", "12-14", "female"}


def test_the_counts_hold_until_the_first_of_them_ends():
    assert counting.until([offer(), offer(usable="2026-03-05"), offer(usable="2026-01-01")], TODAY) == "2026-03-05"
    assert counting.until([offer(shown="", usable="")], TODAY) == ""


_CODES = st.sets(st.sampled_from(sorted(PATHS)))
_DAYS = st.sampled_from(["", "2026-03-01", "2026-03-02", "2026-09-01"])
_OFFERS = st.lists(
    st.builds(
        offer,
        here=_CODES,
        covers=_CODES,
        shown=_DAYS,
        usable=_DAYS,
        groups=st.integers(0, EVERYBODY),
        claimed=st.booleans(),
    )
)


@given(_OFFERS, st.sampled_from(GROUPS))
def test_the_layers_equal_a_count_by_hand(offers, group):
    bit = (1 << GROUPS.index(group)) >> 1
    rows = counting.rows(offers, PATHS, TODAY)
    for area, path in PATHS.items():
        row = next(
            (rows[code] if code == area else counting.below(rows[code]) for code in reversed(path) if code in rows),
            None,
        )
        real = [one for one in offers if not one.claimed and (not bit or one.groups & bit)]
        over = [one for one in real if one.covers & set(path)]
        here = [one for one in real if area in one.here]
        both = {id(one): one for one in over + here}.values()
        found = counting.layers(row, group)
        assert (found["here"], found["covers"]) == (len(here), len(over))
        assert found["open"] == sum(one.shown_until >= TODAY for one in both)
        assert found["usable"] == sum(one.usable_until >= TODAY for one in both)


def cell(**counts):
    return [Unmet("XA1", "health", group.replace("_", "-"), count) for group, count in counts.items()]


def told(rows):
    return {row.group: row.count for row in rows}


def test_small_numbers_do_not_leave():
    assert told(suppress(cell(all=9, female=0))) == {"all": None, "female": 0}
    assert told(suppress(cell(all=10))) == {"all": 10}


def test_a_part_that_the_total_would_tell_is_hidden_with_another():
    assert told(suppress(cell(all=40, female=36, male=4))) == {"all": 40, "female": None, "male": None}
    assert told(suppress(cell(all=11, female=5, male=6))) == {"all": 11, "female": None, "male": None}
    assert told(suppress(cell(all=12, female=3))) == {"all": None, "female": None}


@pytest.mark.parametrize(
    "rows",
    [
        cell(all=9),
        cell(all=40, female=36, male=None),
        [*cell(all=20), Unmet("XA", "health", "all", 20)],
        [*cell(all=20), *cell(all=30)],
        [Unmet("", "health", "all", 20)],
        [Unmet("XA1", "toys", "all", 20)],
        [Unmet("XA1", "health", "boys called Ali", 20)],
    ],
)
def test_a_hub_refuses_what_a_client_should_have_hidden(rows):
    with pytest.raises(InvalidRequest):
        check(rows, PATHS)


_PARTS = {"0-5", "6-11", "12-14", "15-17", "18+"}
_COUNTS = st.dictionaries(st.sampled_from(GROUPS), st.integers(0, 60), min_size=1)


@given(_COUNTS)
def test_what_a_client_hid_is_taken_and_tells_no_small_number(counts):
    if "all" in counts:
        counts["all"] = max(
            counts["all"], *(sum(counts.get(g, 0) for g in some) for some in (_PARTS, {"female", "male"}))
        )
    sent = suppress([Unmet("XA1", "health", group, count) for group, count in counts.items()])
    check(sent, PATHS)
    shown = told(sent)
    assert all(count is None or count == 0 or count >= SUPPRESS_BELOW for count in shown.values())
    for some in (_PARTS, {"female", "male"}):
        hidden = [group for group in some if group in shown and shown[group] is None]
        if hidden and shown.get("all") is not None:
            left = shown["all"] - sum(shown.get(group) or 0 for group in some)
            assert len(hidden) > 1
            assert left >= SUPPRESS_BELOW


def drawn(name="North", geometry=True, **layer):
    counts = {**dict.fromkeys(LAYERS, 0), "unmet": None, "hidden": 0, **layer}
    return Drawn(name, counts, square(30, 0) if geometry else None)


@pytest.mark.parametrize(
    ("layer", "kind"),
    [({}, "none"), ({"covers": 1}, "far"), ({"here": 1, "covers": 2}, "doubt"), ({"covers": 1, "usable": 1}, "usable")],
)
def test_an_area_is_of_one_of_four_kinds_each_with_words(layer, kind):
    assert drawn(**layer).kind == kind
    assert kind in {"none", "far", "doubt", "usable"}


def test_a_map_says_everything_in_words_and_loads_nothing():
    text = draw("Arland: health", "en", [drawn(here=2), drawn("South & <b>", geometry=False, hidden=1)])
    tree = ET.fromstring(text)
    names = {"s": "http://www.w3.org/2000/svg"}
    assert tree.attrib["role"] == "img"
    assert tree.find("s:title", names).text == "Arland: health"
    assert "1 of 2 areas" in tree.find("s:desc", names).text
    assert "South & <b> (no outline)" in [one.text for one in tree.findall("s:text", names)]
    assert "unmet: a few" in text
    assert len(tree.findall("s:path", names)) == 1
    assert (
        re.findall(
            r"(?:href|src|url)\W*\(?['\"]?(?:https?:)?//", text.replace('xmlns="http://www.w3.org/2000/svg"', "")
        )
        == []
    )
    assert "script" not in text
    for colour in re.findall(r"#[0-9a-f]{6}", text):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert blue >= red
        assert blue >= green


def test_a_name_that_is_markup_stays_a_name():
    text = draw('"/><script>', "en", [drawn("</title><script>alert(1)</script>")])
    assert "<script" not in text
    ET.fromstring(text)


def test_the_list_stands_on_the_right_where_names_run_from_the_right():
    anchors = list(re.findall(r'text-anchor="(\w+)"', draw("أرلاند", "ar", [drawn("الشمال")])))
    assert set(anchors) == {"end"}


def test_a_country_on_both_sides_of_the_date_line_is_drawn_in_one_piece():
    east, west = (Drawn("E", drawn().cell, square(x, -17)) for x in (178.5, -179.5))
    text = draw("Islands", "en", [east, west])
    across = [float(x) for x in re.findall(r"[ML](\d+\.\d) ", text)]
    assert max(across) - min(across) == pytest.approx(608, abs=1)
    assert float(re.search(r'class="key" x="([\d.]+)"', text)[1]) < 320


def test_a_map_without_any_outline_is_a_list():
    ET.fromstring(draw("Arland", "en", [drawn(geometry=False)]))
    ET.fromstring(draw("Arland", "en", []))


def test_no_cell_of_the_csv_is_a_formula():
    counts = {**dict.fromkeys(LAYERS, 0), "returnees_only": 0, "unmet": None, "hidden": 0}
    row = {"code": "XA1", "names": {"en": "=cmd|' /C calc'!A0"}, "cells": {"health": counts}}
    text = as_csv({"areas": [row], "group": "all", "month": None}, "en")
    assert text.splitlines()[1].startswith("XA1,'=cmd")


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_the_map_speaks_each_language_alone_and_completely(language):
    known = json.loads(resources.files("hub.directory.gaps").joinpath("words.json").read_text(encoding="utf-8"))
    assert known[language].keys() == known["en"].keys()
    text = draw("x", language, [drawn("A", usable=1), drawn("B", geometry=False, hidden=1), drawn("C", here=1)])
    assert all(known[language][kind] in html.unescape(text) for kind in ("none", "far", "doubt", "usable", "borders"))
    other = known["fr" if language == "en" else "en"]
    assert not any(other[kind] in html.unescape(text) for kind in ("none", "far", "doubt", "usable", "few", "borders"))
